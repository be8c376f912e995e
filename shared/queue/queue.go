// Package queue is what waits where a call's slow side is: frames for the line
// at the PAC, frames for the window at the PNS. It is fair between the flows of
// a call, lets those go first that send little, and drops early what would only
// wait (FQ-CoDel, RFC 8290). It does no I/O and has no clock.
package queue

import (
	"math"
	"time"
)

// A Queue is what waits in one direction of a call. PPP's control protocols go
// before all data and are not dropped for it; those of compression and encryption keep
// their place among data, and are dropped only where nothing else could be. Data waits by flow: the order
// inside a flow never changes, and flows take turns; one that has just begun to
// send goes before those that have frames waiting. Which frames are a flow is
// told by their addresses and ports, as far as the PPP frame shows them and
// nothing in the call depends on the order of all its frames.
//
// A Queue copies frames. An empty one has no buffers, and in steady state
// nothing allocates. The zero value takes one frame; it is guarded by its
// owner's lock.
type Queue struct {
	MaxFrames int // how many frames may wait
	MaxOctets int // and how many octets; 0 means no such bound. An empty queue takes any frame
	Window    int // so many of a flow may wait without any being dropped early: whoever sends them was allowed to

	rate    int // octets a second, 0 when unknown
	epoch   time.Time
	class   classifier
	control fifo
	table   *table // nil while no data waits
	n       int    // frames, control included
	octets  int
	longest int           // frame lately, octets
	last    time.Duration // when one was last pushed
	law     law
	recent  traces // of the flows of the table last given back
	stats   Stats
}

// forget is how long an empty queue remembers how long frames are.
const forget = 10 * time.Second

// Stats are the frames that a queue dropped.
type Stats struct {
	Full  uint64 // for want of room
	Early uint64 // before they would only have waited
}

// SetRate tells how fast the queue is emptied, in octets a second; 0: unknown.
func (q *Queue) SetRate(rate int) {
	if rate != q.rate {
		q.rate, q.law = rate, q.fit(rate)
	}
}

// Push copies a frame into the queue. When there is no room, frames of the flow
// that has most are dropped, the oldest first.
func (q *Queue) Push(now time.Time, frame []byte) {
	if q.epoch.IsZero() {
		q.epoch = now
	}
	class := q.class.classify(frame)
	if class == control && q.table == nil && q.n > 0 && q.over(1, len(frame)) { // no data to drop for it
		q.stats.Full++
		return
	}
	at := now.Sub(q.epoch)
	if q.n == 0 && at-q.last > forget {
		q.longest = 0
	}
	q.last = at
	f := newFrame(frame, at)
	q.n++
	q.octets += len(f.Octets)
	if class == control {
		q.control.push(f)
	} else {
		f.kept = class == opaque && coding(frame)
		q.data(class, f)
	}
	for q.table != nil && q.n > 1 && q.over(0, 0) {
		q.dropFattest()
	}
}

// over says whether with so much more the queue were beyond its bounds.
func (q *Queue) over(frames, octets int) bool {
	return q.n+frames > q.MaxFrames || q.MaxOctets > 0 && q.octets+octets > q.MaxOctets
}

// data puts a frame into its flow.
func (q *Queue) data(hash uint32, f *Frame) {
	if q.table == nil {
		q.table = tables.Get().(*table)
	}
	if len(f.Octets) > q.longest {
		q.longest = len(f.Octets)
		q.law = q.fit(q.rate)
	}
	into := q.table.find(hash)
	into.push(f)
	if into.waiting {
		return
	}
	into.waiting = true
	q.table.waiting++
	if f.at < into.until || f.at < q.traced(hash) {
		q.table.old.push(into) // it never ceased to send
		return
	}
	into.credit = q.quantum()
	q.table.fresh.push(into)
}

// traced is until when a flow of which nothing waited counts as one that sends.
func (q *Queue) traced(hash uint32) time.Duration {
	for i, h := range q.recent.hash {
		if h == hash {
			return q.recent.until[i]
		}
	}
	return 0
}

func (q *Queue) quantum() int {
	if q.rate > 0 && q.rate < slow {
		return slowQuantum
	}
	return quantum
}

func (q *Queue) dropFattest() {
	fat := q.table.fattest()
	f := fat.drop()
	if f == nil {
		f = fat.pop()
	}
	if f == nil { // it is control that fills it
		return
	}
	q.stats.Full++
	q.left(f)
	f.Free()
}

