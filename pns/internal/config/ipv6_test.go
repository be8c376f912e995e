package config

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"carrier/pns/internal/pool"
)

// The callers' networks are given out and routed: those of the prefixes, and a
// user's own outside of them.
func TestIPv6(t *testing.T) {
	p := netip.MustParsePrefix
	text := strings.Replace(least, "[lan]\n", "[lan]\nmode = 'tun'\nipv6 = {prefixes = ['2001:db8:1::/56', '2001:db8:2::/64'], dns = ['2001:db8::53']}\n", 1) +
		"prefix6 = '2001:db8:1:7::/64'\n[[user]]\nname = 'a'\npassword = 'x'\nprefix6 = '2001:db8:3::/64'\n"
	c, err := Parse("pns.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &IPv6{Prefixes: []netip.Prefix{p("2001:db8:1::/56"), p("2001:db8:2::/64")}, DNS: []netip.Addr{ip("2001:db8::53")}, Length: 56}
	if !reflect.DeepEqual(c.LAN.IPv6, want) || c.Users[0].Prefix != p("2001:db8:1:7::/64") || c.Users[1].Prefix != p("2001:db8:3::/64") {
		t.Errorf("%+v, %+v", c.LAN.IPv6, c.Users)
	}
	given := c.LAN.Given()
	six := pool.Options{Name: pool.IPv6, Ranges: []pool.Range{{First: ip("2001:db8:1::"), Last: ip("2001:db8:1:ff::")}, {First: ip("2001:db8:2::"), Last: ip("2001:db8:2::")}}}
	if len(given) != 2 || !reflect.DeepEqual(given[1], six) || len(c.LAN.Pools) != 1 {
		t.Errorf("%+v, of %+v", given, c.LAN.Pools)
	}
	routes := c.LAN.Routes([]netip.Prefix{p("2001:db8:1:7::/64"), p("2001:db8:3::/64"), p("2001:db8:3::/64"), p("2.1.1.128/32")})
	if want := []netip.Prefix{p("2001:db8:1::/56"), p("2001:db8:2::/64"), p("2001:db8:3::/64")}; !slices.Equal(routes[len(routes)-3:], want) || routes[0] != p("2.1.1.128/27") {
		t.Errorf("%v", routes)
	}
	c.LAN.IPv6 = nil
	if routes := c.LAN.Routes([]netip.Prefix{p("2001:db8:3::/64")}); slices.ContainsFunc(routes, func(p netip.Prefix) bool { return p.Addr().Is6() }) {
		t.Errorf("without IPv6 %v", routes)
	}
}
