package bank

import (
	"context"
	"errors"
	"log/slog"
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

// after is the delay after a call: none after the first brief one, then 100 ms
// and twice as much each time.
func after(inARow int) time.Duration {
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

	served  bool               // by a goroutine
	wait    context.CancelFunc // ends its present wait; nil: none
	line    line.Line          // as it is; nil: closed
	call    *calling           // nil: none
	limited *time.Timer        // ends the call; nil: it is not limited
	busied  bool               // busy for callers, while it is out or drained
	unable  bool               // its device cannot be
	since   time.Time          // when line was closed
	faults  int                // of opening it
	fault   string             // the last of them, while it stands in the way
}

// A calling is the call that a slot has, which keeps the names that it began
// with.
type calling struct {
	line, bank string
	end        context.CancelCauseFunc
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

// unlimited lets the call last; mu is held.
func (s *slot) unlimited() {
	if s.limited != nil {
		s.limited.Stop()
		s.limited = nil
	}
}

// A duty is what a slot should do.
type duty uint8

const (
	nothing duty = iota // and have no line
	answer              // calls
	busy                // be it for callers
)

// duty is that of a slot whose line was, or would be, made for a seat; mu is
// held.
func (s *slot) duty(at seat) duty {
	switch {
	case s.gone || s.name != at.name || s.member.Settings != at.Settings:
		return nothing
	case s.out == nil && !s.drained:
		return answer
	case s.member.BusyOut && !s.unable:
		return busy
	}
	return nothing
}

// serve goes round with one slot. Whatever happens to its line, it ends here
// and not the bank.
func (b *Banks) serve(ctx context.Context, s *slot) {
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		s.served = false
		if s.gone {
			b.forget(s)
		} else {
			b.start(s) // it came back just now
		}
	}()
	for {
		at, ok := b.next(ctx, s)
		if !ok {
			return
		}
		log := b.o.Log.With("bank", at.Bank, "line", at.name)
		l, err := at.Open(at.name)
		b.opened(s, l, err)
		if err != nil {
			log.Error("the line is out of service", "error", err)
			b.rest(ctx, s, at, lastDelay)
			continue
		}
		b.answer(ctx, s, at, l, log)
		b.closed(s)
		if err := l.Close(); err != nil {
			log.Warn("closing the line", "error", err)
		}
	}
}

// next waits until the slot should have a line; false: it never should again.
func (b *Banks) next(ctx context.Context, s *slot) (seat, bool) {
	for {
		b.mu.Lock()
		at := seat{s.member, s.name}
		over := s.gone || ctx.Err() != nil || b.ending.Err() != nil
		waiting, stop, duty := b.look(ctx, s, at)
		b.mu.Unlock()
		if over || duty != nothing {
			stop()
			return at, !over
		}
		<-waiting.Done()
		stop()
	}
}

// waiting is a context that ends when the slot changes, or with ctx; and what
// the slot should do until then.
func (b *Banks) waiting(ctx context.Context, s *slot, at seat) (_ context.Context, stop func(), _ duty) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.look(ctx, s, at)
}

// look is waiting; mu is held.
func (b *Banks) look(ctx context.Context, s *slot, at seat) (_ context.Context, stop func(), _ duty) {
	ctx, s.wait = context.WithCancel(ctx)
	if b.ending.Err() != nil {
		s.wait()
	}
	if ctx.Err() != nil {
		return ctx, s.wait, nothing
	}
	return ctx, s.wait, s.duty(at)
}

// answer takes calls, or is busy for them, until the slot should do neither.
func (b *Banks) answer(ctx context.Context, s *slot, at seat, l line.Line, log *slog.Logger) {
	taker := b.o.Taker(at.Bank)
	inARow := 0 // brief calls
	for {
		waiting, stop, duty := b.waiting(ctx, s, at)
		switch duty {
		case nothing:
			stop()
			return
		case busy:
			b.busyOut(waiting, s, l, log)
			stop()
			continue
		}
		ring, err := l.Ring(waiting)
		over := waiting.Err() != nil
		stop()
		if err != nil && over {
			continue
		}
		if err != nil {
			log.Error("the line is out of service", "error", err)
			b.opened(s, nil, err)
			b.rest(ctx, s, at, lastDelay)
			return
		}
		calling, ok := b.begin(ctx, s, at)
		if !ok {
			continue
		}
		inARow++
		began := time.Now()
		taker.Take(calling, l, ring)
		if time.Since(began) >= brief {
			inARow = 0
		}
		b.hangUp(ctx, l, taker, log)
		b.ended(s)
		b.rest(ctx, s, at, after(inARow))
	}
}

// busyOut has a line busy until ctx ends. One that cannot be is closed: its port
// is free then.
func (b *Banks) busyOut(ctx context.Context, s *slot, l line.Line, log *slog.Logger) {
	busier, ok := l.(line.Busier)
	err := errors.ErrUnsupported
	if ok {
		b.mu.Lock()
		s.busied = true
		b.mu.Unlock()
		err = busier.BusyOut(ctx)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s.busied = false
	if ctx.Err() == nil {
		s.unable = true
		log.Info("the line rings on though nobody answers", "error", err)
	}
}

// hangUp works after the end of ctx too: a modem must not be left off hook.
func (b *Banks) hangUp(ctx context.Context, l line.Line, taker Taker, log *slog.Logger) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), hangUpTime)
	defer stop()
	if err := l.HangUp(ctx); err != nil {
		log.Warn("hanging up", "error", err)
	}
	if reporter, ok := l.(line.Reporter); ok {
		if r, ok := reporter.Report(ctx); ok {
			taker.Reported(l, r)
		}
	}
}

// rest returns after d, or when the slot changes.
func (b *Banks) rest(ctx context.Context, s *slot, at seat, d time.Duration) {
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
	s.line, s.fault, s.since = l, "", time.Now()
	if err != nil {
		s.faults++
		s.fault = err.Error()
	}
}

func (b *Banks) closed(s *slot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.line, s.since = nil, time.Now()
}

// begin notes a call, in the same moment in which it looks whether it may be
// taken: who drains the slot finds either no call or this one.
func (b *Banks) begin(ctx context.Context, s *slot, at seat) (_ context.Context, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ctx.Err() != nil || b.ending.Err() != nil || s.duty(at) != answer {
		return ctx, false
	}
	ctx, end := context.WithCancelCause(ctx)
	s.call = &calling{at.name, at.Bank, end}
	return ctx, true
}

func (b *Banks) ended(s *slot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.unlimited()
	s.call.end(nil)
	s.call = nil
}
