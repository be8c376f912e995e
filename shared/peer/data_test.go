package peer

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"

	"carrier/shared/gre"
	"carrier/shared/pptp"
)

// GRE may overtake Incoming-Call-Connected on TCP, and come before anybody is
// bound: it is held, in order and up to a bound.
func TestGREIsHeldUntilBoundAndConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pac, pns, conn := bubble(t)
		_ = pac
		go func() {
			c := <-pns.incoming
			c.Accept(64, 0)
			pns.incoming <- c
		}()
		a, err := conn.Offer(t.Context(), pptp.IncomingCallRequest{CallSerialNumber: 1})
		if err != nil {
			t.Fatal(err)
		}
		n := <-pns.incoming
		in := newInbox()
		a.Send(packet(a.PeerID(), 0, "0"), packet(a.PeerID(), 1, "1"))
		synctest.Wait()
		n.Bind(in)
		a.Send(packet(a.PeerID(), 2, "2"))
		synctest.Wait()
		if len(in.packets) > 0 {
			t.Fatalf("%d packets before the call was connected", len(in.packets))
		}
		a.Connected(pptp.IncomingCallConnected{})
		a.Send(packet(a.PeerID(), 3, "3"))
		for i := range 4 {
			if got := get(t, in.packets, "GRE"); got != fmt.Sprint(i) {
				t.Errorf("packet %d is %q", i, got)
			}
		}

		for i := range 100 { // the other way nobody is bound
			n.Send(packet(n.PeerID(), uint32(i), fmt.Sprint(i)))
		}
		synctest.Wait()
		late := newInbox()
		a.Bind(late)
		if len(late.packets) != holdPackets || pac.stats.GREOverflow.Load() != 100-holdPackets {
			t.Errorf("%d held, %d lost", len(late.packets), pac.stats.GREOverflow.Load())
		}
		if got := <-late.packets; got != "0" {
			t.Errorf("first is %q", got)
		}
	})
}

// The peer's UDP port: that of the first packet, then only changed by a packet
// in sequence; another address is never believed.
func TestUDPPortIsLearnt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, pns, conn := bubble(t)
		_, n := call(t, conn, pns, 1)
		synctest.Wait() // the PAC's first probe
		d := dispatcher{e: pns.Endpoint, transport: UDP}
		seq := func(s uint32) []byte { return packet(n.ID(), s, "x") }
		ack := gre.Header{CallID: n.ID(), HasAck: true}.Append(nil, nil)
		for _, step := range []struct {
			what   string
			from   string
			packet []byte
			want   string
		}{
			{"the probe came from here", "192.0.2.1:5000", seq(10), "192.0.2.1:5000"},
			{"the next in sequence moves it", "192.0.2.1:6000", seq(11), "192.0.2.1:6000"},
			{"one that was before does not", "192.0.2.1:7000", seq(11), "192.0.2.1:6000"},
			{"nor one far ahead", "192.0.2.1:7000", seq(12 + 2*rebind), "192.0.2.1:6000"},
			{"nor an acknowledgement", "192.0.2.1:7000", ack, "192.0.2.1:6000"},
			{"nor another address", "192.0.2.7:7000", seq(13), "192.0.2.1:6000"},
			{"NAT gave it a new port", "192.0.2.1:8000", seq(40), "192.0.2.1:8000"},
		} {
			d.dispatch([][]byte{step.packet}, []netip.AddrPort{netip.MustParseAddrPort(step.from)})
			if got := n.target.Load().to.String(); got != step.want {
				t.Errorf("%s: %s, want %s", step.what, got, step.want)
			}
		}
	})
}

// The parts of a batch go to their calls, each in its order and in one piece.
func TestBatchIsSortedByCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, pns, conn := bubble(t)
		_, one := call(t, conn, pns, 1)
		_, two := call(t, conn, pns, 2)
		a, b := newInbox(), newInbox()
		one.Bind(a)
		two.Bind(b)
		from := netip.MustParseAddrPort("192.0.2.1:5000")
		synctest.Wait() // the probes are through
		d := dispatcher{e: pns.Endpoint, transport: UDP}
		raw := dispatcher{e: pns.Endpoint, transport: GRE}
		other := netip.MustParseAddrPort("192.0.2.3:5000")
		batch := [][]byte{packet(one.ID(), 0, "1"), packet(two.ID(), 0, "2"), {0xFF}, packet(one.ID(), 1, "3"),
			packet(two.ID(), 1, "stranger"), packet(one.ID()^1, 1, "unknown"), packet(two.ID(), 1, "4")}
		d.dispatch(batch, []netip.AddrPort{from, from, from, from, other, from, from})
		raw.dispatch(batch[:1], []netip.AddrPort{from}) // the call is not there
		if got := <-a.packets + <-a.packets + <-b.packets + <-b.packets; got != "1324" {
			t.Errorf("got %s", got)
		}
		if m, u := pns.stats.GREMalformed.Load(), pns.stats.GREUnknown.Load(); m != 1 || u != 3 {
			t.Errorf("%d malformed, %d unknown", m, u)
		}
	})
}

