package exchange

import (
	"io"
	"math/rand/v2"
	"time"
)

// attach notes whether somebody is on l's port. A line that rings goes on
// ringing when its modem is left.
func (x *Exchange) attach(l *Line, on bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	l.attached, l.off = on, false
	if !on && l.call != nil && l.call.stage == ended {
		l.call = nil
	}
}

// dial begins a call from l. It fails when l has one: it has begun to ring.
func (x *Exchange) dial(now time.Time, l *Line, number string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if l.call != nil {
		return false
	}
	l.off = false // it is back on the hook after the call
	l.call = &call{Call: Call{From: l.number, Dialled: number, At: now}, ends: [2]*Line{l},
		next: now.Add(x.options.Timing.Setup)}
	return true
}

// offHook takes a line off the hook, so that no call rings it, or puts it back.
// One that rings already goes on ringing.
func (x *Exchange) offHook(l *Line, off bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	l.off = off
}

// look is l's call as it stands now, after all that time brings about; nil if
// there is none. Both modems look at the times that the view names.
func (x *Exchange) look(now time.Time, l *Line) *view {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := l.call
	if c == nil {
		return nil
	}
	if !c.next.IsZero() && !now.Before(c.next) {
		x.advance(now, c)
	}
	v := c.view(l)
	return &v
}

// advance does what follows when a stage's time is over.
func (x *Exchange) advance(now time.Time, c *call) {
	switch c.stage {
	case dialling:
		x.route(now, c)
	case ringing:
		c.end(resultNoAnswer, nil)
	case training:
		c.stage, c.next = connected, time.Time{}
		if d := c.conditions.DropAfter; d > 0 {
			c.next = now.Add(d)
		}
	case connected:
		c.end(resultNoCarrier, nil)
	}
	if c.stage == ended {
		x.log.Info("call ended", "from", c.From, "to", c.Dialled, "result", c.result.String(), "octets", c.delivered)
	}
}

// route finds the line that a call rings, or the reason why none does.
func (x *Exchange) route(now time.Time, c *call) {
	if c.ends[0].conditions.Dead {
		c.end(resultNoDialtone, nil)
		return
	}
	known := false
	var to *Line
	for _, l := range x.lines {
		if !l.has(c.Dialled) {
			continue
		}
		known = true
		if l.call == nil && !l.off && (to == nil || !to.attached && l.attached) {
			to = l
		}
	}
	if to == nil {
		r := resultNoCarrier // the announcement that the number is not in use
		if known {
			r = resultBusy
		}
		c.end(r, nil)
		return
	}
	c.To, c.stage, c.next = to.number, ringing, now.Add(x.options.Timing.NoAnswer)
	x.log.Info("ringing", "from", c.From, "to", c.Dialled, "line", c.To)
	if to.conditions.Dead {
		return // the caller hears it ring, nobody else does
	}
	c.ends[1], to.call = to, c
	to.pokes.wake()
}

// answer takes the call that l's line rings for; false if it no longer does.
func (x *Exchange) answer(now time.Time, l *Line) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := l.call
	if c == nil || c.stage != ringing || c.ends[1] != l {
		return false
	}
	l.off = false
	c.stage, c.next = training, now.Add(x.options.Timing.Train)
	c.conditions = x.conditions(c)
	for side := range c.paths {
		c.paths[side] = x.newPath(c, side)
	}
	c.records = x.records(c.Call)
	x.log.Info("answered", "from", c.From, "to", c.Dialled, "line", c.To, "rate", c.conditions.Rate)
	c.ends[0].pokes.wake()
	return true
}

// conditions are what c meets: those of the first rule that fits, or of both
// lines.
func (x *Exchange) conditions(c *call) Conditions {
	for _, r := range x.options.Rules {
		if (r.From == "" || c.ends[0].has(r.From)) && (r.To == "" || c.ends[1].has(r.To)) {
			return r.Conditions
		}
	}
	return c.ends[0].conditions.with(c.ends[1].conditions)
}

func (x *Exchange) newPath(c *call, side int) *path {
	p := &path{octet: c.conditions.octet(), delay: c.conditions.Delay,
		ends: [2]waker{c.ends[side].pokes, c.ends[1-side].pokes}}
	p.noise.random = rand.New(rand.NewPCG(x.random.Uint64(), x.random.Uint64()))
	p.noise.set(c.conditions.Noise)
	return p
}

// records asks where c is to be recorded.
func (x *Exchange) records(c Call) (w [2]io.Writer) {
	if x.options.Record == nil {
		return w
	}
	toCalled, toCaller, err := x.options.Record(c)
	if err != nil {
		x.log.Error("recording", "from", c.From, "to", c.To, "error", err)
	}
	return [2]io.Writer{toCalled, toCaller}
}

// delivered counts octets that arrived on l's call.
func (x *Exchange) delivered(l *Line, octets int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := l.call
	if c == nil {
		return
	}
	c.delivered += int64(octets)
	if limit := c.conditions.DropOctets; limit > 0 && c.delivered >= limit {
		c.end(resultNoCarrier, nil)
	}
}

// hangUp ends l's part in its call, which it has even if it only ignored the
// ringing; without a call it does nothing.
func (x *Exchange) hangUp(l *Line, r result) {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := l.call
	if c == nil {
		return
	}
	l.call = nil
	if c.stage != ended {
		c.end(r, l)
		x.log.Info("call ended", "from", c.From, "to", c.Dialled, "result", r.String(), "by", l.number, "octets", c.delivered)
	}
}

// drop takes the carrier off l's call.
func (x *Exchange) drop(l *Line) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := l.call
	if c == nil || c.stage != training && c.stage != connected {
		return false
	}
	c.end(resultNoCarrier, nil)
	x.log.Info("carrier dropped", "from", c.From, "to", c.Dialled)
	return true
}

func (x *Exchange) setNoise(l *Line, perBit float64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	l.conditions.Noise = perBit
	if c := l.call; c != nil && c.paths[0] != nil {
		c.paths[0].setNoise(perBit)
		c.paths[1].setNoise(perBit)
	}
}
