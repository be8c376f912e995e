package config

import (
	"net"
	"net/netip"
	"strconv"

	"carrier/pns/internal/pool"
	"carrier/shared/conf"
)

// local is our address towards callers when nothing is said; no host has it, as
// with pppd.
var local = netip.AddrFrom4([4]byte{10, 64, 64, 64})

func network(t *conf.Table) LAN {
	conf.Value(t, "mode", "userspace", mode)
	l := LAN{
		Local:     conf.Value(t, "local", local, host),
		Addresses: conf.Values(t, "addresses", addresses),
		DNS:       conf.Values(t, "dns", host),
		WINS:      conf.Values(t, "wins", host),
	}
	inner := t.Table("userspace")
	l.OnlyMapped = inner.Bool("only_mapped", false)
	l.Map = mapping(inner.Table("map"))
	for i, r := range l.Addresses {
		for _, other := range l.Addresses[:i] {
			if r.Contains(other.First) || other.Contains(r.First) {
				t.BadItem("addresses", i, "%v overlaps %v; would be right: each address once", r, other)
			}
		}
	}
	l.reserved(t, inner)
	return l
}

// reserved checks that no host of the LAN has an address of the pool.
func (l LAN) reserved(t, inner *conf.Table) {
	for key, list := range map[string][]netip.Addr{"dns": l.DNS, "wins": l.WINS} {
		for i, a := range list {
			if l.pooled(a) {
				t.BadItem(key, i, "%v is among addresses, so a caller may get it; would be right: an address that no caller gets", a)
			}
		}
	}
	for from := range l.Map {
		if l.pooled(from.Addr()) {
			inner.Table("map").Bad(from.String(), "%v is among lan.addresses, so a caller may get it; would be right: an address that no caller gets", from.Addr())
		}
	}
}

func (l LAN) pooled(a netip.Addr) bool {
	for _, r := range l.Addresses {
		if r.Contains(a) {
			return true
		}
	}
	return false
}

// mapping reads "address:port" = "host:port".
func mapping(t *conf.Table) map[netip.AddrPort]string {
	all := make(map[netip.AddrPort]string)
	for _, key := range t.Keys() {
		from, err := netip.ParseAddrPort(key)
		if err != nil || !from.Addr().Is4() || from.Port() == 0 {
			t.Bad(key, `%q is not an IPv4 address and a port; would be right: "2.1.1.10:80" = "127.0.0.1:8080"`, key)
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

func mode(s string) (string, error) {
	switch s {
	case "userspace":
		return s, nil
	case "tun":
		return "", conf.Unfit("is a mode that this version does not have", conf.Quote("userspace"))
	}
	return "", conf.Unfit("is no mode", conf.Quote("userspace"))
}

// host parses the IPv4 address of one host.
func host(s string) (netip.Addr, error) {
	a, err := conf.Addr(s)
	switch {
	case err != nil:
		return a, err
	case !a.Is4():
		return netip.Addr{}, conf.Unfit("is not IPv4", `"192.0.2.1"`)
	case a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return netip.Addr{}, conf.Unfit("is not the address of a host on a network", `"192.0.2.1"`)
	}
	return a, nil
}

func addresses(s string) (pool.Range, error) {
	r, err := pool.ParseRange(s)
	if err != nil {
		return r, conf.Unfit("is no range: "+err.Error(), `"2.1.1.129-2.1.1.190", "2.1.1.128/26" or "2.1.1.129"`)
	}
	for _, a := range []netip.Addr{r.First, r.Last} {
		if _, err := host(a.String()); err != nil {
			return r, conf.Unfit("has addresses that no caller can have", `"2.1.1.129-2.1.1.190"`)
		}
	}
	return r, nil
}
