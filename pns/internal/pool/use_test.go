package pool

import (
	"errors"
	"net/netip"
	"testing"
)

// taken reserves addresses until there are none left.
func taken(ps *Pools) (all []string) {
	for {
		l, err := ps.Reserve(Default, "somebody")
		if err != nil {
			return all
		}
		all = append(all, l.Addr().String())
	}
}

// Pools that change under running calls: nobody's address changes or is given
// out twice, and what was used lately goes to the end.
func TestUse(t *testing.T) {
	of := func(s string) []Options {
		r, err := ParseRange(s)
		if err != nil {
			t.Fatal(err)
		}
		return []Options{{Name: Default, Ranges: []Range{r}}}
	}
	fixed := netip.MustParseAddr("2.1.1.9")
	ps, err := New(of("2.1.1.1-2.1.1.4"), hosts(fixed))
	if err != nil {
		t.Fatal(err)
	}
	ended, _ := ps.Reserve(Default, "alice") // .1
	ended.Commit()
	stays, _ := ps.Reserve(Default, "bob") // .2
	stays.Commit()
	coming, _ := ps.Reserve(Default, "carol") // .3
	ended.Release()
	permanent, err := ps.ReserveFixed(fixed)
	if err != nil {
		t.Fatal(err)
	}
	permanent.Commit()

	if err := ps.Use([]Options{{Name: Default, Next: "none"}}, nil, 0); err == nil {
		t.Error("a pool that does not exist is next to another")
	}
	if err := ps.Use(of("2.1.1.1-2.1.1.2"), hosts(fixed), 0); err != nil {
		t.Fatal(err)
	}
	if got := len(ps.Leased()); got != 3 {
		t.Errorf("%d addresses are leased", got)
	}
	if l, err := ps.Reserve(Default, "alice"); err != nil || l.Addr() != ended.Addr() {
		t.Errorf("alice gets %v, %v", l, err)
	} else {
		l.Release()
	}
	if got := taken(ps); len(got) != 1 || got[0] != "2.1.1.1" {
		t.Errorf("of the smaller pool %v are free", got)
	}
	coming.Commit()
	coming.Release() // to no pool
	coming.Release()

	// Back, and more: .9 is no longer anybody's own.
	if err := ps.Use(of("2.1.1.2-2.1.1.9"), nil, 0); err != nil {
		t.Fatal(err)
	}
	got := taken(ps)
	if len(got) != 6 || got[0] != "2.1.1.3" || got[5] != "2.1.1.8" {
		t.Errorf("of the larger pool %v are free", got)
	}
	stays.Release()
	permanent.Release()
	if got := taken(ps); len(got) != 2 || got[0] != "2.1.1.2" || got[1] != "2.1.1.9" {
		t.Errorf("of those given back %v are free", got)
	}
	if _, err := ps.ReserveFixed(fixed); err == nil || errors.Is(err, ErrInUse) {
		t.Errorf("an address of nobody: %v", err)
	}
}
