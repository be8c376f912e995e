package config

import (
	"fmt"
	"net/netip"
	"slices"

	"carrier/pns/internal/lan"
	"carrier/pns/internal/pool"
	"carrier/shared/conf"
)

// behind parses a network behind a user, or behind a server that is dialled.
func behind(s string) (netip.Prefix, error) {
	const right = `"10.2.0.0/16" or "2001:db8:2::/48"`
	p, err := conf.Prefix(s)
	switch {
	case err != nil:
		return p, err
	case p.Bits() == 0:
		err = conf.Unfit("is everything, the way to the tunnel's other end among it", right)
	case p.Addr().Is6() && (!lan.Forwardable6(p.Addr()) || p.Bits() > smallest):
		err = conf.Unfit("is no network of IPv6 that hosts can be in", right)
	case slices.ContainsFunc(noHosts, p.Overlaps):
		err = conf.Unfit("has addresses that no host on a network has", right)
	}
	return p, err
}

// beyond parses a network behind a server that is dialled, which may be everything.
func beyond(s string) (netip.Prefix, error) {
	if p, err := conf.Prefix(s); err == nil && p.Bits() == 0 {
		return p, nil
	}
	return behind(s)
}

// unrouted checks that networks behind somebody have nothing that is here, or a
// caller's.
func (l *LAN) unrouted(t *conf.Table, routes []netip.Prefix) {
	for n, p := range routes {
		if what := l.has(p); what != "" && p.Bits() > 0 {
			t.BadItem("routes", n, "%v overlaps %s; would be right: a network that is there alone", p, what)
		}
	}
}

// has is what of the LAN's and of callers' is in a network; "": nothing.
func (l *LAN) has(p netip.Prefix) string {
	if p.Addr().Is6() {
		return l.has6(p)
	}
	for _, one := range l.Pools {
		for _, r := range one.Ranges {
			if overlap(p, r) {
				return fmt.Sprintf("%v of the pool %q", r, one.Name)
			}
		}
	}
	for from := range l.Map {
		if p.Contains(from.Addr()) {
			return "what lan.userspace.map names"
		}
	}
	switch {
	case p.Contains(l.Local):
		return "lan.local, our own address"
	case slices.ContainsFunc(l.DNS, p.Contains):
		return "lan.dns"
	case slices.ContainsFunc(l.WINS, p.Contains):
		return "lan.wins"
	}
	return ""
}

func (l *LAN) has6(p netip.Prefix) string {
	if l.IPv6 == nil {
		return ""
	}
	for _, one := range slices.Concat(l.IPv6.Prefixes, l.IPv6.Delegated) {
		if one.Overlaps(p) {
			return fmt.Sprintf("%v of lan.ipv6", one)
		}
	}
	if slices.ContainsFunc(l.IPv6.DNS, p.Contains) {
		return "lan.ipv6.dns"
	}
	return ""
}

// overlap tells whether a network of IPv4 has addresses of a range.
func overlap(p netip.Prefix, r pool.Range) bool {
	return p.Contains(r.First) || p.Contains(r.Last) || r.Contains(p.Addr())
}
