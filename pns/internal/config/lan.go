package config

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"carrier/shared/conf"
)

// local is our address towards callers when nothing is said; no host has it, as
// with pppd.
var local = netip.AddrFrom4([4]byte{10, 64, 64, 64})

// noHosts are addresses of IPv4 that no host on a network has (RFC 1122 §3.2.1.3).
var noHosts = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/32"),         // unspecified
	netip.MustParsePrefix("127.0.0.0/8"),        // loopback
	netip.MustParsePrefix("224.0.0.0/4"),        // multicast
	netip.MustParsePrefix("255.255.255.255/32"), // broadcast
}

// network reads the LAN, and which services are relayed there.
func network(root *conf.Table) (l LAN, services []string) {
	t := root.Table("lan")
	l = LAN{Local: conf.Value(t, "local", local, host), Hold: t.Duration("hold", 5*time.Minute, 0, week)}
	l.pools(root)
	l.DNS = conf.Values(t, "dns", l.server)
	l.WINS = conf.Values(t, "wins", l.server)
	l.DHCP = l.informs(t.Table("dhcp"))
	inner := t.Table("userspace")
	l.OnlyMapped = inner.Bool("only_mapped", false)
	l.Map = l.mapping(inner.Table("map"))
	l.TUN = kernel(t)
	l.Relay, services = relayed(t, l.TUN)
	l.IPv6 = l.six(t)
	l.Leased = l.leased(root)
	return l, services
}

// server parses the address of a host of the LAN, which no caller may get.
func (l *LAN) server(s string) (netip.Addr, error) {
	a, err := host(s)
	if err == nil && l.pooled(a) {
		err = conf.Unfit("is among the callers' addresses, so a caller may get it", "an address that no caller gets")
	}
	return a, err
}

func (l *LAN) pooled(a netip.Addr) bool {
	for _, p := range l.Pools {
		for _, r := range p.Ranges {
			if r.Contains(a) {
				return true
			}
		}
	}
	return false
}

// mapping reads "address:port" = "host:port".
func (l *LAN) mapping(t *conf.Table) map[netip.AddrPort]string {
	all := make(map[netip.AddrPort]string)
	for _, key := range t.Keys() {
		from, err := netip.ParseAddrPort(key)
		if err != nil || !from.Addr().Is4() || from.Port() == 0 {
			t.Bad(key, `%q is not an IPv4 address and a port; would be right: "2.1.1.10:80" = "127.0.0.1:8080"`, key)
		} else if l.pooled(from.Addr()) {
			t.Bad(key, "%v is among the callers' addresses, so a caller may get it; would be right: an address that no caller gets", from.Addr())
		}
		to := conf.Value(t, key, "", target)
		if t.Good(key) {
			all[from] = to
		}
	}
	return all
}

// target parses where this host reaches what is mapped.
func target(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || host == "" || bad != nil || n == 0 {
		return "", conf.Unfit("is not a host and a port", `"127.0.0.1:8080"`)
	}
	return s, nil
}

// host parses the IPv4 address of one host.
func host(s string) (netip.Addr, error) {
	a, err := conf.Addr(s)
	switch {
	case err != nil:
		return a, err
	case !a.Is4():
		return netip.Addr{}, conf.Unfit("is not IPv4", `"192.0.2.1"`)
	case slices.ContainsFunc(noHosts, func(no netip.Prefix) bool { return no.Contains(a) }):
		return netip.Addr{}, conf.Unfit("is not the address of a host on a network", `"192.0.2.1"`)
	}
	return a, nil
}
