package peer

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// A clock rings alarms when their time has come: one heap and one goroutine for
// all connections and calls, however many there are.
type clock struct {
	mu   sync.Mutex
	heap alarms
	kick chan struct{} // the first alarm has changed
}

// An alarm belongs to one clock. Its ring is called by the clock's goroutine,
// without locks, and must not block.
type alarm struct {
	ring  func(now time.Time)
	at    time.Time
	place int // in the heap, from 1; 0: not set
}

func newClock() *clock { return &clock{kick: make(chan struct{}, 1)} }

// set has a ring at t, once, in place of what was set before; zero takes it
// back. A ring that is being called meanwhile is not waited for.
func (c *clock) set(a *alarm, t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case t.IsZero():
		if a.place > 0 {
			heap.Remove(&c.heap, a.place-1)
		}
		return
	case a.place == 0:
		a.at = t
		heap.Push(&c.heap, a)
	case !a.at.Equal(t):
		a.at = t
		heap.Fix(&c.heap, a.place-1)
	}
	if a.place == 1 {
		select {
		case c.kick <- struct{}{}:
		default:
		}
	}
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

// next takes the first alarm that is due, or says how long to wait.
func (c *clock) next(now time.Time) (ring func(time.Time), wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.heap) == 0 {
		return nil, time.Hour
	}
	first := c.heap[0]
	if d := first.at.Sub(now); d > 0 {
		return nil, d
	}
	heap.Pop(&c.heap)
	return first.ring, 0
}

// alarms is a heap by time.
type alarms []*alarm

func (h alarms) Len() int           { return len(h) }
func (h alarms) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h alarms) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

// Push is heap.Interface's.
func (h *alarms) Push(x any) {
	a := x.(*alarm)
	*h = append(*h, a)
	a.place = len(*h)
}

// Pop is heap.Interface's.
func (h *alarms) Pop() any {
	last := len(*h) - 1
	a := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	a.place = 0
	return a
}