// left notes that f is in the queue no more.
func (q *Queue) left(f *Frame) {
	q.n--
	q.octets -= len(f.Octets)
	q.tidy()
}

// tidy gives the table back when no data waits.
func (q *Queue) tidy() {
	if q.table == nil || q.n > q.control.n {
		return
	}
	t := q.table
	for i := range min(t.used-1, len(q.recent.hash)) {
		q.recent.hash[i], q.recent.until[i] = t.flows[i+1].hash, t.flows[i+1].until
	}
	clear(t.flows[:t.used])
	t.used, t.waiting, t.fresh, t.old = 0, 0, ring{}, ring{}
	tables.Put(t)
	q.table = nil
}

// Pop takes out the frame that is next, nil if there is none.
func (q *Queue) Pop(now time.Time) *Frame { return q.pop(now, math.MaxInt, false) }

// PopWithin is Pop unless the next frame has more octets than that, or a round
// of turns is over: another flow may come before the next.
func (q *Queue) PopWithin(now time.Time, octets int) *Frame { return q.pop(now, octets, false) }

// PopSparse is Pop for control and for flows that send little: those that have
// just begun to, and those that may send all they have in this round of turns.
func (q *Queue) PopSparse(now time.Time) *Frame { return q.pop(now, math.MaxInt, true) }

// PopControl is Pop for control alone.
func (q *Queue) PopControl() *Frame {
	f := q.control.pop()
	if f != nil {
		q.left(f)
	}
	return f
}

func (q *Queue) pop(now time.Time, within int, sparse bool) *Frame {
	if f := q.control.head; f != nil {
		if len(f.Octets) > within {
			return nil
		}
		return q.PopControl()
	}
	for q.table != nil {
		from := &q.table.fresh
		if from.head == nil {
			from = &q.table.old
		}
		if from == &q.table.old && within < math.MaxInt && from.head.credit <= 0 {
			return nil
		}
		if from == &q.table.old && sparse {
			if from = q.table.promote(); from == nil {
				return nil
			}
		}
		if f, done := q.turn(now.Sub(q.epoch), from, within); done {
			return f
		}
	}
	return nil
}

// turn is the turn of the first flow in from; done unless another has the next
// (RFC 8290 §4.2).
func (q *Queue) turn(now time.Duration, from *ring, within int) (f *Frame, done bool) {
	t, fl := q.table, from.head
	switch {
	case fl.credit <= 0:
		fl.credit += q.quantum()
		from.pop()
		t.old.push(fl)
		return nil, false
	case fl.head == nil:
		from.pop()
		if q.rate == 0 && from == &t.fresh && t.old.head != nil { // or it would be fresh again at once
			t.old.push(fl)
		} else {
			fl.waiting = false
			t.waiting--
		}
		return nil, false
	case len(fl.head.Octets) > within:
		return nil, true
	}
	before, octets := fl.n, fl.octets
	fl.codel.take(q.law, now, &fl.fifo)
	if dropped := before - fl.n; dropped > 0 {
		q.n -= dropped
		q.octets -= octets - fl.octets
		q.stats.Early += uint64(dropped)
		if fl.head == nil || len(fl.head.Octets) > within {
			q.tidy()
			return nil, fl.head != nil
		}
	}
	f = fl.pop()
	fl.credit -= len(f.Octets)
	if q.rate > 0 { // a share of the line, and a little less, has left by then
		fl.until = now + time.Duration((1+t.waiting)*len(f.Octets))*time.Second/time.Duration(q.rate)
	}
	q.left(f)
	return f, true
}

// Len is how many frames wait.
func (q *Queue) Len() int { return q.n }

// Octets is how many octets wait.
func (q *Queue) Octets() int { return q.octets }

// Stats reads the counters.
func (q *Queue) Stats() Stats { return q.stats }

// Clear drops all that waits; it is not counted.
func (q *Queue) Clear() {
	q.ClearData()
	q.clear(&q.control)
}

// ClearData is Clear for all but control.
func (q *Queue) ClearData() {
	if t := q.table; t != nil {
		for i := range t.used {
			q.clear(&t.flows[i].fifo)
		}
	}
	q.tidy()
}

func (q *Queue) clear(from *fifo) {
	for f := from.pop(); f != nil; f = from.pop() {
		q.n--
		q.octets -= len(f.Octets)
		f.Free()
	}
}
