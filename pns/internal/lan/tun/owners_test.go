package tun

import (
	"net/netip"
	"slices"
	"testing"
)

// What hosts of the LAN could have of callers' addresses is asked for, and of many
// as many as the LAN can bear.
func TestAskable(t *testing.T) {
	prefixes := func(list ...string) (all []netip.Prefix) {
		for _, s := range list {
			all = append(all, netip.MustParsePrefix(s))
		}
		return all
	}
	for _, c := range []struct {
		name            string
		routes, subnets []netip.Prefix
		n               int
		first, last     string
	}{
		{"a pool in the LAN", prefixes("2.1.1.128/29"), prefixes("2.1.1.0/24"), 8, "2.1.1.128", "2.1.1.135"},
		{"a pool around the LAN", prefixes("10.0.0.0/8"), prefixes("10.9.9.8/30"), 4, "10.9.9.8", "10.9.9.11"},
		{"two on one cable", prefixes("2.1.1.61/32", "2.1.1.128/31"), prefixes("2.1.1.0/25", "2.1.1.0/24"), 3, "2.1.1.61", "2.1.1.129"},
		{"elsewhere", prefixes("10.9.0.0/24", "2001:db8::/56"), prefixes("2.1.1.0/24"), 0, "", ""},
		{"our own address", prefixes("2.1.1.60/31"), prefixes("2.1.1.0/24"), 1, "2.1.1.61", "2.1.1.61"},
		{"too many", prefixes("10.0.0.0/8"), prefixes("10.1.0.0/16"), 256, "10.1.0.0", "10.1.0.255"},
		{"a last address", prefixes("255.255.255.254/31"), prefixes("255.255.255.0/24"), 2, "255.255.255.254", "255.255.255.255"},
	} {
		l := &LAN{o: Options{Local: netip.MustParseAddr("2.1.1.60"), Routes: c.routes}}
		all := l.askable(cable{subnets: c.subnets})
		if len(all) != c.n || c.n > 0 && (all[0].String() != c.first || slices.MaxFunc(all, netip.Addr.Compare).String() != c.last) {
			t.Errorf("%s: %d addresses: %v", c.name, len(all), all)
		}
	}
}
