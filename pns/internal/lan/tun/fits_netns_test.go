//go:build netns

package tun

import (
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"

	"carrier/pns/internal/dhcp"
)

// What no caller can have is refused, and what others have made stays.
func TestUnfitLeases(t *testing.T) {
	inside(t, func(ns *namespace) {
		l, d := ns.leasing(t, io.Discard, "10.9.0.0/24")
		ethernet(t, "eth1", "198.51.100.1/24")
		ip(t, "route add 2.1.1.150/32 via 198.51.100.7")
		ip(t, "route add blackhole 2.1.1.151/32")
		for a, want := range map[string]string{
			"2.1.1.61":     "2.1.1.61 is this host's own address on eth0",
			"2.1.1.60":     "2.1.1.60 is this host's own address on carrier0",
			"198.51.100.1": "198.51.100.1 is this host's own address on eth1",
			"198.51.100.9": "198.51.100.9 is in no network on eth0",
			"2.1.1.1":      "2.1.1.1 is the gateway of the route to everywhere",
			"2.1.1.150":    "there is a route to 2.1.1.150 over eth1",
			"2.1.1.151":    "there is a route to 2.1.1.151 (blackhole)",
			"2.1.1.20":     "2.1.1.20 is the address of a PAC (pac.from), so the tunnel would lead into itself",
		} {
			err := d.Route(netip.MustParseAddr(a))
			if !errors.Is(err, dhcp.ErrUnfit) || !strings.HasSuffix(err.Error(), ": "+want) {
				t.Errorf("%v; want %q", err, want)
			}
		}
		wantRoutes(t, l, "after all", "10.9.0.0/24")
		if r := ip(t, "route show 2.1.1.150"); !strings.Contains(r, "via 198.51.100.7 dev eth1") {
			t.Errorf("the operator's route is %q", r)
		}
		ip(t, "addr del 2.1.1.61/24 dev eth0") // for a moment: then no address is to blame
		if err := d.Route(saran); err == nil || errors.Is(err, dhcp.ErrUnfit) {
			t.Errorf("while eth0 has no address: %v", err)
		}
	})
}
