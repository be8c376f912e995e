package queue

import (
	"math"
	"time"
)

// CoDel's own figures (RFC 8289 §4.2, §4.3), for links on which a frame takes
// no time to speak of.
const (
	codelTarget   = 5 * time.Millisecond
	codelInterval = 100 * time.Millisecond

	// unknownTarget is the target where the rate is not known: the line may be
	// a slow one.
	unknownTarget = 150 * time.Millisecond

	// between two that are dropped the line has the time to send so many. The law
	// counts on many frames in an interval; where there are few it would soon drop
	// every second one, and among them what TCP sends again, until TCP falls
	// silent for a time-out.
	between = 4
)

// A codel is the state of CoDel for one flow (RFC 8289 §5.2).
type codel struct {
	above    time.Duration // when it has been above the target for an interval; 0: it is not above
	next     time.Duration // when the next is dropped
	count    int           // dropped since dropping began
	last     int           // count when it last began
	dropping bool
}

// A law is what CoDel goes by on this link.
type law struct {
	target, interval time.Duration
	least            time.Duration // between two that are dropped
	allowed          int           // octets: as much may always wait
}

// fit makes the law for a rate in octets a second and the longest frame. Below
// one and a half frames nothing can wait less, however short the queue is.
func (q *Queue) fit(rate int) law {
	l := law{target: unknownTarget, allowed: q.longest * max(q.Window, 1)}
	if rate > 0 {
		frame := time.Duration(q.longest) * time.Second / time.Duration(rate)
		l.target, l.least = max(codelTarget, frame*3/2), between*frame
	}
	l.interval = max(codelInterval+l.target-codelTarget, 2*l.target)
	return l
}

// tooLong says whether frames have waited longer than the target for a whole
// interval.
func (c *codel) tooLong(l law, now time.Duration, q *fifo) bool {
	if q.head == nil || now-q.head.at < l.target || q.octets <= l.allowed {
		c.above = 0
		return false
	}
	if c.above == 0 {
		c.above = now + l.interval
		return false
	}
	return now >= c.above
}

// after is the control law: the longer it lasts the more are dropped.
func (c *codel) after(l law, t time.Duration) time.Duration {
	return t + max(l.least, time.Duration(float64(l.interval)/math.Sqrt(float64(c.count))))
}

// take drops the frames whose time has come, and returns how many: the next in
// q is to be sent.
func (c *codel) take(l law, now time.Duration, q *fifo) (dropped int) {
	drop := c.tooLong(l, now, q)
	if c.dropping {
		for drop && now >= c.next {
			f := q.drop()
			if f == nil {
				break
			}
			f.Free()
			dropped++
			c.count++
			drop = c.tooLong(l, now, q)
			c.next = c.after(l, c.next)
		}
		c.dropping = drop
		return dropped
	}
	if !drop {
		return 0
	}
	f := q.drop()
	if f == nil {
		return 0
	}
	f.Free()
	c.dropping = c.tooLong(l, now, q)
	// What was needed a short while ago is needed again.
	recent := c.count - c.last
	c.count = 1
	if recent > 1 && now-c.next < 16*l.interval {
		c.count = recent
	}
	c.last = c.count
	c.next = c.after(l, now)
	return 1
}
