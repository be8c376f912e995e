package pool

import (
	"errors"
	"net/netip"
	"testing"
)

// Networks of IPv6 are given out like addresses; a user keeps one of each.
func TestNetworks(t *testing.T) {
	p, err := New([]Options{{Name: Default, Ranges: ranges(t, "10.0.0.1-10.0.0.9")},
		{Name: IPv6, Ranges: []Range{Networks(netip.MustParsePrefix("2001:db8:0:fffe::/63"), 64), Networks(netip.MustParsePrefix("2001:db8:1::/64"), 64)}}},
		[]netip.Prefix{netip.MustParsePrefix("2001:db8:0:ffff::/64"), netip.MustParsePrefix("fd00::/64")})
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
	_, err = New([]Options{{Name: "a", Ranges: []Range{Networks(netip.MustParsePrefix("2001:db8::/56"), 64), Networks(netip.MustParsePrefix("2001:db8:0:80::/57"), 64)}}}, nil)
	if err == nil || err.Error() != "2001:db8::-2001:db8:0:ff:: and 2001:db8:0:80::-2001:db8:0:ff:: overlap" {
		t.Error(err)
	}
	if n := Networks(netip.MustParsePrefix("2001:db8::/40"), 64).size(); n != 1<<24 {
		t.Errorf("a /40 has %d networks", n)
	}
}

// What is delegated is given out in networks of its length; a user keeps one beside
// that of her link.
func TestDelegations(t *testing.T) {
	mine := netip.MustParsePrefix("2001:db8:2:20::/60")
	p, err := New([]Options{{Name: IPv6, Ranges: []Range{Networks(netip.MustParsePrefix("2001:db8:1::/62"), 64)}},
		{Name: Delegated, Ranges: []Range{Networks(netip.MustParsePrefix("2001:db8:2::/58"), 60), Networks(netip.MustParsePrefix("2001:db8:3:10::/60"), 60)}}},
		[]netip.Prefix{mine})
	if err != nil {
		t.Fatal(err)
	}
	link, err := p.Reserve(IPv6, "2001:db8:3:10::/60")
	if err != nil || link.Network() != netip.MustParsePrefix("2001:db8:1::/64") {
		t.Fatalf("%+v, %v", link, err)
	}
	link.Commit()
	var all []*Lease
	for _, want := range []string{"2001:db8:2::/60", "2001:db8:2:10::/60", "2001:db8:2:30::/60", "2001:db8:3:10::/60"} {
		l, err := p.Reserve(Delegated, want)
		if err != nil || l.Network() != netip.MustParsePrefix(want) {
			t.Fatalf("%+v, %v; want %s", l, err, want)
		}
		l.Commit()
		all = append(all, l)
	}
	if _, err := p.Reserve(Delegated, "x"); !errors.Is(err, ErrFull) {
		t.Errorf("a fifth: %v", err)
	}
	if l, err := p.ReserveFixed(mine.Addr()); err != nil || l.Network() != mine || len(p.Leased()) != 6 {
		t.Errorf("a fixed one: %+v, %v, of %v", l, err, p.Leased())
	}
	got := map[string]Stats{}
	p.Stats(func(pool string, s Stats) { got[pool] = s })
	if got[Delegated] != (Stats{Used: 4}) || got[IPv6] != (Stats{Used: 1, Free: 3}) {
		t.Errorf("%+v", got)
	}
	for _, l := range append(all, link) {
		l.Release()
	}
	for pool, want := range map[string]string{IPv6: "2001:db8:1::/64", Delegated: "2001:db8:3:10::/60"} {
		if l, err := p.Reserve(pool, "2001:db8:3:10::/60"); err != nil || l.Network() != netip.MustParsePrefix(want) {
			t.Errorf("the same user again: %+v, %v; want %v", l, err, want)
		}
	}
	_, err = New([]Options{{Name: Delegated, Ranges: []Range{Networks(netip.MustParsePrefix("2001:db8::/48"), 56)}},
		{Name: IPv6, Ranges: []Range{Networks(netip.MustParsePrefix("2001:db8:0:ffff::/64"), 64)}}}, nil)
	if err == nil {
		t.Error("a network in the last one that is delegated")
	}
	if r := Networks(netip.MustParsePrefix("8000::/1"), 25); r.size() != 1<<24 || r.next(netip.MustParseAddr("ffff:ff80::")).IsValid() {
		t.Errorf("%v has %d networks", r, r.size())
	}
}
