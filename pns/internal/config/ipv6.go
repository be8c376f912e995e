package config

import (
	"net/netip"
	"slices"

	"carrier/pns/internal/lan"
	"carrier/pns/internal/ndp"
	"carrier/pns/internal/pool"
	"carrier/shared/conf"
)

// IPv6 is what callers get of it.
type IPv6 struct {
	Prefixes []netip.Prefix // each caller gets a /64 of them
	DNS      []netip.Addr
	Search   []string // domains
	// Delegated is for the networks behind callers: each who asks gets a prefix of
	// it, of the length Length.
	Delegated []netip.Prefix
	Length    int
}

// largest and smallest are the lengths that a prefix may have.
const largest, smallest = 40, 64

// six reads lan.ipv6; nil: there is none.
func (l *LAN) six(lan *conf.Table) *IPv6 {
	t := lan.Table("ipv6")
	x := new(IPv6)
	x.Prefixes = conf.Values(t, "prefixes", x.prefix)
	x.delegation(t.Table("delegation"))
	x.DNS = conf.Values(t, "dns", x.server)
	x.Search = conf.Values(t, "search", x.domain)
	if !t.Present() {
		return nil
	}
	t.Need("prefixes", `["2001:db8:1::/56"]`)
	if len(x.Prefixes) == 0 && t.Has("prefixes") && t.Good("prefixes") {
		t.Bad("prefixes", `names no prefix; would be right: prefixes = ["2001:db8:1::/56"]`)
	}
	if len(x.DNS) > ndp.MaxDNS {
		t.Bad("dns", "names %d servers; would be right: %d at most", len(x.DNS), ndp.MaxDNS)
	}
	if l.TUN == nil && lan.Good("mode") {
		lan.Bad("ipv6", `is carried through the kernel alone, and lan.mode is "userspace"; would be right: mode = "tun", or without it`)
	}
	return x
}

// prefix parses a prefix that overlaps none before it.
func (x *IPv6) prefix(s string) (netip.Prefix, error) {
	p, err := unicast6(s)
	switch {
	case err != nil:
		return p, err
	case p.Bits() > smallest:
		return p, conf.Unfit("is too small for the /64 of a caller", `"2001:db8:1::/56"`)
	case p.Bits() < largest:
		return p, conf.Unfit("is larger than a /40", `"2001:db8:1::/56"`)
	}
	if err := once(p, x.Prefixes); err != nil {
		return p, err
	}
	x.Prefixes = append(x.Prefixes, p)
	return p, nil
}

// once checks that p overlaps none of all.
func once(p netip.Prefix, all ...[]netip.Prefix) error {
	for _, other := range slices.Concat(all...) {
		if p.Overlaps(other) {
			return conf.Unfit("overlaps "+other.String(), "each network once")
		}
	}
	return nil
}

// server parses the address of a name server, which no caller may have.
func (x *IPv6) server(s string) (netip.Addr, error) {
	a, err := conf.Addr(s)
	switch {
	case err != nil:
		return a, err
	case !lan.Forwardable6(a):
		return a, conf.Unfit("is not the IPv6 address of a host beyond the link", `"2001:db8::53"`)
	case slices.ContainsFunc(slices.Concat(x.Prefixes, x.Delegated), func(p netip.Prefix) bool { return p.Contains(a) }):
		return a, conf.Unfit("is among the callers' networks, so a caller may get it", "an address that no caller gets")
	}
	return a, nil
}

// network6 parses the network of one caller.
func network6(s string) (netip.Prefix, error) {
	p, err := unicast6(s)
	if err == nil && p.Bits() != smallest {
		err = conf.Unfit("is not a /64", `"2001:db8:1:7::/64"`)
	}
	return p, err
}

func unicast6(s string) (netip.Prefix, error) {
	if _, err := netip.ParsePrefix(s); err != nil {
		return netip.Prefix{}, conf.Unfit("is not a prefix", `"2001:db8:1::/56"`)
	}
	p, err := conf.Prefix(s)
	if err == nil && !lan.Forwardable6(p.Addr()) {
		err = conf.Unfit("is no network of IPv6 that hosts can be in", `"2001:db8:1::/56"`)
	}
	return p, err
}

// Given are the pools of all that callers get, IPv6's networks among it.
func (l *LAN) Given() []pool.Options {
	if l.IPv6 == nil {
		return l.Pools
	}
	six := pool.Options{Name: pool.IPv6}
	for _, p := range l.IPv6.Prefixes {
		six.Ranges = append(six.Ranges, pool.Networks(p, smallest))
	}
	all := append(slices.Clone(l.Pools), six)
	if len(l.IPv6.Delegated) == 0 {
		return all
	}
	behind := pool.Options{Name: pool.Delegated}
	for _, p := range l.IPv6.Delegated {
		behind.Ranges = append(behind.Ranges, pool.Networks(p, l.IPv6.Length))
	}
	return append(all, behind)
}

// routes6 are the IPv6 networks that callers are in: the prefixes, and the fixed
// networks outside of them.
func (l *LAN) routes6(fixed []netip.Prefix) []netip.Prefix {
	if l.IPv6 == nil {
		return nil
	}
	all := slices.Concat(l.IPv6.Prefixes, l.IPv6.Delegated)
	for _, f := range fixed {
		inside := slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Bits() <= f.Bits() && p.Contains(f.Addr()) })
		if f.Addr().Is6() && !inside {
			all = append(all, f)
		}
	}
	return all
}
