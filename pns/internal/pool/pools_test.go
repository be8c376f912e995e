package pool

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestChains(t *testing.T) {
	options := []Options{
		{Name: "a", Ranges: ranges(t, "10.0.0.1"), Next: "b"},
		{Name: "b", Ranges: ranges(t, "10.0.1.1"), Next: "c"},
		{Name: "c", Ranges: ranges(t, "10.0.2.1")},
	}
	p, err := New(options, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l, err := p.Reserve("b", "x"); err != nil || l.Addr() != ip("10.0.1.1") {
		t.Errorf("%+v, %v", l, err)
	}
	for _, want := range []string{"10.0.0.1", "10.0.2.1"} {
		if l, err := p.Reserve("a", want); err != nil || l.Addr() != ip(want) {
			t.Errorf("%+v, %v; want %s", l, err, want)
		}
	}
	if _, err := p.Reserve("a", "y"); !errors.Is(err, ErrFull) {
		t.Errorf("nothing is left: %v", err)
	}
	if _, err := p.Reserve("d", "y"); err == nil || err.Error() != `there is no pool "d"` {
		t.Error(err)
	}
	options[2].Next = "a"
	if _, err := New(options, nil); err == nil || err.Error() != `the pool "c" leads back to itself` {
		t.Error(err)
	}
	options[2].Next = "z"
	if _, err := New(options, nil); err == nil || err.Error() != `the pool "z", next to "c", does not exist` {
		t.Error(err)
	}
	options[2] = options[1]
	if _, err := New(options, nil); err == nil || err.Error() != `two pools are called "b"` {
		t.Error(err)
	}
}

// An address that was used a moment ago is left alone while another is free,
// here or in the next pool; its own user gets it at once.
func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New([]Options{{Name: "a", Ranges: ranges(t, "10.0.0.1"), Next: "b"}, {Name: "b", Ranges: ranges(t, "10.0.1.1")}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.Hold = time.Minute
		call := func(user, want string) *Lease {
			t.Helper()
			l, err := p.Reserve("a", user)
			if err != nil || l.Addr() != ip(want) {
				t.Fatalf("%s: %+v, %v; want %s", user, l, err, want)
			}
			l.Commit()
			return l
		}
		call("ann", "10.0.0.1").Release()
		call("bob", "10.0.1.1").Release()
		call("ann", "10.0.0.1").Release()
		call("bob", "10.0.1.1").Release()
		time.Sleep(30 * time.Second)
		call("ann", "10.0.0.1").Release()
		call("eve", "10.0.0.1").Release() // no other is left: rather one of these than none
		time.Sleep(31 * time.Second)
		vain, _ := p.Reserve("a", "sam") // only bob's was unused for long enough
		if vain.Addr() != ip("10.0.1.1") {
			t.Errorf("got %v", vain.Addr())
		}
		vain.Release()
		call("ann", "10.0.1.1").Release() // hers was eve's a minute ago
	})
}

// What somebody else has is not given out for a while.
func TestAvoid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := make4(t, []netip.Addr{ip("10.0.0.9")}, "10.0.0.1-10.0.0.2")
		p.Avoid = time.Minute
		for _, want := range []string{"10.0.0.1", "10.0.0.2"} {
			l, err := reserve(p)
			if err != nil || l.Addr() != ip(want) {
				t.Fatalf("%+v, %v", l, err)
			}
			l.Avoid()
			l.Avoid()
		}
		wantStats(t, p, Stats{Avoided: 2}, 0)
		if _, err := reserve(p); !errors.Is(err, ErrFull) {
			t.Errorf("%v", err)
		}
		time.Sleep(time.Minute)
		wantStats(t, p, Stats{Free: 2}, 0)
		if l, err := reserve(p); err != nil || l.Addr() != ip("10.0.0.1") {
			t.Errorf("%+v, %v", l, err)
		}
		fixed, _ := p.ReserveFixed(ip("10.0.0.9"))
		fixed.Avoid()
		wantStats(t, p, Stats{Free: 1, Reserved: 1}, 0)
	})
}

func TestPrefixes(t *testing.T) {
	for _, c := range []struct{ ranges, want []string }{
		{nil, nil},
		{[]string{"2.1.1.129-2.1.1.190"}, []string{"2.1.1.129/32", "2.1.1.130/31", "2.1.1.132/30", "2.1.1.136/29", "2.1.1.144/28",
			"2.1.1.160/28", "2.1.1.176/29", "2.1.1.184/30", "2.1.1.188/31", "2.1.1.190/32"}},
		{[]string{"10.0.1.0-10.0.1.255", "9.9.9.9", "10.0.0.0-10.0.0.255", "10.0.0.7"}, []string{"9.9.9.9/32", "10.0.0.0/23"}},
		{[]string{"0.0.0.0-255.255.255.255"}, []string{"0.0.0.0/0"}},
		{[]string{"255.255.255.254-255.255.255.255", "0.0.0.0"}, []string{"0.0.0.0/32", "255.255.255.254/31"}},
	} {
		var want []netip.Prefix
		for _, p := range c.want {
			want = append(want, netip.MustParsePrefix(p))
		}
		if got := Prefixes(ranges(t, c.ranges...)); !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", c.ranges, got, want)
		}
	}
}

