package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"carrier/pns/internal/pool"
	"carrier/shared/conf"
)

// pools reads lan.addresses, the default pool, and those with a name.
func (l *LAN) pools(root *conf.Table) {
	t := root.Table("lan")
	var all spans
	read := func(name string, t *conf.Table) {
		p := pool.Options{Name: name, Next: t.Text("next", "")}
		if p.DHCP = t.IsText("addresses"); p.DHCP {
			t.Choice("addresses", "", dhcpServer)
		} else {
			p.Ranges = conf.Values(t, "addresses", all.addresses)
		}
		l.Pools = append(l.Pools, p)
	}
	read(pool.Default, t)
	tables := root.Tables("pool")
	names := make(conf.Seen)
	for _, p := range tables {
		p.Need("name", `"sales"`)
		p.Need("addresses", `["2.1.2.0/24"]`)
		name := conf.Value(p, "name", "", poolName)
		names.Once(p, "name", name)
		read(name, p)
	}
	l.chains(append([]*conf.Table{t}, tables...))
}

// dhcpServer stands in the place of addresses that come from the LAN's.
const dhcpServer = "dhcp"

// leased checks pools whose addresses come from the LAN's DHCP server, and is the
// interface of that; "": there is no such pool.
func (l *LAN) leased(root *conf.Table) string {
	tables := append([]*conf.Table{root.Table("lan")}, root.Tables("pool")...) // as l.Pools
	on := ""
	for i, p := range l.Pools {
		t := tables[i]
		if to, ok := l.names()[p.Next]; ok && t.Good("next") && (p.DHCP || l.Pools[to].DHCP) {
			t.Bad("next", `leads from or to addresses = "dhcp", where nobody knows what is left; would be right: without it`)
		}
		if !p.DHCP || !t.Good("addresses") || !root.Table("lan").Good("mode") {
			continue
		}
		if l.TUN == nil || len(l.TUN.ProxyARP) != 1 {
			t.Bad("addresses", `"dhcp" needs the LAN of the server; would be right: mode = "tun" in [lan], and the one interface in lan.tun.proxy_arp`)
			continue
		}
		on = l.TUN.ProxyARP[0]
	}
	return on
}

func poolName(s string) (string, error) {
	if s == pool.Default || s == pool.IPv6 || s == pool.Delegated || s == "fixed" { // as metrics call them
		return "", conf.Unfit("is the name of something else", `"sales"`)
	}
	return conf.Name(s)
}

// addresses parses a range of a pool, which overlaps none of all.
func (all *spans) addresses(s string) (pool.Range, error) {
	const right = `"2.1.1.129-2.1.1.190", "2.1.1.128/26" or "2.1.1.129"`
	if strings.Contains(s, "/") {
		if _, err := conf.Prefix(s); err != nil {
			return pool.Range{}, err
		}
	}
	r, err := pool.ParseRange(s)
	if err != nil {
		return r, conf.Unfit("is no range: "+err.Error(), right)
	}
	for _, no := range noHosts {
		if r.Contains(no.Addr()) || no.Contains(r.First) {
			return r, conf.Unfit(fmt.Sprintf("has addresses of %v, which no host has", no), right)
		}
	}
	if other, ok := all.add(r); !ok {
		return r, conf.Unfit(fmt.Sprintf("overlaps %v", other), "each address once")
	}
	return r, nil
}

// spans are the ranges of all pools, by their addresses.
type spans []pool.Range

// add adds a range, or returns one that it overlaps.
func (all *spans) add(r pool.Range) (other pool.Range, ok bool) {
	i, _ := slices.BinarySearchFunc(*all, r.First, func(s pool.Range, a netip.Addr) int { return s.Last.Compare(a) })
	if i < len(*all) && !r.Last.Less((*all)[i].First) {
		return (*all)[i], false
	}
	*all = slices.Insert(*all, i, r)
	return r, true
}

// ranges are those of all pools.
func (l *LAN) ranges() (all []pool.Range) {
	for _, p := range l.Pools {
		all = append(all, p.Ranges...)
	}
	return all
}
