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
	l.pool(pool.Default, t)
	tables := root.Tables("pool")
	names := make(conf.Seen)
	for _, p := range tables {
		p.Need("name", `"sales"`)
		p.Need("addresses", `["2.1.2.0/24"]`)
		name := conf.Value(p, "name", "", poolName)
		names.Once(p, "name", name)
		l.pool(name, p)
	}
	for i, p := range append([]*conf.Table{t}, tables...) {
		l.chain(p, l.Pools[i])
	}
}

func poolName(s string) (string, error) {
	if s == pool.Default || s == "fixed" { // as metrics call them
		return "", conf.Unfit("is the name of something else", `"sales"`)
	}
	return conf.Name(s)
}

// pool reads the addresses of one pool, behind those that l has.
func (l *LAN) pool(name string, t *conf.Table) {
	l.Pools = append(l.Pools, pool.Options{Name: name, Next: t.Text("next", "")})
	conf.Values(t, "addresses", func(s string) (pool.Range, error) { return l.addresses(&l.Pools[len(l.Pools)-1], s) })
}

// chain checks where a pool's callers go when it is exhausted.
func (l *LAN) chain(t *conf.Table, p pool.Options) {
	next := func(name string) (pool.Options, bool) {
		i := slices.IndexFunc(l.Pools, func(o pool.Options) bool { return o.Name == name })
		if i < 0 {
			return pool.Options{}, false
		}
		return l.Pools[i], true
	}
	if p.Next == "" || !t.Good("next") {
		return
	}
	at, ok := next(p.Next)
	if !ok {
		t.Bad("next", "%q is no [[pool]]; would be right: the name of one", p.Next)
	}
	for range l.Pools { // no chain is longer
		if at.Name == p.Name && ok {
			t.Bad("next", "%q leads back to %q; would be right: a chain that ends", p.Next, p.Name)
			return
		}
		at, ok = next(at.Next)
	}
}

// free says that a pool, or one that follows it, has an address that is not
// taken.
func (l *LAN) free(first int, taken map[netip.Addr]bool) bool {
	for range l.Pools { // no chain is longer
		p := l.Pools[first]
		for _, r := range p.Ranges {
			for a := r.First; r.Contains(a); a = a.Next() {
				if !taken[a] {
					return true
				}
			}
		}
		first = slices.IndexFunc(l.Pools, func(o pool.Options) bool { return o.Name == p.Next && p.Next != "" })
		if first < 0 {
			break
		}
	}
	return false
}

// addresses parses a range of a pool, behind the ones that l has.
func (l *LAN) addresses(p *pool.Options, s string) (pool.Range, error) {
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
	for _, other := range l.ranges() {
		if r.Contains(other.First) || other.Contains(r.First) {
			return r, conf.Unfit(fmt.Sprintf("overlaps %v", other), "each address once")
		}
	}
	p.Ranges = append(p.Ranges, r)
	return r, nil
}

// ranges are those of all pools.
func (l *LAN) ranges() (all []pool.Range) {
	for _, p := range l.Pools {
		all = append(all, p.Ranges...)
	}
	return all
}

// named checks that there is a pool of this name.
func (l *LAN) named(s string) (string, error) {
	if s == "" || !slices.ContainsFunc(l.Pools, func(p pool.Options) bool { return p.Name == s }) {
		return "", conf.Unfit("is no [[pool]]", "the name of one")
	}
	return s, nil
}