// MS01-009 (CVE-2001-0017): each malformed data packet leaked memory of the PPTP
// service of Windows NT. This sends a million: they are counted, and that is all.
func TestMS01009MalformedGRE(t *testing.T) {
	h := run(t, "2", nil)
	s := connect(t, h)
	s.say(linuxStart)
	s.hear(ourStart)
	s.say(linuxCall)
	c := get(t, h.outgoing, "Outgoing")
	c.Answer(pptp.OutgoingCallReply{})
	in := newInbox()
	c.Bind(in)
	good := packet(c.ID(), 0, "payload")
	from := netip.AddrPortFrom(c.conn.peer.Addr(), 9)
	r := rand.New(rand.NewPCG(3, 4))
	batch, origins := make([][]byte, 64), make([]netip.AddrPort, 64)
	d := dispatcher{e: h.Endpoint, transport: UDP}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 1_000_000 / 64 {
		for i := range batch {
			batch[i], origins[i] = spoil(r, good), from
		}
		d.dispatch(batch, origins)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("%d octets more", grown)
	}
	if n := h.stats.GREMalformed.Load(); n != 1_000_000/64*64 {
		t.Errorf("%d counted", n)
	}
	sendUDP(t, h, good[:7], nil, good)
	if got := get(t, in.packets, "GRE"); got != "payload" {
		t.Errorf("afterwards %q", got)
	}
}

// spoil makes a packet that no PPTP implementation sends.
func spoil(r *rand.Rand, good []byte) []byte {
	b := append([]byte(nil), good...)
	switch r.IntN(5) {
	case 0:
		return b[:r.IntN(len(b))] // cut short, the payload too
	case 1:
		b[1] = b[1]&^7 | byte(r.IntN(7)+2)&7 // another version
	case 2:
		binary.BigEndian.PutUint16(b[2:], uint16(r.IntN(0x8800))) // another protocol
	case 3:
		binary.BigEndian.PutUint16(b[4:], 65535) // a length that lies
	case 4:
		b[0] |= 0xC0 // checksum and routing
	}
	return b
}

// sendUDP sends datagrams to h from 127.0.0.1, where strangers come from.
func sendUDP(t *testing.T, h *host, datagrams ...[]byte) {
	t.Helper()
	c, err := net.Dial("udp4", h.UDPAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, d := range datagrams {
		if _, err := c.Write(d); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCutHeader(t *testing.T) {
	header := make([]byte, 20)
	header[0] = 0x45
	copy(header[12:], []byte{192, 0, 2, 1})
	options := append(append([]byte{0x46}, header[1:]...), make([]byte, 4)...)
	for _, test := range []struct {
		name  string
		bytes []byte
		want  string
		ok    bool
	}{
		{"plain", append(header, "gre"...), "gre", true},
		{"options", append(options, "gre"...), "gre", true},
		{"nothing behind", header, "", true},
		{"empty", nil, "", false},
		{"short", header[:19], "", false},
		{"header longer than all", append([]byte{0x4F}, header[1:]...), "", false},
		{"header of 16", append([]byte{0x44}, header[1:]...), "", false},
		{"version 6", append([]byte{0x65}, header[1:]...), "", false},
	} {
		got, at, ok := cutHeader(test.bytes)
		if ok != test.ok || string(got) != test.want || ok && at != netip.MustParseAddrPort("192.0.2.1:0") {
			t.Errorf("%s: %q from %v, %v", test.name, got, at, ok)
		}
	}
}

func FuzzDispatch(f *testing.F) {
	f.Add(packet(2, 0, "payload"))
	f.Add(gre.Header{CallID: 2}.Append(nil, nil))
	f.Add([]byte{})
	e, err := Open(Options{Handler: newHand()})
	if err != nil {
		f.Fatal(err)
	}
	conn := &Conn{e: e, peer: addrPAC, local: addrPNS, calls: map[uint16]*Call{}, theirs: map[uint16]*Call{}}
	c, err := newCall(conn, pptp.IncomingPNS, "x", 1)
	if err != nil {
		f.Fatal(err)
	}
	c.transport = UDP
	d := dispatcher{e: e, transport: UDP}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 8 {
			binary.BigEndian.PutUint16(b[6:], c.id)
		}
		before := e.stats.GREMalformed.Load() + e.stats.GREReceived.Load()
		d.dispatch([][]byte{b}, []netip.AddrPort{addrPAC})
		if e.stats.GREMalformed.Load()+e.stats.GREReceived.Load() != before+1 {
			t.Error("not counted")
		}
	})
}
