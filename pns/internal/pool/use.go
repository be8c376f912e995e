package pool

import (
	"net/netip"
	"time"
)

// Use puts other pools in the place of those there are, as New takes them, and
// another Hold. The addresses that calls have stay theirs; when such a call ends
// its address goes to the pool that has it now, if any. What was in use lately is
// remembered. An error, as New's, changes nothing.
func (ps *Pools) Use(all []Options, keep []netip.Prefix, hold time.Duration) error {
	now, err := New(all, keep)
	if err != nil {
		return err
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.Hold = hold
	before := ps.order
	ps.pools, ps.order, ps.kept = now.pools, now.order, now.kept
	for _, p := range before {
		for e := p.idle.Front(); e != nil; e = e.Next() {
			i := e.Value.(*idle)
			if to := ps.of(i.addr); to != nil {
				to.known[i.addr] = true
				to.give(i)
			}
		}
	}
	for a, l := range ps.leases {
		was := l.pool
		if l.pool = ps.of(a); l.pool == nil {
			if was != nil && was.leased && ps.pools[was.name] != nil && ps.pools[was.name].leased {
				l.pool = ps.pools[was.name]
			}
			continue
		}
		l.pool.known[a] = true
		if l.was == nil {
			l.was = &idle{addr: a}
		}
	}
	return nil
}

// Leased lists the addresses and networks that calls have of pools, in no order: none
// that the LAN's DHCP server gave.
func (ps *Pools) Leased() []netip.Prefix {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	all := make([]netip.Prefix, 0, len(ps.leases))
	for _, l := range ps.leases {
		if !l.dhcp {
			all = append(all, l.Network())
		}
	}
	return all
}

// of is the pool that gives an address out; nil: none.
func (ps *Pools) of(a netip.Addr) *pool {
	if ps.kept[a] != 0 {
		return nil
	}
	for _, p := range ps.order {
		if p.contains(a) {
			return p
		}
	}
	return nil
}
