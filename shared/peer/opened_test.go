package peer

import (
	"net/netip"
	"testing"
)

// A PNS opens the control connection and the PAC brings a call on it. Where the PNS's
// UDP port is the PAC cannot know: what it sends waits until the PNS has opened the
// path.
func TestIncomingCallAtWhoeverConnected(t *testing.T) {
	pac, pns := run(t, "35", nil), run(t, "36", nil)
	pac.admits(func(netip.AddrPort) (Remote, error) { return Remote{Name: "denver", Transport: UDP}, nil })
	pns.dial(pac)
	conn := pac.Of("denver")
	if conn == nil || conn.status().OpenedBy() != "peer" {
		t.Fatalf("the PAC has %+v", pac.Conns())
	}
	if s := pns.Conns(); len(s) != 1 || s[0].OpenedBy() != "us" {
		t.Errorf("the PNS has %+v", s)
	}
	atPAC, atPNS := call(t, conn, pns, 1)
	down, up := newInbox(), newInbox()
	atPAC.Bind(down)
	atPNS.Bind(up)
	atPAC.Send(packet(atPAC.PeerID(), 0, "up"))
	atPNS.Send(packet(atPNS.PeerID(), 0, "down"))
	if u, d := get(t, up.packets, "GRE"), get(t, down.packets, "GRE"); u != "up" || d != "down" {
		t.Errorf("%q, %q", u, d)
	}
}

// Of a peer that was cut off and came back the old connection is there until its Echo
// fails: calls go on the new one.
func TestOfIsTheLatest(t *testing.T) {
	pac, before, now := run(t, "37", nil), run(t, "38", nil), run(t, "39", nil)
	pac.admits(func(netip.AddrPort) (Remote, error) { return Remote{Name: "denver", Transport: UDP}, nil })
	before.dial(pac)
	at := now.dial(pac).LocalAddr()
	for range 20 { // for they are kept in no order
		if c := pac.Of("denver"); c.PeerAddr() != at {
			t.Fatalf("found is the one of %v, not of %v", c.PeerAddr(), at)
		}
	}
}
