package bank

import (
	"context"
	"time"
)

// A calling is the call that a slot has, which keeps the names that it began
// with. It lasts until its line has been hung up. Its fields are guarded by
// Banks.mu.
type calling struct {
	line, bank, label string
	ctx               context.Context
	end               context.CancelCauseFunc // of ctx
	over              bool                    // all that is left is to hang up

	// When it must end, zero: it need not. The earlier one counts.
	drained time.Time // because an operator drains the line
	removed time.Time // because the line is no member any more
	timer   *time.Timer
}

// inCall says whether the slot has a call that runs; mu is held.
func (s *slot) inCall() bool { return s.call != nil && !s.call.over }

// begin notes a call, in the same moment in which it looks whether it may be
// taken: who drains the slot finds either no call or this one.
func (b *Banks) begin(ctx context.Context, s *slot, at *seat) *calling {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ctx.Err() != nil || b.ending.Err() != nil || s.duty(at) != answer {
		return nil
	}
	s.wait, s.free = nil, false // nobody waits while it lasts
	s.call = &calling{line: at.name, bank: at.Bank, label: at.Label}
	s.call.ctx, s.call.end = context.WithCancelCause(ctx)
	return s.call
}

// ended notes that the call is over, but that its line is not hung up yet.
func (b *Banks) ended(s *slot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.call.stop()
	s.call.over = true
	s.call.end(nil)
}

// hungUp leaves the slot without its call.
func (b *Banks) hungUp(s *slot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.call = nil
}

// limit lets the call that a slot has, if one runs, end at other times; mu is
// held.
func (b *Banks) limit(s *slot, set func(*calling)) {
	if !s.inCall() {
		return
	}
	c := s.call
	set(c)
	c.stop()
	if at := earlier(c.drained, c.removed); !at.IsZero() {
		c.timer = time.AfterFunc(time.Until(at), func() { c.end(b.o.Drained) })
	}
}

// stop lets the call last.
func (c *calling) stop() {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

// after is the time after d, zero if that is NoLimit.
func after(d time.Duration) time.Time {
	if d < 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}

// earlier leaves out times that are zero.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
