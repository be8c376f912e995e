// Package pool keeps the addresses that callers get. An address is reserved
// before its caller is told that she is accepted, committed when she uses it,
// and goes back when her call ends; the one unused for longest is given out
// first, so that late packets of an ended call rarely find a new owner.
package pool

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
)

// ErrFull says that every address of the pool is taken.
var ErrFull = errors.New("no address is free")

// ErrInUse is what a fixed address gives that a call has already.
var ErrInUse = errors.New("the address is in use")

// A Pool may be used by any goroutine. It keeps an entry for each address that
// was ever given out, none for the others.
type Pool struct {
	mu     sync.Mutex
	ranges []Range
	size   int // addresses in ranges, without those kept
	kept   map[netip.Addr]bool
	at     int        // the range with the next address never given out
	next   netip.Addr // that address; invalid when there is none left
	free   fifo       // addresses given back, the longest unused first
	leases map[netip.Addr]*Lease
}

// New makes a pool of the addresses in ranges, which must not overlap. The
// addresses in keep are never given out by Reserve: users' fixed ones, and the
// PNS's own.
func New(ranges []Range, keep []netip.Addr) (*Pool, error) {
	p := &Pool{ranges: ranges, kept: map[netip.Addr]bool{}, leases: map[netip.Addr]*Lease{}}
	for i, r := range ranges {
		for _, s := range ranges[:i] {
			if r.Contains(s.First) || s.Contains(r.First) {
				return nil, fmt.Errorf("%v and %v overlap", s, r)
			}
		}
		p.size += r.size()
	}
	for _, a := range keep {
		if !p.kept[a] && p.contains(a) {
			p.size--
		}
		p.kept[a] = true
	}
	if len(ranges) > 0 {
		p.next = ranges[0].First
	}
	return p, nil
}

func (p *Pool) contains(a netip.Addr) bool {
	for _, r := range p.ranges {
		if r.Contains(a) {
			return true
		}
	}
	return false
}

// Reserve takes the address that has been unused for longest, or fails with
// ErrFull.
func (p *Pool) Reserve() (*Lease, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.fresh()
	if !ok {
		if a, ok = p.free.pop(); !ok {
			return nil, ErrFull
		}
	}
	return p.lease(a, false), nil
}

// ReserveFixed takes the address a, in the pool's ranges or not, which keep
// named. It fails with ErrInUse while a call has it.
func (p *Pool) ReserveFixed(a netip.Addr) (*Lease, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.kept[a] {
		return nil, fmt.Errorf("%v is not a fixed address", a)
	}
	if p.leases[a] != nil {
		return nil, ErrInUse
	}
	return p.lease(a, true), nil
}

func (p *Pool) lease(a netip.Addr, fixed bool) *Lease {
	l := &Lease{pool: p, addr: a, fixed: fixed}
	p.leases[a] = l
	return l
}

// fresh is the next address that nobody has had.
func (p *Pool) fresh() (netip.Addr, bool) {
	for p.next.IsValid() {
		a := p.next
		switch {
		case a != p.ranges[p.at].Last:
			p.next = a.Next()
		case p.at+1 < len(p.ranges):
			p.at++
			p.next = p.ranges[p.at].First
		default:
			p.next = netip.Addr{}
		}
		if !p.kept[a] {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// Stats is how the addresses stand. Fixed ones are not in Free, since nobody
// else can have them.
type Stats struct {
	Free     int // may be given out
	Reserved int // for a caller who is not online yet
	Used     int
	Fixed    int // fixed ones reserved or used
}

// Stats counts the addresses.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	var s Stats
	for _, l := range p.leases {
		switch {
		case l.fixed:
			s.Fixed++
		case l.used:
			s.Used++
		default:
			s.Reserved++
		}
	}
	s.Free = p.size - s.Used - s.Reserved
	return s
}
