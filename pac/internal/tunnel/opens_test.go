package tunnel

import (
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"carrier/shared/peer"
	"carrier/shared/peer/peertest"
	"carrier/shared/pptp"
)

// A gate admits PNSs as the tunnels that are behind it know them.
type gate struct {
	*server
	tunnels atomic.Pointer[Tunnels] // nil: nobody is admitted yet
}

func (g *gate) Admit(from netip.AddrPort) (peer.Remote, error) {
	if t := g.tunnels.Load(); t != nil {
		if r, ok := t.Admit(from.Addr()); ok {
			return r, nil
		}
	}
	return peer.Remote{}, errors.New("not listed")
}

// A PNS that opens the control connection has calls on it while it is there. Until
// then, and afterwards, it is asked last, never dialled, and the failure says why.
func TestPNSThatOpens(t *testing.T) {
	other := serve(t, 2, true, accept)
	g := &gate{server: &server{}}
	home := netip.MustParseAddrPort("127.81.0.9:21723")
	e := peertest.Run(t, peer.Options{Host: "atlanta", OddIDs: true, PAC: true, Listen: home, UDP: home, Handler: g})
	tt, stats := tunnels(t, nil, PNS{Name: "denver", Opens: true, From: []netip.Prefix{netip.MustParsePrefix("127.81.0.3/32")}}, at(2))
	tt.endpoint = e
	g.tunnels.Store(tt)

	_, err := place(t, tt, "denver")
	var failed *PlaceError
	if !errors.As(err, &failed) || failed.Refused || err.Error() != "denver: the PNS opens the control connection, and there is none now" {
		t.Fatalf("got %v", err)
	}
	if call, err := place(t, tt, "denver", "pns2"); err != nil || call.Conn().Remote().Name != "pns2" || stats.Snapshot()["denver"].Failed != 1 {
		t.Fatalf("got %v, counted %v: a PNS that is not there is not asked last", err, stats.Snapshot())
	}
	<-other.calls

	denver := &server{answer: accept, calls: make(chan *peer.Call, 8)}
	from := netip.MustParseAddrPort("127.81.0.3:0")
	d := peertest.Run(t, peer.Options{Host: "denver", Source: from.Addr(), UDP: from, Handler: denver})
	conn, err := d.Dial(t.Context(), peer.Remote{Name: "atlanta", Addr: home, Transport: peer.UDP, UDPPort: home.Port()})
	if err != nil {
		t.Fatal(err)
	}
	call, err := place(t, tt, "denver", "pns2")
	if err != nil {
		t.Fatal(err)
	}
	theirs := <-denver.calls
	if call.Conn().Remote().Name != "denver" || theirs.Conn() != conn {
		t.Errorf("the call went to %s", call.Conn().Remote().Name)
	}
	call.Connected(pptp.IncomingCallConnected{})
	conn.Stop()
	<-conn.Done()
	for ev := range call.Events() {
		if ev.Kind == peer.Ended && (ev.Err == nil || !strings.Contains(ev.Err.Error(), "control connection lost")) {
			t.Errorf("the call ended with %v", ev.Err)
		}
	}
	if call, err := place(t, tt, "denver", "pns2"); err != nil || call.Conn().Remote().Name != "pns2" {
		t.Errorf("afterwards: %v", err)
	}
}
