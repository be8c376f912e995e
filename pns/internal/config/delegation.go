package config

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"carrier/pns/internal/dhcp6"
	"carrier/pns/internal/users"
	"carrier/shared/conf"
)

// How many prefixes there may be to delegate of one, as a power of two, and the
// largest that a caller gets.
const shares, widest = 24, 32

// delegation reads lan.ipv6.delegation.
func (x *IPv6) delegation(t *conf.Table) {
	x.Length = t.Int("length", 56, widest, smallest)
	x.Delegated = conf.Values(t, "prefixes", x.share)
	if !t.Present() {
		return
	}
	t.Need("prefixes", `["2001:db8:100::/40"]`)
	if len(x.Delegated) == 0 && t.Has("prefixes") && t.Good("prefixes") {
		t.Bad("prefixes", `names no prefix; would be right: prefixes = ["2001:db8:100::/40"]`)
	}
}

// share parses a prefix that is delegated in parts, and overlaps none before it.
func (x *IPv6) share(s string) (netip.Prefix, error) {
	const right = `"2001:db8:100::/40"`
	p, err := unicast6(s)
	switch {
	case err != nil:
		return p, err
	case p.Bits() > x.Length:
		return p, conf.Unfit(fmt.Sprintf("is too small for the /%d of a caller", x.Length), right)
	case p.Bits() < x.Length-shares:
		return p, conf.Unfit(fmt.Sprintf("has more than %d prefixes of length %d", 1<<shares, x.Length), right)
	}
	if err := once(p, x.Prefixes, x.Delegated); err != nil {
		return p, err
	}
	x.Delegated = append(x.Delegated, p)
	return p, nil
}

// domain parses a domain of the search list. Together they fit an answer.
func (x *IPv6) domain(s string) (string, error) {
	const right = `"corp.example"`
	size := len(s) + 2
	for _, other := range x.Search {
		size += len(other) + 2
	}
	label := func(l string) bool { return l == "" || len(l) > 63 || strings.ContainsAny(l, " \t\r\n\x00/\\") }
	switch {
	case slices.ContainsFunc(strings.Split(s, "."), label):
		return "", conf.Unfit("is no domain", right)
	case slices.Contains(x.Search, s):
		return "", conf.Unfit("stands twice", "once")
	case size > dhcp6.MaxSearch:
		return "", conf.Unfit("is one too many, or too long", fmt.Sprintf("%d octets for all, two more than its text for each", dhcp6.MaxSearch))
	}
	x.Search = append(x.Search, s)
	return s, nil
}

// delegated6 parses the prefix for the networks behind one caller.
func delegated6(s string) (netip.Prefix, error) {
	p, err := unicast6(s)
	if err == nil && (p.Bits() < widest || p.Bits() > smallest) {
		err = conf.Unfit("is not between a /32 and a /64", `"2001:db8:100::/56"`)
	}
	return p, err
}

// free6 checks a user's own networks.
func free6(t *conf.Table, u users.User, l LAN) {
	x := cmp.Or(l.IPv6, new(IPv6))
	for key, p := range map[string]netip.Prefix{"prefix6": u.Prefix, "delegated6": u.Delegated} {
		shared, behind := overlapped(p, x.Prefixes), overlapped(p, x.Delegated)
		switch {
		case !p.IsValid():
		case l.IPv6 == nil:
			t.Bad(key, "is of no use without [lan.ipv6]; would be right: both, or none")
		case slices.ContainsFunc(x.DNS, p.Contains):
			t.Bad(key, "%v has an address of lan.ipv6.dns; would be right: a network without hosts", p)
		case key == "prefix6" && behind.IsValid():
			t.Bad(key, "%v is a part of %v, which is delegated to callers; would be right: a network outside", p, behind)
		case key == "delegated6" && shared.IsValid():
			t.Bad(key, "%v overlaps %v of lan.ipv6.prefixes; would be right: a network outside", p, shared)
		case behind.IsValid() && p.Bits() != x.Length:
			t.Bad(key, "%v is no /%d, and overlaps %v, of which each is; would be right: a /%[2]d of it, or a network outside", p, x.Length, behind)
		}
	}
}

// overlapped is the network of all that p overlaps; invalid: none.
func overlapped(p netip.Prefix, all []netip.Prefix) netip.Prefix {
	if i := slices.IndexFunc(all, p.Overlaps); i >= 0 {
		return all[i]
	}
	return netip.Prefix{}
}
