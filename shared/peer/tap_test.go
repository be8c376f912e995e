package peer

import (
	"bytes"
	"net/netip"
	"sync"
	"testing"

	"carrier/shared/pptp"
)

// tape is a Tap that keeps what it is shown.
type tape struct {
	mu      sync.Mutex
	peers   map[string]bool
	control map[netip.AddrPort]*bytes.Buffer // by who sent it
	closed  map[netip.AddrPort]bool
	gre     []string // call, from, to, octets
}

func (t *tape) Control(peer string, src, _ netip.AddrPort, octets []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.peers[peer] = true
	if t.control[src] == nil {
		t.control[src] = new(bytes.Buffer)
	}
	t.control[src].Write(octets)
	t.closed[src] = t.closed[src] || len(octets) == 0
}

func (t *tape) GRE(call string, src, dst netip.Addr, packet []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gre = append(t.gre, call+" "+src.String()+" "+dst.String()+" "+string(packet))
}

// A Tap sees the octets of both directions exactly, and both ends of the
// connection.
func TestTap(t *testing.T) {
	seen := &tape{peers: make(map[string]bool), control: make(map[netip.AddrPort]*bytes.Buffer), closed: make(map[netip.AddrPort]bool)}
	h := run(t, "2", func(o *Options) { o.Tap = seen })
	h.admits(func(netip.AddrPort) (Remote, error) { return Remote{Name: "client", Transport: UDP}, nil })
	s := connect(t, h)
	from := addrOf(s.LocalAddr())
	s.say(linuxStart)
	s.hear(ourStart)
	s.say(linuxCall)
	c := get(t, h.outgoing, "Outgoing")
	c.Answer(pptp.OutgoingCallReply{ConnectSpeed: 100000, Window: 64})
	reply := "0020 0001 1A2B3C4D 0008 0000 " + hex16(c.ID()) + " 6A47 01 00 0000 000186A0 0040 0000 00000000"
	s.hear(reply)
	in := newInbox()
	c.Bind(in)
	sendUDP(t, h, packet(c.ID(), 5, "up"))
	get(t, in.packets, "GRE")
	c.Send(packet(0x6A47, 0, "down"))
	s.say(stopRequest)
	s.hear(stopReply)
	s.hearEnd()
	s.Close()
	h.stop()

	for who, want := range map[netip.AddrPort]string{
		from:     linuxStart + " " + linuxCall + " " + stopRequest,
		h.Addr(): ourStart + " " + reply + " " + stopReply,
	} {
		if got := seen.control[who]; got == nil || !bytes.Equal(got.Bytes(), octets(t, want)) || !seen.closed[who] {
			t.Errorf("%v said %x, closed %v", who, got, seen.closed[who])
		}
	}
	if want := []string{"local/0 127.0.0.1 127.0.0.2 " + string(packet(c.ID(), 5, "up")),
		"local/0 127.0.0.2 127.0.0.1 " + string(packet(0x6A47, 0, "down"))}; len(seen.gre) != 2 || seen.gre[0] != want[0] || seen.gre[1] != want[1] {
		t.Errorf("GRE: %q\nwant %q", seen.gre, want)
	}
	if !seen.peers["client"] {
		t.Errorf("peers: %v", seen.peers)
	}
}
