package config

import (
	"net/netip"

	"carrier/pns/internal/pool"
	"carrier/shared/conf"
)

// poolNames are the places of the pools in LAN.Pools, by their names.
type poolNames map[string]int

func (l *LAN) names() poolNames {
	names := make(poolNames, len(l.Pools))
	for i, p := range l.Pools {
		if _, twice := names[p.Name]; !twice && p.Name != "" {
			names[p.Name] = i
		}
	}
	return names
}

// named checks that there is a pool of this name.
func (n poolNames) named(s string) (string, error) {
	if _, ok := n[s]; !ok {
		return "", conf.Unfit("is no [[pool]]", "the name of one")
	}
	return s, nil
}

// end stands where no pool follows.
const end = -1

// next is, for each of l.Pools, the place of the pool that helps it out, or end.
func (l *LAN) next() []int {
	names, next := l.names(), make([]int, len(l.Pools))
	for i, p := range l.Pools {
		next[i] = end
		if to, ok := names[p.Next]; ok {
			next[i] = to
		}
	}
	return next
}

// chains checks where the callers of exhausted pools go; tables are those of
// l.Pools.
func (l *LAN) chains(tables []*conf.Table) {
	next := l.next()
	round := circles(next)
	for i, p := range l.Pools {
		switch t := tables[i]; {
		case p.Next == "" || !t.Good("next"):
		case next[i] == end:
			t.Bad("next", "%q is no [[pool]]; would be right: the name of one", p.Next)
		case round[i]:
			t.Bad("next", "%q leads back to %q; would be right: a chain that ends", p.Next, p.Name)
		}
	}
}

// circles says which pools their chain leads back to.
func circles(next []int) []bool {
	round, seen := make([]bool, len(next)), make([]int, len(next))
	for i := range next {
		walk, at := i+1, i
		for ; at != end && seen[at] == 0; at = next[at] {
			seen[at] = walk
		}
		if at == end || seen[at] != walk { // what an earlier walk saw is judged
			continue
		}
		for ; !round[at]; at = next[at] {
			round[at] = true
		}
	}
	return round
}

// free says which pools have an address that is not taken, of their own or of
// those that follow. No chain of theirs may lead back.
func (l *LAN) free(taken map[netip.Addr]bool) []bool {
	next, free, known := l.next(), make([]bool, len(l.Pools)), make([]bool, len(l.Pools))
	for i := range l.Pools {
		var before []int
		for at := i; at != end && !known[at]; at = next[at] {
			known[at], free[at] = true, has(l.Pools[at], taken)
			before = append(before, at)
		}
		for n := len(before) - 1; n >= 0; n-- {
			at := before[n]
			free[at] = free[at] || next[at] != end && free[next[at]]
		}
	}
	return free
}

// has says that a pool has an address that is not taken.
func has(p pool.Options, taken map[netip.Addr]bool) bool {
	if p.DHCP {
		return true
	}
	for _, r := range p.Ranges {
		for a := r.First; r.Contains(a); a = a.Next() {
			if !taken[a] {
				return true
			}
		}
	}
	return false
}
