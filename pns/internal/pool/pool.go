// Package pool keeps the addresses that callers get. An address is reserved
// before its caller is told that she is accepted, committed when she uses it,
// and goes back when her call ends. The same user gets her last address again if
// it is free; otherwise the one unused for longest is given out first, so that
// late packets of an ended call rarely find a new owner.
package pool

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// Default is the name of the pool of users without one of their own, IPv6 that of
// the pool of IPv6 networks, a /64 for each caller's link, and Delegated that of those
// that are for networks behind callers.
const (
	Default   = "default"
	IPv6      = "ipv6"
	Delegated = "delegated"
)

// ErrFull says that every address of the pool, and of those after it, is taken.
var ErrFull = errors.New("no address is free")

// ErrInUse is what a fixed address gives that a call has already.
var ErrInUse = errors.New("the address is in use")

// Options are one pool.
type Options struct {
	Name   string
	Ranges []Range
	Next   string // the pool that helps out when this one is exhausted; "": none
	DHCP   bool   // the LAN's DHCP server has the addresses; there are no Ranges, and no Next
}

// Pools are all addresses that callers can have. Any goroutine may use them.
// There is an entry for each address that was ever given out, none for the
// others.
type Pools struct {
	// Hold is how long an address stays unused after a call, as long as another
	// one is free that has not been used for so long, here or in the next pools.
	Hold time.Duration
	// Avoid is how long an address is not given out that somebody else has.
	Avoid time.Duration

	mu     sync.Mutex
	pools  map[string]*pool
	order  []*pool            // as they were given
	kept   map[netip.Addr]int // the lengths of what begins there
	leases map[netip.Addr]*Lease
	last   map[owner]netip.Addr // of users who had an address of a pool
}

// An owner is a user who had an address of a kind of pool's.
type owner struct{ user, kind string }

// New makes pools of addresses, which must not overlap. The addresses in keep
// are never given out by Reserve: users' fixed ones, whole networks of IPv6 among them, and
// the PNS's own. The
// error names what is wrong: two ranges that overlap, a name that stands twice,
// a next pool that does not exist or leads back.
func New(all []Options, keep []netip.Prefix) (*Pools, error) {
	ps := &Pools{pools: make(map[string]*pool), kept: make(map[netip.Addr]int),
		leases: make(map[netip.Addr]*Lease), last: make(map[owner]netip.Addr)}
	for _, p := range keep {
		ps.kept[p.Addr()] = p.Bits()
	}
	for _, o := range all {
		if ps.pools[o.Name] != nil {
			return nil, fmt.Errorf("two pools are called %q", o.Name)
		}
		p := newPool(o.Name, o.Ranges, ps.kept)
		p.leased = o.DHCP
		ps.pools[o.Name], ps.order = p, append(ps.order, p)
	}
	if a, b, ok := overlap(all); ok {
		return nil, fmt.Errorf("%v and %v overlap", a, b)
	}
	for _, o := range all {
		if o.Next == "" {
			continue
		}
		next := ps.pools[o.Next]
		if next == nil {
			return nil, fmt.Errorf("the pool %q, next to %q, does not exist", o.Next, o.Name)
		}
		for n := next; n != nil; n = n.next {
			if n.name == o.Name {
				return nil, fmt.Errorf("the pool %q leads back to itself", o.Name)
			}
		}
		ps.pools[o.Name].next = next
	}
	return ps, nil
}

// overlap finds two ranges that have an address in common.
func overlap(all []Options) (a, b Range, ok bool) {
	var seen []Range
	for _, o := range all {
		for _, r := range o.Ranges {
			for _, s := range seen {
				if r.Contains(s.First) || s.Contains(r.First) {
					return s, r, true
				}
			}
			seen = append(seen, r)
		}
	}
	return a, b, false
}

