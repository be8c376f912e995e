package peer

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"carrier/shared/pptp"
)

func udpPair(t *testing.T, from, to string) (a, b socket) {
	t.Helper()
	var both [2]socket
	for i, at := range []string{from, to} {
		s, err := openUDP(netip.MustParseAddrPort(at))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.close() })
		both[i] = s
	}
	return both[0], both[1]
}

// More packets than one call of the system takes arrive whole and in order,
// from the address that the target says although the socket has none.
func TestSocketKeepsOrder(t *testing.T) {
	a, b := udpPair(t, "0.0.0.0:0", "127.0.0.2:0")
	var packets [][]byte
	for i := range 150 {
		packets = append(packets, bytes.Repeat([]byte{byte(i)}, i*10))
	}
	target := newTarget(netip.MustParseAddr("127.0.0.9"), b.addr())
	if n, err := a.write(packets, target); n != len(packets) || err != nil {
		t.Fatalf("%d sent: %v", n, err)
	}
	from := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.9"), a.addr().Port())
	in := newBatch()
	for i := 0; i < len(packets); {
		if err := b.read(in); err != nil || len(in.packets) == 0 {
			t.Fatalf("after %d packets: %d, %v", i, len(in.packets), err)
		}
		for k, p := range in.packets {
			if !bytes.Equal(p, packets[i]) || in.from[k] != from {
				t.Fatalf("packet %d: %d octets from %v", i, len(p), in.from[k])
			}
			i++
		}
	}
}

// One packet that cannot be sent keeps none of the others.
func TestSocketLeavesOutWhatCannotBeSent(t *testing.T) {
	a, b := udpPair(t, "127.0.0.1:0", "127.0.0.2:0")
	packets := [][]byte{[]byte("1"), make([]byte, 70_000), []byte("2"), make([]byte, 70_000)}
	n, err := a.write(packets, newTarget(netip.Addr{}, b.addr()))
	if n != 2 || err == nil {
		t.Errorf("%d sent: %v", n, err)
	}
	got := ""
	for in := newBatch(); len(got) < 2; {
		if err := b.read(in); err != nil || len(in.packets) == 0 {
			t.Fatalf("%q, then %v", got, err)
		}
		for _, p := range in.packets {
			got += string(p)
		}
	}
	if got != "12" {
		t.Errorf("got %q", got)
	}
}

// A read returns when nothing comes, and at once when the socket is closed.
func TestSocketCloseFreesTheReader(t *testing.T) {
	a, _ := udpPair(t, "127.0.0.1:0", "127.0.0.2:0")
	if err := a.read(newBatch()); err != nil {
		t.Errorf("nothing came: %v", err)
	}
	ended := make(chan error)
	go func() {
		in := newBatch()
		for {
			if err := a.read(in); err != nil {
				ended <- err
				return
			}
		}
	}()
	start := time.Now()
	a.close()
	if err := get(t, ended, "end of read"); !errors.Is(err, net.ErrClosed) || time.Since(start) > readPatience/2 {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	if _, err := a.write([][]byte{{1}}, newTarget(netip.Addr{}, netip.MustParseAddrPort("127.0.0.2:9"))); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write afterwards: %v", err)
	}
	if a.addr().IsValid() {
		t.Errorf("address afterwards: %v", a.addr())
	}
}

// nobody is a Receiver that only counts.
type nobody int

func (n *nobody) Receive(packets [][]byte) { *n += nobody(len(packets)) }
func (n *nobody) Wake(time.Time)           {}

// From Send to Receive nothing is allocated, neither for a packet nor for a
// batch.
func TestPacketsDoNotAllocate(t *testing.T) {
	h := run(t, "2", nil)
	s := connect(t, h)
	s.say(linuxStart)
	s.hear(ourStart)
	s.say(linuxCall)
	c := get(t, h.outgoing, "Outgoing")
	c.Answer(pptp.OutgoingCallReply{})
	var received nobody
	c.Bind(&received)
	far, near := udpPair(t, "127.0.0.1:0", "127.0.0.1:0")
	c.target.Store(newTarget(c.conn.local.Addr(), far.addr()))
	c.heard.Store(true)
	d := dispatcher{e: h.Endpoint, transport: UDP}
	toUs := newTarget(netip.Addr{}, near.addr())
	ours := [][]byte{packet(c.ID(), 0, "x"), packet(c.ID(), 0, fmt.Sprint(make([]byte, 400)))}
	theirs, in := newBatch(), newBatch()
	sent := 0
	deadline := time.Now()
	round := func() {
		sent += len(ours)
		deadline = deadline.Add(time.Minute)
		c.WakeAt(deadline)
		far.write(ours, toUs)
		for got := 0; got < len(ours); got += len(in.packets) {
			near.read(in)
			d.dispatch(in.packets, in.from)
		}
		c.Send(ours...)
		far.read(theirs)
	}
	round()
	if n := testing.AllocsPerRun(200, round); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if int(received) != sent {
		t.Errorf("%d received of %d", received, sent)
	}
}
