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
	name    string
	member  Member // as it should be
	gone    bool   // and is no more
	out     *Out   // taken out of service; nil: in service
	drained bool

	served  bool               // by a goroutine
	wait    context.CancelFunc // ends its present wait; nil: none
	line    line.Line          // as it is; nil: closed
	inCall  bool
	limited *time.Timer // ends the call; nil: it is not limited
	busied  bool        // busy for callers, while it is out or drained
	unable  bool        // its device cannot be
	since   time.Time   // when line was closed
	faults  int         // of opening it
	fault   string      // the last of them, while it stands in the way
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

// duty is that of a slot whose line has, or would have, these settings; mu is
// held.
func (s *slot) duty(settings string) duty {
	switch {
	case s.gone || s.member.Settings != settings:
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
		m, ok := b.next(ctx, s)
		if !ok {
			return
		}
		log := b.o.Log.With("bank", m.Bank, "line", s.name)
		l, err := m.Open(s.name)
		b.opened(s, l, err)
		if err != nil {
			log.Error("the line is out of service", "error", err)
			b.rest(ctx, s, m, lastDelay)
			continue
		}
		b.answer(ctx, s, m, l, log)
		b.closed(s)
		if err := l.Close(); err != nil {
			log.Warn("closing the line", "error", err)
		}
	}
}

// next waits until the slot should have a line; false: it never should again.
func (b *Banks) next(ctx context.Context, s *slot) (Member, bool) {
	for {
		b.mu.Lock()
		m := s.member
		if s.gone || ctx.Err() != nil || b.ending.Err() != nil {
			b.mu.Unlock()
			return m, false
		}
		b.mu.Unlock()
		if waiting, stop, duty := b.waiting(ctx, s, m.Settings); duty != nothing {
			stop()
			return m, true
		} else {
			<-waiting.Done()
			stop()
		}
	}
}

// waiting is a context that ends when the slot changes, or with ctx; and what
// the slot should do until then.
func (b *Banks) waiting(ctx context.Context, s *slot, settings string) (_ context.Context, stop func(), _ duty) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ctx, s.wait = context.WithCancel(ctx)
	if b.ending.Err() != nil {
		s.wait()
	}
	if ctx.Err() != nil {
		return ctx, s.wait, nothing
	}
	return ctx, s.wait, s.duty(settings)
}

// answer takes calls, or is busy for them, until the slot should do neither.
func (b *Banks) answer(ctx context.Context, s *slot, m Member, l line.Line, log *slog.Logger) {
	taker := b.o.Taker(m.Bank)
	inARow := 0 // brief calls
	for {
		waiting, stop, duty := b.waiting(ctx, s, m.Settings)
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
		if over {
			continue
		}
		if err != nil {
			log.Error("the line is out of service", "error", err)
			b.opened(s, nil, err)
			b.rest(ctx, s, m, lastDelay)
			return
		}
		inARow++
		began := time.Now()
		b.calling(s, true)
		taker.Take(ctx, l, ring)
		if time.Since(began) >= brief {
			inARow = 0
		}
		b.hangUp(ctx, l, taker, log)
		b.calling(s, false)
		b.rest(ctx, s, m, after(inARow))
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
func (b *Banks) rest(ctx context.Context, s *slot, m Member, d time.Duration) {
	if d == 0 {
		return
	}
	waiting, stop, duty := b.waiting(ctx, s, m.Settings)
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

func (b *Banks) calling(s *slot, is bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.inCall = is
	if !is {
		s.unlimited()
	}
}
