package bank

import (
	"context"
	"time"

	"carrier/hardware/line"
)

// hangUpTime bounds one hanging up; what it leaves undone, Ring mends.
const hangUpTime = 30 * time.Second

// Calls in a row that end within brief are followed by growing delays: a modem
// that fails at once and rings on, or a program that connects and closes, must
// not keep the switch busy with nothing. So are lines that cannot be opened.
const (
	brief     = time.Second
	lastDelay = 5 * time.Second
)

// delay is that after a call: none after the first brief one, then 100 ms and
// twice as much each time.
func delay(inARow int) time.Duration {
	if inARow < 2 {
		return 0
	}
	return min(100*time.Millisecond<<min(inARow-2, 6), lastDelay)
}

// A slot is the place of one line. Its fields are guarded by Banks.mu; one
// goroutine serves it.
type slot struct {
	member  Member // as it should be
	name    string // likewise; none when it is gone
	gone    bool   // and is no more
	out     *Out   // taken out of service; nil: in service
	drained bool

	served bool               // by a goroutine
	wait   context.CancelFunc // ends its present wait; nil: none
	line   line.Line          // as it is; nil: closed
	call   *calling           // nil: none
	free   bool               // it waits for a ring
	dial   *dialling          // that it was given; nil: none
	busied bool               // busy for callers, while it is out or drained
	unable bool               // its device cannot be
	since  time.Time          // when line was closed
	faults int                // of opening it
	fault  string             // the last of them, while it stands in the way
}

// A seat is what a line was made for: a member, by its name then.
type seat struct {
	Member
	name string
}

// changed has the server look again at what it should do; mu is held.
func (s *slot) changed() {
	if s.wait != nil {
		s.wait()
	}
}

// A duty is what a slot should do.
type duty uint8

const (
	nothing duty = iota // and have no line
	answer              // calls
	dials               // what it was given
	busy                // be it for callers
)

// duty is that of a slot whose line was, or would be, made for a seat; mu is
// held.
func (s *slot) duty(at *seat) duty {
	switch {
	case s.gone || s.name != at.name || s.member.Settings != at.Settings:
		return nothing
	case s.out == nil && !s.drained && s.dial != nil:
		return dials
	case s.out == nil && !s.drained:
		return answer
	case s.member.BusyOut && !s.unable:
		return busy
	}
	return nothing
}

// next waits until the slot should have a line; nil: it never should again.
func (b *Banks) next(ctx context.Context, s *slot) *seat {
	for {
		b.mu.Lock()
		at := &seat{s.member, s.name}
		over := s.gone || ctx.Err() != nil || b.ending.Err() != nil
		waiting, stop, duty := b.look(ctx, s, at)
		b.mu.Unlock()
		if over {
			stop()
			return nil
		}
		if duty != nothing {
			stop()
			return at
		}
		<-waiting.Done()
		stop()
	}
}

// waiting is a context that ends when the slot changes, or with ctx; and what
// the slot should do until then.
func (b *Banks) waiting(ctx context.Context, s *slot, at *seat) (_ context.Context, stop func(), _ duty) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.look(ctx, s, at)
}

// look is waiting; mu is held.
func (b *Banks) look(ctx context.Context, s *slot, at *seat) (_ context.Context, stop func(), _ duty) {
	ctx, s.wait = context.WithCancel(ctx)
	if b.ending.Err() != nil {
		s.wait()
	}
	if ctx.Err() != nil {
		return ctx, s.wait, nothing
	}
	return ctx, s.wait, s.duty(at)
}

// rest returns after d, or when the slot changes.
func (b *Banks) rest(ctx context.Context, s *slot, at *seat, d time.Duration) {
	if d == 0 {
		return
	}
	waiting, stop, duty := b.waiting(ctx, s, at)
	defer stop()
	if duty == nothing {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-waiting.Done():
	}
}

// opened notes what came of opening a line.
func (b *Banks) opened(s *slot, l line.Line, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.line, s.fault, s.since, s.free = l, "", time.Now(), false
	if err != nil {
		s.faults++
		s.fault = err.Error()
	}
}

func (b *Banks) closed(s *slot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.line, s.since, s.free = nil, time.Now(), false
}