// What the LAN's DHCP server gives is a call's as any other address, but goes to
// no pool's order of use; and stays where it is over a reload.
func TestAddressesFromElsewhere(t *testing.T) {
	a, fixed := netip.MustParseAddr("2.1.1.150"), netip.MustParseAddr("2.1.1.9")
	options := []Options{{Name: Default, DHCP: true}}
	ps, err := New(options, []netip.Prefix{netip.PrefixFrom(fixed, fixed.BitLen())})
	if err != nil {
		t.Fatal(err)
	}
	if !ps.FromDHCP(Default) || ps.FromDHCP("sales") {
		t.Error("which pools these are is not known")
	}
	stats := func() (s Stats, fixed int) {
		fixed = ps.Stats(func(_ string, one Stats) { s = one })
		return s, fixed
	}
	if _, err := ps.Reserve(Default, "saran"); !errors.Is(err, ErrFull) {
		t.Errorf("reserved without the server: %v", err)
	}
	if _, err := ps.Take(Default, "saran", fixed); !errors.Is(err, ErrInUse) {
		t.Errorf("took a user's own address: %v", err)
	}
	l, err := ps.Take(Default, "saran", a)
	if err != nil || l.Addr() != a {
		t.Fatalf("%v, %v", l, err)
	}
	if _, err := ps.Take(Default, "bob", a); !errors.Is(err, ErrInUse) {
		t.Errorf("taken twice: %v", err)
	}
	l.Commit()
	if err := ps.Use(options, nil, 0); err != nil {
		t.Fatal(err)
	}
	if s, fixed := stats(); s != (Stats{Used: 1, DHCP: true}) || fixed != 0 {
		t.Errorf("%+v, %d fixed", s, fixed)
	}
	l.Release()
	if s, fixed := stats(); s != (Stats{DHCP: true}) || fixed != 0 {
		t.Errorf("at the end %+v, %d fixed", s, fixed)
	}
	l, err = ps.Take(Default, "bob", a)
	if err != nil {
		t.Fatal(err)
	}
	if err := ps.Use([]Options{{Name: Default, Ranges: []Range{{First: a, Last: a}}}}, nil, 0); err != nil { // now it is the pool's
		t.Fatal(err)
	}
	l.Avoid()
	if _, err := ps.Reserve(Default, "saran"); err != nil {
		t.Errorf("given to the pool: %v", err)
	}
}

// A pool that has leased addresses among its own since a reload gives them out only
// when their calls have ended; and they are routed as leases, not as the pools'.
func TestPoolOverLeasedAddresses(t *testing.T) {
	a, b := netip.MustParseAddr("2.1.1.150"), netip.MustParseAddr("2.1.1.151")
	options := []Options{{Name: Default, DHCP: true}}
	ps, err := New(options, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ps.Take(Default, "saran", a)
	if err != nil {
		t.Fatal(err)
	}
	options = append(options, Options{Name: "sales", Ranges: []Range{{First: a, Last: b}}})
	if err := ps.Use(options, nil, 0); err != nil {
		t.Fatal(err)
	}
	if got := ps.Leased(); len(got) != 0 {
		t.Errorf("%v are the pools'", got)
	}
	other, err := ps.Reserve("sales", "bob")
	if err != nil || other.Addr() != b {
		t.Fatalf("%+v, %v; want %v", other, err, b)
	}
	if full, err := ps.Reserve("sales", "carol"); !errors.Is(err, ErrFull) {
		t.Errorf("given out while it is leased: %+v, %v", full, err)
	}
	for _, a := range []netip.Addr{a, b} {
		if _, err := ps.Take(Default, "dave", a); !errors.Is(err, ErrInUse) {
			t.Errorf("%v, %v", a, err)
		}
	}
	l.Release()
	if _, err := ps.Take(Default, "dave", a); !errors.Is(err, ErrInUse) {
		t.Errorf("the server gave an address of the pool's: %v", err)
	}
	if after, err := ps.Reserve("sales", "carol"); err != nil || after.Addr() != a {
		t.Errorf("%+v, %v; want %v", after, err, a)
	}
}