// Reserve takes an address for a user from a pool or those next to it, or fails
// with ErrFull: the one she had last, if it is there and free; else one that has
// not been used for longest; of those that have been used in the time of Hold
// one only when there is no other.
func (ps *Pools) Reserve(from, user string) (*Lease, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	first, now := ps.pools[from], time.Now()
	if first == nil {
		return nil, fmt.Errorf("there is no pool %q", from)
	}
	if a, had := ps.last[owner{user, first.kind()}]; had && ps.leases[a] == nil && ps.kept[a] == 0 {
		for p := first; p != nil; p = p.next {
			if i := p.take(a, user, now, ps.Hold); i != nil {
				return ps.lease(&Lease{pool: p, addr: a, user: user, was: i}), nil
			}
		}
	}
	for _, hold := range []time.Duration{ps.Hold, 0} {
		for p := first; p != nil; p = p.next {
			if i := p.oldest(now, hold); i != nil {
				return ps.lease(&Lease{pool: p, addr: i.addr, user: user, was: i}), nil
			}
		}
	}
	return nil, ErrFull
}

// ReserveFixed takes the address a, or the network that begins there, in the pools'
// ranges or not, which keep named. It fails with ErrInUse while a call has it.
func (ps *Pools) ReserveFixed(a netip.Addr) (*Lease, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.kept[a] == 0 {
		return nil, fmt.Errorf("%v is not a fixed address", a)
	}
	if ps.leases[a] != nil {
		return nil, ErrInUse
	}
	return ps.lease(&Lease{addr: a, bits: ps.kept[a]}), nil
}

// FromDHCP tells whether the addresses of a pool come from the LAN's DHCP server.
func (ps *Pools) FromDHCP(name string) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.pools[name]
	return p != nil && p.leased
}

// Take notes that a call of the user's has an address that the LAN's DHCP server
// gave, for a pool of which FromDHCP is true. It fails with ErrInUse where a call has
// it, it is a user's own or the PNS's, or a pool gives it out itself.
func (ps *Pools) Take(from, user string, a netip.Addr) (*Lease, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.pools[from]
	if p == nil || !p.leased {
		return nil, fmt.Errorf("there is no pool %q", from)
	}
	switch other := ps.of(a); {
	case ps.leases[a] != nil:
		return nil, ErrInUse
	case ps.kept[a] > 0:
		return nil, fmt.Errorf("%w: %v is a user's own, or ours", ErrInUse, a)
	case other != nil:
		return nil, fmt.Errorf("%w: %v is in the pool %q", ErrInUse, a, other.name)
	}
	return ps.lease(&Lease{pool: p, addr: a, user: user, dhcp: true}), nil
}

func (ps *Pools) lease(l *Lease) *Lease {
	l.pools = ps
	if l.pool != nil {
		l.bits = l.pool.bits(l.addr)
	}
	ps.leases[l.addr] = l
	return l
}

// Stats is how the addresses of one pool stand. Kept ones are in none.
type Stats struct {
	Free     int // may be given out, those among them that were used a moment ago
	Reserved int // for a caller who is not online yet
	Used     int
	Avoided  int  // somebody else has them
	DHCP     bool // they are the LAN's DHCP server's: nobody here knows how many are free
}

// Stats calls f for each pool, in the order of New, and returns how many fixed
// addresses are reserved or used.
func (ps *Pools) Stats(f func(pool string, s Stats)) (fixed int) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	stats := make(map[*pool]Stats)
	for _, l := range ps.leases {
		s := stats[l.pool]
		if l.used {
			s.Used++
		} else {
			s.Reserved++
		}
		stats[l.pool] = s
	}
	now := time.Now()
	for _, p := range ps.order {
		s := stats[p]
		s.Avoided = p.avoided(now)
		if s.DHCP = p.leased; !s.DHCP {
			s.Free = p.size - s.Used - s.Reserved - s.Avoided
		}
		f(p.name, s)
	}
	return stats[nil].Used + stats[nil].Reserved
}
