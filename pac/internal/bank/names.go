package bank

import "strconv"

// names are those of lines and of those that calls began on, while new ones are
// found.
type names struct {
	taken map[string]bool
	next  map[string]int // the lowest number that may be free, by what is before it
}

func newNames(slots []*slot) names {
	n := names{map[string]bool{}, map[string]int{}}
	for _, s := range slots {
		n.taken[s.name] = true
		if s.call != nil {
			n.taken[s.call.line] = true
		}
	}
	return n
}

// find gives a new line its name: BANK/LABEL, or BANK/NUMBER with the first
// number that is free.
func (n names) find(m Member) string {
	stem, first := m.Bank+"/", 1
	if m.Label != "" {
		name := stem + m.Label
		if !n.taken[name] {
			n.taken[name] = true
			return name
		}
		stem, first = name+"-", 2
	}
	for i := max(first, n.next[stem]); ; i++ {
		if name := stem + strconv.Itoa(i); !n.taken[name] {
			n.taken[name], n.next[stem] = true, i+1
			return name
		}
	}
}
