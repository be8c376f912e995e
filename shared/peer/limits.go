package peer

import (
	"net/netip"
	"sync"
	"time"
)

// Limits bound what a peer may have of this endpoint, so that one leaves the
// others theirs. Each number holds for control connections, and again for calls,
// as far as the peer began them. A source is an address that connections come
// from. A zero field bounds nothing.
type Limits struct {
	All    int // at once, of all peers of that Name together
	Source int // at once, of one source
	Rate   int // begun in a second by one source; ten seconds' worth may come at once
}

const (
	// burstSeconds is how long a source may save up its Rate.
	burstSeconds = 10

	// What strangers have of an endpoint: enough that each hears that she is refused.
	strangersAll    = 64
	strangersSource = 4
	strangersRate   = 5

	// silentSource is how many connections of one source may be waiting for their
	// Start-Control-Connection-Request.
	silentSource = 16

	// fewSources is how many are kept before those with nothing are looked for.
	fewSources = 1024
)

// strange is what holds for those whom the Handler does not know.
var strange = Limits{All: strangersAll, Source: strangersSource, Rate: strangersRate}

// An item is what a gate counts.
type item uint8

const (
	strangers   item = iota // connections of those whom nobody knows, until they are closed
	connections             // that are established
	calls
	items
)

// A tally is how many of each item somebody has.
type tally [items]int

// A gate knows what each source has. It is asked by accept and by the readers
// of connections, and asks nobody.
type gate struct {
	mu      sync.Mutex
	sources map[netip.Addr]*source
	groups  map[string]*tally // by Remote.Name
	sweep   int               // how many sources make a sweep worth while
}

// A source is an address with what it has, and how much it has begun lately.
type source struct {
	tally
	spent [items]allowance
}

func newGate() *gate {
	return &gate{sources: make(map[netip.Addr]*source), groups: make(map[string]*tally), sweep: fewSources}
}

// spend says if a source may begin one more now, by l.Rate.
func (g *gate) spend(what item, from netip.Addr, l Limits, now time.Time) bool {
	if l.Rate == 0 {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.source(from, now).spent[what].take(l.Rate, now)
}

// enter gives a source one more, which leave takes back, unless it or its group
// has enough of them.
func (g *gate) enter(what item, from netip.Addr, group string, l Limits) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, all := g.source(from, time.Now()), g.groups[group]
	if all == nil {
		all = new(tally)
		g.groups[group] = all
	}
	if l.Source > 0 && s.tally[what] >= l.Source || l.All > 0 && all[what] >= l.All {
		return false
	}
	s.tally[what]++
	all[what]++
	return true
}

// leave is the end of what enter gave.
func (g *gate) leave(what item, from netip.Addr, group string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sources[from].tally[what]--
	if all := g.groups[group]; all[what] > 1 {
		all[what]--
	} else if all[what] = 0; *all == (tally{}) {
		delete(g.groups, group)
	}
}

// source finds or makes what is known of an address; mu is held. Those that have
// nothing and have saved up everything are forgotten by and by.
func (g *gate) source(from netip.Addr, now time.Time) *source {
	s := g.sources[from]
	if s != nil {
		return s
	}
	if len(g.sources) >= g.sweep {
		for a, old := range g.sources {
			if old.idle(now) {
				delete(g.sources, a)
			}
		}
		g.sweep = max(fewSources, 2*len(g.sources))
	}
	s = new(source)
	g.sources[from] = s
	return s
}

// idle says if a source is like one that was never seen.
func (s *source) idle(now time.Time) bool {
	for _, a := range s.spent {
		if now.Before(a.free) {
			return false
		}
	}
	return s.tally == tally{}
}

// An allowance is how much somebody has begun lately, as the time at which all
// of it is made good.
type allowance struct{ free time.Time }

// take has one more begin, if rate a second allows that.
func (a *allowance) take(rate int, now time.Time) bool {
	each := time.Second / time.Duration(rate)
	next := a.free
	if next.Before(now) {
		next = now
	}
	if next = next.Add(each); next.Sub(now) > burstSeconds*time.Second {
		return false
	}
	a.free = next
	return true
}
