package peer

import (
	"context"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// tick is how exact a clock is: alarms ring up to one late, never early, and
	// those of one tick wake it once.
	tick = 10 * time.Millisecond
	// spokes is the length of a turn in ticks: 41 s. An alarm further away is
	// passed over once a turn.
	spokes = 4096
)

// A clock rings alarms when their time has come: a wheel with a list of alarms
// for each tick, and one goroutine, for all connections and calls of an
// endpoint. To set an alarm costs the same however many there are.
type clock struct {
	start time.Time // of tick 0, which never rings
	kick  chan struct{}

	mu    sync.Mutex
	now   int64 // the next tick to look at; those before have rung
	wakes int64 // the tick for which the goroutine sleeps
	wheel [spokes]*alarm
	full  [spokes / 64]uint64 // a bit for each spoke that has an alarm
}

// An alarm belongs to one clock. Its ring is called by the clock's goroutine,
// without locks, and must not block.
//
// Most deadlines move away, or are met, before their time. So an alarm may stand
// on an earlier spoke than it is due: when that one's turn comes the clock looks,
// and puts it where it belongs, or nowhere. To move it away, or to take it back,
// costs no lock and touches no other alarm.
type alarm struct {
	ring       func(now time.Time)
	due        atomic.Int64 // the tick to ring at; 0: it is not to ring
	at         atomic.Int64 // the tick on whose spoke it stands; 0: on none. Written under the clock's lock
	next, back *alarm       // on the same spoke
}

func newClock() *clock {
	return &clock{start: time.Now().Add(-tick), kick: make(chan struct{}, 1), now: 1}
}

// tickOf is the first tick at or after t, at least 1.
func (c *clock) tickOf(t time.Time) int64 {
	return max(int64((t.Sub(c.start)+tick-1)/tick), 1)
}

// set has a ring at t, once, in place of what was set before; zero takes it
// back. A ring that is being called meanwhile is not waited for.
func (c *clock) set(a *alarm, t time.Time) {
	var due int64
	if !t.IsZero() {
		due = c.tickOf(t)
	}
	if a.due.Load() == due {
		return // whoever set that has placed it, or is about to
	}
	a.due.Store(due)
	// In this order, and the clock's in the other: one of the two sees what the
	// other has written.
	if at := a.at.Load(); due == 0 || at != 0 && at <= due {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.place(a); at != 0 && at < c.wakes {
		c.wakes = at
		select {
		case c.kick <- struct{}{}:
		default:
		}
	}
}

// drop takes a back, and off the wheel: its owner is over.
func (c *clock) drop(a *alarm) {
	a.due.Store(0)
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.at.Load() != 0 {
		c.remove(a)
	}
}

// place puts an alarm on the spoke where it is due, unless it stands on an earlier
// one, and returns the tick of its spoke. It, insert and remove are called with mu
// held.
func (c *clock) place(a *alarm) (at int64) {
	due, at := a.due.Load(), a.at.Load()
	if due == 0 || at != 0 && at <= due {
		return at
	}
	if at != 0 {
		c.remove(a)
	}
	c.insert(a, max(due, c.now))
	return a.at.Load()
}

func (c *clock) insert(a *alarm, at int64) {
	spoke := at % spokes
	a.at.Store(at)
	a.back, a.next = nil, c.wheel[spoke]
	if a.next != nil {
		a.next.back = a
	}
	c.wheel[spoke] = a
	c.full[spoke/64] |= 1 << (spoke % 64)
}

func (c *clock) remove(a *alarm) {
	spoke := a.at.Load() % spokes
	if a.next != nil {
		a.next.back = a.back
	}
	if a.back != nil {
		a.back.next = a.next
	} else if c.wheel[spoke] = a.next; a.next == nil {
		c.full[spoke/64] &^= 1 << (spoke % 64)
	}
	a.at.Store(0)
	a.next, a.back = nil, nil
}

// run rings until ctx ends.
func (c *clock) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := time.Now()
		ring, wait := c.next(now)
		if ring != nil {
			ring(now)
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-c.kick:
		case <-timer.C:
		}
	}
}

// next takes an alarm that is due, or says how long to wait.
func (c *clock) next(now time.Time) (ring func(time.Time), wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	due := int64(now.Sub(c.start) / tick)
	for at := c.occupied(c.now); at <= due; at = c.occupied(c.now) {
		c.now = at
		if a := c.look(at); a != nil {
			return a.ring, 0
		}
		c.now = at + 1
	}
	c.now = max(c.now, due)
	c.wakes = c.occupied(c.now)
	if c.wakes == math.MaxInt64 {
		return nil, time.Hour
	}
	return nil, c.start.Add(time.Duration(c.wakes) * tick).Sub(now)
}

// look goes over the spoke of a tick until an alarm is found that is due. Those
// that are due later go where they belong.
func (c *clock) look(at int64) *alarm {
	for a := c.wheel[at%spokes]; a != nil; {
		next := a.next
		if a.at.Load() <= at {
			c.remove(a)
			due := a.due.Load()
			for 0 < due && due <= at {
				if a.due.CompareAndSwap(due, 0) {
					return a
				}
				due = a.due.Load()
			}
			if due != 0 {
				c.insert(a, due)
			}
		}
		a = next
	}
	return nil
}

// occupied is the first tick from at on whose spoke has an alarm, if only one
// of a later turn.
func (c *clock) occupied(at int64) int64 {
	first := at % spokes
	for i := range int64(len(c.full) + 1) {
		word := (first/64 + i) % int64(len(c.full))
		b := c.full[word]
		if i == 0 {
			b &= math.MaxUint64 << (first % 64)
		}
		if b != 0 {
			return at - first + (first/64+i)*64 + int64(bits.TrailingZeros64(b))
		}
	}
	return math.MaxInt64
}
