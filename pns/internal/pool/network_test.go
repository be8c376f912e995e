package pool

import (
	"errors"
	"net/netip"
	"testing"
)

// Networks of IPv6 are given out like addresses; a user keeps one of each.
func TestNetworks(t *testing.T) {
	p, err := New([]Options{{Name: Default, Ranges: ranges(t, "10.0.0.1-10.0.0.9")},
		{Name: IPv6, Ranges: []Range{Networks(netip.MustParsePrefix("2001:db8:0:fffe::/63")), Networks(netip.MustParsePrefix("2001:db8:1::/64"))}}},
		[]netip.Addr{ip("2001:db8:0:ffff::"), ip("fd00::")})
	if err != nil {
		t.Fatal(err)
	}
	var all []*Lease
	for _, want := range []string{"2001:db8:0:fffe::", "2001:db8:1::"} {
		l, err := p.Reserve(IPv6, want)
		if err != nil || l.Addr() != ip(want) {
			t.Fatalf("%+v, %v; want %s", l, err, want)
		}
		l.Commit()
		all = append(all, l)
	}
	if _, err := p.Reserve(IPv6, "x"); !errors.Is(err, ErrFull) {
		t.Errorf("a fourth network: %v", err)
	}
	for _, a := range []string{"2001:db8:0:ffff::", "fd00::"} {
		if l, err := p.ReserveFixed(ip(a)); err != nil || l.Addr() != ip(a) {
			t.Errorf("%s: %v", a, err)
		}
	}
	got := map[string]Stats{}
	if fixed := p.Stats(func(pool string, s Stats) { got[pool] = s }); fixed != 2 || got[IPv6] != (Stats{Used: 2}) || got[Default] != (Stats{Free: 9}) {
		t.Errorf("%d fixed, %+v", fixed, got)
	}
	four, err := p.Reserve(Default, "2001:db8:1::")
	if err != nil {
		t.Fatal(err)
	}
	four.Commit()
	for _, l := range append(all, four) {
		l.Release()
	}
	for pool, want := range map[string]netip.Addr{IPv6: ip("2001:db8:1::"), Default: four.Addr()} {
		if l, err := p.Reserve(pool, "2001:db8:1::"); err != nil || l.Addr() != want {
			t.Errorf("the same user again: %+v, %v; want %v", l, err, want)
		}
	}
	_, err = New([]Options{{Name: "a", Ranges: []Range{Networks(netip.MustParsePrefix("2001:db8::/56")), Networks(netip.MustParsePrefix("2001:db8:0:80::/57"))}}}, nil)
	if err == nil || err.Error() != "2001:db8::-2001:db8:0:ff:: and 2001:db8:0:80::-2001:db8:0:ff:: overlap" {
		t.Error(err)
	}
	if n := Networks(netip.MustParsePrefix("2001:db8::/40")).size(); n != 1<<24 {
		t.Errorf("a /40 has %d networks", n)
	}
}
