package exchange

import (
	"sync"
	"time"
)

// How much a path holds: what lies between a port that sends and the line is
// at most lead of line time, so that a sender feels the line's speed. On a line
// without a speed limit it is burst octets.
const (
	lead  = 60 * time.Millisecond
	burst = 16 << 10
)

// A path is one direction of a call: octets go in at the speed of the line and
// come out later by its delay, some of them spoiled. It has no clock and no
// goroutine; wakers tell the two ends when something changed.
type path struct {
	octet time.Duration // line time of one octet; 0: no limit
	delay time.Duration
	ends  [2]waker // who writes, who reads

	mu       sync.Mutex
	free     time.Time // when the line will have carried what it has taken
	octets   []byte    // on their way
	segments []segment // of octets, in order
	noise    noise
	closed   bool // no more goes in
}

// A segment arrives as a whole.
type segment struct {
	n   int
	due time.Time
}

// A waker is told that something changed; telling never blocks.
type waker chan struct{}

func (w waker) wake() {
	select {
	case w <- struct{}{}:
	default:
	}
}

// room is how many octets the line would take now. Without room it says when
// to ask again; a zero time means that the reader wakes the writer. A closed
// path takes everything, and loses it.
func (p *path) room(now time.Time) (int, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return burst, time.Time{}
	}
	if p.octet == 0 {
		return max(0, burst-len(p.octets)), time.Time{}
	}
	if ahead := p.free.Sub(now); ahead > lead/2 {
		return 0, p.free.Add(-lead / 2)
	}
	n := max(1, int(lead/2/p.octet))
	inFlight := int((p.delay+lead)/p.octet) + n
	return max(0, min(n, inFlight-len(p.octets))), time.Time{}
}

// write puts b on the line; the caller keeps b and has asked for room.
func (p *path) write(now time.Time, b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(b) == 0 {
		return
	}
	if p.free.Before(now) {
		p.free = now
	}
	p.free = p.free.Add(time.Duration(len(b)) * p.octet)
	at := len(p.octets)
	p.octets = append(p.octets, b...)
	p.noise.spoil(p.octets[at:])
	p.segments = append(p.segments, segment{len(b), p.free.Add(p.delay)})
	p.ends[1].wake()
}

// read fills b with what has arrived. When that is nothing, it says when to ask
// again; a zero time means that the writer wakes the reader.
func (p *path) read(now time.Time, b []byte) (n int, next time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.segments) > 0 && n < len(b) && !p.segments[0].due.After(now) {
		s := &p.segments[0]
		k := min(s.n, len(b)-n)
		copy(b[n:], p.octets[n:n+k])
		n += k
		if s.n -= k; s.n == 0 {
			p.segments = p.segments[1:]
		}
	}
	if n > 0 {
		p.octets = append(p.octets[:0], p.octets[n:]...)
		p.ends[0].wake()
	} else if len(p.segments) > 0 {
		next = p.segments[0].due
	}
	return n, next
}

// empty says that nothing is on its way.
func (p *path) empty() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.segments) == 0
}

// finish lets what is on the line arrive, and takes no more.
func (p *path) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.ends[1].wake()
}

// lose drops what is on the line and takes no more.
func (p *path) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.octets, p.segments = true, nil, nil
	p.ends[0].wake()
	p.ends[1].wake()
}

// setNoise changes the noise while octets flow.
func (p *path) setNoise(perBit float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.noise.set(perBit)
}
