// Package bank keeps the lines of one modem bank answering: for each line a
// goroutine waits for a ring, has the call taken and hangs up.
package bank

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"carrier/hardware/line"
)

// hangUpTime bounds one hanging up; what it leaves undone, Ring mends.
const hangUpTime = 30 * time.Second

// Calls in a row that end within brief are followed by growing delays: a modem
// that fails at once and rings on, or a program that connects and closes, must
// not keep the switch busy with nothing.
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

// A Taker takes one call, from its ring to its end. It need not hang up: the
// bank does, when Take returns.
type Taker interface {
	Take(ctx context.Context, l line.Line, r line.Ring)
}

// Options are a bank's parts. All are needed.
type Options struct {
	Name  string
	Lines []line.Line // the bank closes them
	Taker Taker
	Log   *slog.Logger // labelled with the bank
}

// A Bank is some lines that answer. Its methods may be called from any
// goroutine.
type Bank struct {
	o        Options
	draining context.Context // ends with Drain
	drain    context.CancelFunc
}

// New makes a bank of lines; Run lets them answer.
func New(o Options) *Bank {
	b := &Bank{o: o}
	b.draining, b.drain = context.WithCancel(context.Background())
	return b
}

// Run answers until ctx ends, or until Drain was called and the last call has
// ended. Calls see ctx end too. When Run returns all lines are hung up and
// closed.
func (b *Bank) Run(ctx context.Context) {
	var lines sync.WaitGroup
	for _, l := range b.o.Lines {
		lines.Go(func() { b.serve(ctx, l) })
	}
	lines.Wait()
}

// Drain takes no more calls: a line that has none is closed, the others when
// their call has ended.
func (b *Bank) Drain() { b.drain() }

// serve goes round with one line. Whatever happens to it, it ends here and not
// the bank.
func (b *Bank) serve(ctx context.Context, l line.Line) {
	log := b.o.Log.With("line", l.Name())
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(b.draining, stop)()
	inARow := 0 // brief calls
	for waiting.Err() == nil {
		ring, err := l.Ring(waiting)
		if waiting.Err() != nil {
			break
		}
		if err != nil {
			log.Error("the line is out of service", "err", err)
			break
		}
		inARow++
		began := time.Now()
		b.o.Taker.Take(ctx, l, ring)
		if time.Since(began) >= brief {
			inARow = 0
		}
		b.hangUp(ctx, l, log)
		rest(waiting, after(inARow))
	}
	if err := l.Close(); err != nil {
		log.Warn("closing the line", "err", err)
	}
}

// rest returns after d or at the end of ctx.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// hangUp works after the end of ctx too: a modem must not be left off hook.
func (b *Bank) hangUp(ctx context.Context, l line.Line, log *slog.Logger) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), hangUpTime)
	defer stop()
	if err := l.HangUp(ctx); err != nil {
		log.Warn("hanging up", "err", err)
	}
}
