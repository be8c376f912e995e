package bank

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"carrier/hardware/line"
)

// A watch is the time for which a slot has its line open.
type watch struct {
	*Banks
	slot   *slot
	at     *seat
	line   line.Line // nil: it could not be opened, or failed
	taker  Taker
	inARow int       // brief calls
	began  time.Time // the call
}

// serve goes round with one slot. Whatever happens to its line, it ends here
// and not the bank. Calls are carried from here, for they last: what goes before
// them has left the stack.
func (b *Banks) serve(ctx context.Context, s *slot) {
	defer b.left(s)
	for w := b.enter(ctx, s); w != nil; w = b.enter(ctx, s) {
		for carry := w.answer(ctx); carry != nil; carry = w.answer(ctx) {
			carry()
			w.hangUp(ctx)
		}
		w.turnAway(s)
		w.leave(ctx)
	}
}

// left has a slot without a goroutine that serves it, unless it came back just
// now.
func (b *Banks) left(s *slot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.served = false
	if s.gone {
		b.forget(s)
	} else {
		b.start(s)
	}
}

// enter opens the line of a slot once it should have one; nil: it never should
// again.
func (b *Banks) enter(ctx context.Context, s *slot) *watch {
	at := b.next(ctx, s)
	if at == nil {
		return nil
	}
	w := &watch{Banks: b, slot: s, at: at, taker: b.o.Taker(at.Bank)}
	l, err := at.Open(at.name)
	b.opened(s, l, err)
	if err != nil {
		w.log().Error("the line is out of service", "error", err)
		return w
	}
	w.line = l
	return w
}

// log is made when there is something to say: most lines have nothing, for days.
func (w *watch) log() *slog.Logger {
	return w.o.Log.With("bank", w.at.Bank, "line", w.at.name)
}

// ready is waiting, and has the slot free for who wants to dial while it waits
// for a ring.
func (w *watch) ready(ctx context.Context) (_ context.Context, stop func(), _ duty) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ctx, stop, duty := w.look(ctx, w.slot, w.at)
	w.slot.free = duty == answer
	return ctx, stop, duty
}

// answer waits for a call, being busy for others as long as it should, and takes
// it, or dials what the slot was given; nil: the slot should not have this line any
// more.
func (w *watch) answer(ctx context.Context) (carry func()) {
	for w.line != nil {
		waiting, stop, duty := w.ready(ctx)
		switch duty {
		case nothing:
			stop()
			return nil
		case busy:
			w.turnAway(w.slot)
			w.busyOut(waiting)
			stop()
			continue
		case dials:
			stop()
			if carry := w.dial(ctx); carry != nil {
				return carry
			}
			continue
		}
		ring, err := w.line.Ring(waiting)
		over := waiting.Err() != nil
		stop()
		switch {
		case err != nil && over:
			continue
		case err != nil:
			w.fail(err)
			return nil
		}
		if call := w.begin(ctx, w.slot, w.at); call != nil {
			w.began = time.Now()
			return w.taker.Take(call.ctx, call.end, w.line, ring)
		}
	}
	return nil
}

// busyOut has the line busy until ctx ends. One that cannot be is closed: its
// port is free then.
func (w *watch) busyOut(ctx context.Context) {
	busier, ok := w.line.(line.Busier)
	err := errors.ErrUnsupported
	if ok {
		w.mu.Lock()
		w.slot.busied = true
		w.mu.Unlock()
		err = busier.BusyOut(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slot.busied = false
	if ctx.Err() == nil {
		w.slot.unable = true
		w.log().Info("the line rings on though nobody answers", "error", err)
	}
}

// hangUp makes the line ready for the next call, soon or after a while. It works
// after the end of ctx too: a modem must not be left off hook.
func (w *watch) hangUp(ctx context.Context) {
	w.ended(w.slot)
	if w.inARow++; time.Since(w.began) >= brief {
		w.inARow = 0
	}
	bounded, stop := context.WithTimeout(context.WithoutCancel(ctx), hangUpTime)
	defer stop()
	if err := w.line.HangUp(bounded); err != nil {
		w.log().Warn("hanging up", "error", err)
	}
	if reporter, ok := w.line.(line.Reporter); ok {
		if r, ok := reporter.Report(bounded); ok {
			w.taker.Reported(w.line, r)
		}
	}
	w.hungUp(w.slot)
	w.rest(ctx, w.slot, w.at, delay(w.inARow))
}

// fail is the end of a line that does not work.
func (w *watch) fail(err error) {
	w.log().Error("the line is out of service", "error", err)
	w.opened(w.slot, nil, err)
	w.shut()
}

// shut closes the line.
func (w *watch) shut() {
	if err := w.line.Close(); err != nil {
		w.log().Warn("closing the line", "error", err)
	}
	w.line = nil
}

// leave closes the line, or lets some time go by before it is tried again.
func (w *watch) leave(ctx context.Context) {
	if w.line == nil {
		w.rest(ctx, w.slot, w.at, lastDelay)
		return
	}
	w.closed(w.slot)
	w.shut()
}
