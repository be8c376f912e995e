package lan

import (
	"net/netip"
	"strings"
	"testing"
)

// A network that is delegated is found by each of its /64, and overlaps none.
func TestDelegate(t *testing.T) {
	var table Table
	p, a := netip.MustParsePrefix, netip.MustParseAddr
	link, behind, other := new(nobody), new(nobody), new(nobody)
	unlink, err := table.Attach(a("2001:db8:1::"), 0, link)
	if err != nil {
		t.Fatal(err)
	}
	detach, err := table.Delegate(p("2001:db8:100::/56"), 0, behind)
	if err != nil {
		t.Fatal(err)
	}
	single, err := table.Delegate(p("2001:db8:200:8::/64"), 1280, other)
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]*nobody{"2001:db8:1::": link, "2001:db8:100::": behind, "2001:db8:100:ff::": behind, "2001:db8:100:100::": nil,
		"2001:db8:ff:ff00::": nil, "2001:db8:200:8::": other, "2001:db8:200:9::": nil, "2.1.1.129": nil} {
		switch got := table.Find(a(addr)); {
		case want == nil && got != nil, want != nil && (got == nil || got.Receiver != want):
			t.Errorf("%s: %+v", addr, got)
		}
	}
	if got := table.Find(a("2001:db8:100:7::")); got.Network != p("2001:db8:100::/56") || got.MTU != DefaultMTU {
		t.Errorf("%+v", got)
	}
	for _, network := range []string{"2001:db8:100::/56", "2001:db8:100:80::/57", "2001:db8:100::/48", "2001:db8::/47", "2001:db8:200::/48"} {
		if _, err := table.Delegate(p(network), 0, other); err == nil || !strings.Contains(err.Error(), "is attached already, at 2001:db8:") {
			t.Errorf("%s: %v", network, err)
		}
	}
	if _, err := table.Attach(a("2001:db8:100:7::"), 0, link); err == nil {
		t.Error("a link in what is delegated")
	}
	port := table.Find(a("2001:db8:100:7::"))
	detach()
	if port.Context.Err() == nil || table.Find(a("2001:db8:100:7::")) != nil {
		t.Error("detach left something")
	}
	if _, err := table.Delegate(p("2001:db8:100::/56"), 0, other); err != nil {
		t.Fatal(err)
	}
	detach() // of the first: without effect on the second
	if got := table.Find(a("2001:db8:100:7::")); got == nil || got.Receiver != other {
		t.Errorf("%+v", got)
	}
	single()
	unlink()
	if table.Find(a("2001:db8:200:8::")) != nil || table.Find(a("2001:db8:1::")) != nil {
		t.Error("not empty at the end")
	}
}

// So is one of IPv4, by each of its addresses, and neither family is taken for the
// other.
func TestDelegate4(t *testing.T) {
	var table Table
	p, a := netip.MustParsePrefix, netip.MustParseAddr
	link, behind, all6 := new(nobody), new(nobody), new(nobody)
	if _, err := table.Attach(a("2.1.1.129"), 0, link); err != nil {
		t.Fatal(err)
	}
	detach, err := table.Delegate(p("10.2.0.0/16"), 576, behind)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.Delegate(p("2000::/16"), 0, all6); err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]*nobody{"2.1.1.129": link, "10.2.0.0": behind, "10.2.255.255": behind, "10.3.0.0": nil, "10.1.255.255": nil,
		"2.1.1.130": nil, "2000::": all6, "2001::": nil} {
		switch got := table.Find(a(addr)); {
		case want == nil && got != nil, want != nil && (got == nil || got.Receiver != want):
			t.Errorf("%s: %+v", addr, got)
		}
	}
	for _, network := range []string{"10.2.0.0/16", "10.2.7.0/24", "10.0.0.0/8", "2.1.1.0/24"} {
		if _, err := table.Delegate(p(network), 0, link); err == nil {
			t.Errorf("%s is given twice", network)
		}
	}
	if _, err := table.Attach(a("10.2.0.9"), 0, link); err == nil {
		t.Error("an address in what is behind somebody else")
	}
	detach()
	if got := table.Find(a("10.2.0.9")); got != nil {
		t.Errorf("afterwards: %+v", got)
	}
}

// Who has all that nobody else has, of one family, gets what is in no other network, now
// and later; there is one of them.
func TestDelegateTheRest(t *testing.T) {
	var table Table
	p, a := netip.MustParsePrefix, netip.MustParseAddr
	link, behind, rest := new(nobody), new(nobody), new(nobody)
	if _, err := table.Delegate(p("10.2.0.0/16"), 0, behind); err != nil {
		t.Fatal(err)
	}
	detach, err := table.Delegate(p("0.0.0.0/0"), 576, rest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.Attach(a("2.1.1.129"), 0, link); err != nil {
		t.Fatal(err)
	}
	if _, err := table.Delegate(p("10.3.0.0/16"), 0, behind); err != nil {
		t.Fatal(err)
	}
	if _, err := table.Delegate(p("0.0.0.0/0"), 0, link); err == nil {
		t.Error("the rest is given twice")
	}
	for addr, want := range map[string]*nobody{"2.1.1.129": link, "10.2.7.1": behind, "10.3.0.0": behind, "10.4.0.0": rest, "2.1.1.130": rest, "198.51.100.7": rest, "2001::": nil} {
		switch got := table.Find(a(addr)); {
		case want == nil && got != nil, want != nil && (got == nil || got.Receiver != want):
			t.Errorf("%s: %+v", addr, got)
		}
	}
	if detach(); table.Find(a("198.51.100.7")) != nil || table.Find(a("10.3.0.0")) == nil {
		t.Error("it does not end alone")
	}
}
