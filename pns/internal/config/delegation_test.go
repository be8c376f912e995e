package config

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"carrier/pns/internal/pool"
)

// What is delegated is given out and routed: parts of the prefixes, and users' own.
func TestDelegation(t *testing.T) {
	p := netip.MustParsePrefix
	text := strings.Replace(least, "[lan]\n", "[lan]\nmode = 'tun'\nipv6 = {prefixes = ['2001:db8:1::/56'], search = ['corp.example', 'a.b'], "+
		"delegation = {prefixes = ['2001:db8:100::/40', '2001:db8:2::/60'], length = 60}}\n", 1) +
		"delegated6 = '2001:db8:100:70::/60'\n[[user]]\nname = 'a'\npassword = 'x'\ndelegated6 = '2001:db8:3::/48'\n"
	c, err := Parse("pns.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &IPv6{Prefixes: []netip.Prefix{p("2001:db8:1::/56")}, Search: []string{"corp.example", "a.b"},
		Delegated: []netip.Prefix{p("2001:db8:100::/40"), p("2001:db8:2::/60")}, Length: 60}
	if !reflect.DeepEqual(c.LAN.IPv6, want) || c.Users[0].Delegated != p("2001:db8:100:70::/60") || c.Users[1].Delegated != p("2001:db8:3::/48") {
		t.Errorf("%+v, %+v", c.LAN.IPv6, c.Users)
	}
	given := c.LAN.Given()
	behind := pool.Options{Name: pool.Delegated, Ranges: []pool.Range{{First: ip("2001:db8:100::"), Last: ip("2001:db8:1ff:ffff::"), Bits: 60},
		{First: ip("2001:db8:2::"), Last: ip("2001:db8:2:f::"), Bits: 60}}}
	if len(given) != 3 || !reflect.DeepEqual(given[2], behind) {
		t.Errorf("%+v", given)
	}
	routes := c.LAN.Routes([]netip.Prefix{p("2001:db8:100:70::/60"), p("2001:db8:3::/48")})
	if want := []netip.Prefix{p("2001:db8:1::/56"), p("2001:db8:100::/40"), p("2001:db8:2::/60"), p("2001:db8:3::/48")}; !slices.Equal(routes[len(routes)-4:], want) {
		t.Errorf("%v", routes)
	}
	c.LAN.IPv6.Delegated = nil
	if given := c.LAN.Given(); len(given) != 2 {
		t.Errorf("without delegation %+v", given)
	}
}

