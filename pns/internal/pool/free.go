package pool

import (
	"container/list"
	"net/netip"
	"time"
)

// A pool is one pool's addresses, under the lock of its Pools.
type pool struct {
	name   string
	ranges []Range
	next   *pool
	leased bool // the LAN's DHCP server has them
	kept   map[netip.Addr]int
	known  map[netip.Addr]bool // given out already when the pool was put in place of another
	size   int                 // addresses in ranges, without those kept
	at     int                 // the range with the next address never given out
	fresh  netip.Addr          // that address; invalid when there is none left

	idle *list.List // of *idle: given back, the longest unused first
	gone map[netip.Addr]*list.Element
}

// An idle address was used, or somebody else has it.
type idle struct {
	addr  netip.Addr
	since time.Time // when it was last used; zero: never
	by    string    // the user who did
	until time.Time // not given out before, zero: at any time
}

func newPool(name string, ranges []Range, kept map[netip.Addr]int) *pool {
	p := &pool{name: name, ranges: ranges, kept: kept, known: make(map[netip.Addr]bool), idle: list.New(), gone: make(map[netip.Addr]*list.Element)}
	for _, r := range ranges {
		p.size += r.size()
	}
	for a := range kept {
		if p.contains(a) {
			p.size--
		}
	}
	if len(ranges) > 0 {
		p.fresh = ranges[0].First
	}
	return p
}

func (p *pool) contains(a netip.Addr) bool {
	for _, r := range p.ranges {
		if r.Contains(a) {
			return true
		}
	}
	return false
}

// bits is the length of the network that a is the first address of, or of an
// address.
func (p *pool) bits(a netip.Addr) int {
	for _, r := range p.ranges {
		if r.Contains(a) {
			return r.bits()
		}
	}
	return a.BitLen()
}

// kind tells pools apart of which a user has something at the same time.
func (p *pool) kind() string {
	if p.name == IPv6 || p.name == Delegated {
		return p.name
	}
	return ""
}

// take takes one address that was given back, for a user who had it; nil: it is
// not there, or somebody else had it later and within hold.
func (p *pool) take(a netip.Addr, user string, now time.Time, hold time.Duration) *idle {
	e := p.gone[a]
	if e == nil {
		return nil
	}
	i := e.Value.(*idle)
	if now.Before(i.until) || i.by != user && now.Sub(i.since) < hold {
		return nil
	}
	return p.remove(e)
}

// oldest takes the address that has been unused for longest, and for at least
// hold; nil: there is none.
func (p *pool) oldest(now time.Time, hold time.Duration) *idle {
	e := p.idle.Front()
	for e != nil && now.Before(e.Value.(*idle).until) {
		e = e.Next()
	}
	if e != nil && e.Value.(*idle).since.IsZero() {
		return p.remove(e)
	}
	if a, ok := p.never(); ok {
		return &idle{addr: a}
	}
	if e != nil && now.Sub(e.Value.(*idle).since) >= hold {
		return p.remove(e)
	}
	return nil
}

// never is the next address that nobody has had.
func (p *pool) never() (netip.Addr, bool) {
	for p.fresh.IsValid() {
		a := p.fresh
		p.fresh = p.ranges[p.at].next(a)
		if !p.fresh.IsValid() && p.at+1 < len(p.ranges) {
			p.at++
			p.fresh = p.ranges[p.at].First
		}
		if p.kept[a] == 0 && !p.known[a] {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// give puts an address back to its place in the order of use: mostly at the
// end, or at the beginning when it was reserved in vain.
func (p *pool) give(i *idle) {
	before := p.idle.Front()
	if last := p.idle.Back(); last != nil && !i.since.Before(last.Value.(*idle).since) {
		before = nil
	}
	for before != nil && before.Value.(*idle).since.Before(i.since) {
		before = before.Next()
	}
	if before == nil {
		p.gone[i.addr] = p.idle.PushBack(i)
	} else {
		p.gone[i.addr] = p.idle.InsertBefore(i, before)
	}
}

func (p *pool) remove(e *list.Element) *idle {
	i := p.idle.Remove(e).(*idle)
	delete(p.gone, i.addr)
	return i
}

// avoided counts the addresses that are not given out now.
func (p *pool) avoided(now time.Time) (n int) {
	for e := p.idle.Front(); e != nil; e = e.Next() {
		if now.Before(e.Value.(*idle).until) {
			n++
		}
	}
	return n
}
