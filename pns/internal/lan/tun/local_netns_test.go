//go:build netns

package tun

import (
	"net/netip"
	"testing"
)

// Our own address towards callers is nobody else's; this host may have it.
func TestLocalTaken(t *testing.T) {
	for _, c := range []struct{ name, local, setup, want string }{
		{"this host's own", "2.1.1.60", "", ""},
		{"nobody's", "2.1.1.61", "", ""},
		{"of a network elsewhere", "10.64.64.64", "", ""},
		{"a PAC", "192.0.2.1", "", "lan.local: 192.0.2.1 is the address of a PAC (pac.from), so the tunnel would lead into itself: take an address that nobody has"},
		{"among where PACs come from", "192.0.3.1", "", ""},
		{"the gateway", "2.1.1.1", "route add default via 2.1.1.1", "lan.local: 2.1.1.1 is the gateway of the route to everywhere, which would not be reached any more: take an address that nobody has"},
		{"a host", "2.1.1.10", "", "lan.local: 2.1.1.10 is the address of a host on eth0 (02:00:00:00:00:0a), which would not be reached any more: take an address that nobody has"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inside(t, func(ns *namespace) {
				ethernet(t, "eth0", "2.1.1.60/24")
				defer hostAt(t, "eth0-far", netip.MustParseAddr("2.1.1.10"))()
				if c.setup != "" {
					ip(t, c.setup)
				}
				o := Options{Name: "carrier0", Local: netip.MustParseAddr(c.local), Routes: pool, ProxyARP: []string{"eth0"}, Forward: true,
					Peers: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("192.0.3.0/24")}}
				l, err := New(o)
				for _, err := range []error{Check(o, err == nil), err} { // the doctor says the same, also while it runs
					switch {
					case c.want == "" && err != nil, c.want != "" && (err == nil || err.Error() != c.want):
						t.Errorf("got\n%v\nwant\n%s", err, c.want)
					}
				}
				if err == nil {
					err = l.close()
				}
				if c.want == "" && err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// hostAt answers ARP for an address on an interface, until it is ended.
func hostAt(t testing.TB, name string, a netip.Addr) (end func()) {
	t.Helper()
	n := newNeighbour(t, name)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			default:
			}
			if n.hears(func(p arpPacket) bool { return p.Op == arpRequest && p.Target == a }) {
				n.port.file.Write(arpPacket{Op: arpReply, SenderHost: [6]byte{2, 0, 0, 0, 0, 10}, Sender: a, Target: netip.IPv4Unspecified()}.append(nil))
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}