func TestMistakesOfDelegation(t *testing.T) {
	const pool = "addresses = ['2.1.1.129-2.1.1.190']\n"
	const six = pool + "mode = 'tun'\n[lan.ipv6]\nprefixes = ['2001:db8:1::/56']\n"
	users := func(keys ...string) (all string) {
		for i, key := range keys {
			all += "[[user]]\nname = 'u" + string(rune('a'+i)) + "'\npassword = 'x'\n" + key + "\n"
		}
		return all
	}
	for _, tt := range []struct{ name, lan, want string }{
		{"delegation without prefixes", six + "[lan.ipv6.delegation]\nlength = 56", `10: lan.ipv6.delegation.prefixes: missing; would be right: prefixes = ["2001:db8:100::/40"]`},
		{"nothing to delegate", six + "[lan.ipv6.delegation]\nprefixes = []", `11: lan.ipv6.delegation.prefixes: names no prefix; would be right: prefixes = ["2001:db8:100::/40"]`},
		{"what is delegated", six + "[lan.ipv6.delegation]\nlength = 60\nprefixes = ['2001:db8:100::/40', '2001:db8:180::/60', '2001:db8:1::/48', '2001:db8:2::/61', '2001::/35', 'fe80::/48']", `12: lan.ipv6.delegation.prefixes[2]: "2001:db8:180::/60" overlaps 2001:db8:100::/40; would be right: each network once
12: lan.ipv6.delegation.prefixes[3]: "2001:db8:1::/48" overlaps 2001:db8:1::/56; would be right: each network once
12: lan.ipv6.delegation.prefixes[4]: "2001:db8:2::/61" is too small for the /60 of a caller; would be right: "2001:db8:100::/40"
12: lan.ipv6.delegation.prefixes[5]: "2001::/35" has more than 16777216 prefixes of length 60; would be right: "2001:db8:100::/40"
12: lan.ipv6.delegation.prefixes[6]: "fe80::/48" is no network of IPv6 that hosts can be in; would be right: "2001:db8:1::/56"`},
		{"length of what is delegated", six + "[lan.ipv6.delegation]\nlength = 65\nprefixes = ['2001:db8:100::/40']", `11: lan.ipv6.delegation.length: 65 is out of range; would be right: a whole number from 32 to 64`},
		{"a name server behind a caller", six + "dns = ['2001:db8:100::53']\n[lan.ipv6.delegation]\nprefixes = ['2001:db8:100::/40']", `10: lan.ipv6.dns[1]: "2001:db8:100::53" is among the callers' networks, so a caller may get it; would be right: an address that no caller gets`},
		{"domains", six + "search = ['corp.example', '', 'a..b', 'a b', 'corp.example', '" + strings.Repeat("x", 64) + "', '" + strings.Repeat("a.", 119) + "aa']", `10: lan.ipv6.search[2]: "" is no domain; would be right: "corp.example"
10: lan.ipv6.search[3]: "a..b" is no domain; would be right: "corp.example"
10: lan.ipv6.search[4]: "a b" is no domain; would be right: "corp.example"
10: lan.ipv6.search[5]: "corp.example" stands twice; would be right: once
10: lan.ipv6.search[6]: "` + strings.Repeat("x", 60) + `"… is no domain; would be right: "corp.example"
10: lan.ipv6.search[7]: "` + strings.Repeat("a.", 30) + `"… is one too many, or too long; would be right: 255 octets for all, two more than its text for each`},
		{"users' prefixes", six + "dns = ['2001:db8:2::53']\n[lan.ipv6.delegation]\nprefixes = ['2001:db8:100::/40', '2001:db8:400::/40']\n" + users("prefix6 = '2001:db8:100:7::/64'", "delegated6 = '2001:db8:1:80::/57'",
			"delegated6 = '2001:db8:100:700::/60'", "delegated6 = '2001:db8:400::/39'", "delegated6 = '2001:db8:2::/48'", "delegated6 = '2001::/31'", "delegated6 = '2001:db8:100:800::/56'"),
			`16: user[1].prefix6: 2001:db8:100:7::/64 is a part of 2001:db8:100::/40, which is delegated to callers; would be right: a network outside
20: user[2].delegated6: 2001:db8:1:80::/57 overlaps 2001:db8:1::/56 of lan.ipv6.prefixes; would be right: a network outside
24: user[3].delegated6: 2001:db8:100:700::/60 is no /56, and overlaps 2001:db8:100::/40, of which each is; would be right: a /56 of it, or a network outside
28: user[4].delegated6: 2001:db8:400::/39 is no /56, and overlaps 2001:db8:400::/40, of which each is; would be right: a /56 of it, or a network outside
32: user[5].delegated6: 2001:db8:2::/48 has an address of lan.ipv6.dns; would be right: a network without hosts
36: user[6].delegated6: "2001::/31" is not between a /32 and a /64; would be right: "2001:db8:100::/56"`},
		{"a user's prefix without IPv6", pool + "[[user]]\nname = 'a'\npassword = 'x'\ndelegated6 = '2001:db8:1::/56'", `10: user[1].delegated6: is of no use without [lan.ipv6]; would be right: both, or none`},
	} {
		text := strings.Replace(least, "addresses = [\"2.1.1.129-2.1.1.190\"]\n", tt.lan+"\n", 1)
		wrong(t, tt.name, text, tt.want)
	}
}
