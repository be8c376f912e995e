// Package bank keeps the lines of all modem banks answering: for each line a
// goroutine waits for a ring, has the call taken and hangs up. Lines come and
// go while it runs, are taken out of service and put back.
package bank

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"carrier/hardware/line"
	"carrier/shared/record"
)

// A Taker takes calls. Take has begun one when it returns, as far as that goes:
// the caller is where she wants to be, or is not served. What it returns then
// carries the call to its end, which may take days. ctx is the call's alone; end
// ends it. The bank hangs up, and afterwards Reported has what the line says of
// the call, if it says anything.
type Taker interface {
	Take(ctx context.Context, end context.CancelCauseFunc, l line.Line, r line.Ring) (carry func())
	Reported(l line.Line, r record.LineReport)
}

// A Member is one line as the configuration has it.
type Member struct {
	Bank string
	// Key tells the members apart, over reloads and restarts: a port, or where
	// one listens and which of the lines there. No two members have the same,
	// whatever their banks.
	Key string
	// Was is the Key that the line had, if it has another now: one of no member.
	Was string
	// Label is the line's name behind its bank's; empty: a number.
	Label string
	Port  string // for people
	// Settings are all else that the line is made of: when they change, it is
	// made anew as soon as it has no call.
	Settings string
	// BusyOut has the line busy for callers while it is out of service or drained,
	// if its device can; else it is closed.
	BusyOut bool
	// Dials has the line dial for who asks for that: its device can.
	Dials bool
	// Open makes the line; the bank closes it. An error is a fault of the line:
	// it is tried again.
	Open func(name string) (line.Line, error)
}

// Options are the banks' parts. All are needed.
type Options struct {
	Taker func(bank string) Taker
	// Drained is the cause for which the context of a call ends whose line was
	// drained or is no more, once its time is over.
	Drained error
	Out     *OutOfService
	Log     *slog.Logger
}

// Banks are all lines of the program. Its methods may be called from any
// goroutine.
type Banks struct {
	o       Options
	ending  context.Context // ends with Drain
	drain   context.CancelFunc
	serving sync.WaitGroup // started with mu held, and not after ending

	mu      sync.Mutex
	calls   context.Context   // Run's; nil before
	slots   []*slot           // in the order of the configuration, and behind them those that are gone
	drained map[string]string // the bank that it was of, by Member.Key, be it a member or not: until Undrain
}

// New makes banks without lines.
func New(o Options) *Banks {
	b := &Banks{o: o, drained: map[string]string{}}
	b.ending, b.drain = context.WithCancel(context.Background())
	return b
}

// Run answers until ctx ends, or until Drain was called and the last call has
// ended. Calls see ctx end too. When Run returns all lines are hung up and
// closed.
func (b *Banks) Run(ctx context.Context) {
	b.mu.Lock()
	b.calls = ctx
	for _, s := range b.slots {
		b.start(s)
	}
	b.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-b.ending.Done():
	}
	b.Drain()
	b.serving.Wait()
}

// Drain takes no more calls for good: a line that has none is closed, the others
// when their call has ended.
func (b *Banks) Drain() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drain()
	for _, s := range b.slots {
		s.changed()
	}
}

// start has a slot served, unless it is or the end has come; mu is held.
func (b *Banks) start(s *slot) {
	if b.calls == nil || b.ending.Err() != nil || s.served {
		return
	}
	s.served = true
	b.serving.Go(func() { b.serve(b.calls, s) })
}

// Set makes these the lines. One that stays is not touched while it has a call;
// one whose bank or label changed has its new name after that. One that is no member any
// more answers no more calls and is forgotten after its last, which is given so
// much time, or NoLimit. What is known of a line goes with it to its new key. Of
// several such times, and of one of DrainLines, the one
// that is over first counts. One that is a member again by then has only that of
// DrainLines.
func (b *Banks) Set(members []Member, grace time.Duration) {
	if !b.set(members, grace) {
		return
	}
	if err := b.o.Out.note(); err != nil {
		b.o.Log.Error("lines out of service", "error", err)
	}
}

// set is Set but for the disk, which moved says is out of date.
func (b *Banks) set(members []Member, grace time.Duration) (moved bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := make(map[string]*slot, len(b.slots))
	for _, s := range b.slots {
		was[s.member.Key] = s
	}
	old := b.slots
	b.slots = make([]*slot, 0, len(members))
	for _, m := range members {
		s := was[m.Key]
		if s == nil && was[m.Was] != nil {
			s = was[m.Was]
			delete(was, m.Was)
			moved = b.move(s, m.Key) || moved
		}
		delete(was, m.Key)
		if s == nil {
			s = &slot{member: m}
		} else {
			b.become(s, m)
		}
		b.slots = append(b.slots, s)
	}
	present := b.slots
	for _, s := range old {
		if was[s.member.Key] == s {
			b.retire(s, grace)
		}
	}
	names := newNames(b.slots)
	for _, s := range present {
		if s.name == "" {
			s.name = names.find(s.member)
			b.remember(s)
		}
		b.start(s)
	}
	return moved
}

// move takes what an operator did with a line to its new key, and says whether
// that is to be noted; mu is held.
func (b *Banks) move(s *slot, key string) (noted bool) {
	old := s.member.Key
	delete(b.drained, key)
	if bank, drained := b.drained[old]; drained {
		delete(b.drained, old)
		b.drained[key] = bank
	}
	return b.o.Out.move(old, key)
}

// Keys are the keys of all lines, also of those that are no members any more and
// have a call or are being closed.
func (b *Banks) Keys() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	keys := make([]string, len(b.slots))
	for i, s := range b.slots {
		keys[i] = s.member.Key
	}
	return keys
}

// remember gives a slot what an operator did with its line; mu is held.
func (b *Banks) remember(s *slot) {
	s.out = b.o.Out.why(s.member.Key)
	if _, s.drained = b.drained[s.member.Key]; s.drained {
		b.drained[s.member.Key] = s.member.Bank
	}
}

// become has a slot go on with what its member is now; mu is held.
func (b *Banks) become(s *slot, m Member) {
	was := s.member
	s.member = m
	switch {
	case s.call != nil && s.call.bank == m.Bank && s.call.label == m.Label:
		s.name = s.call.line
	case was.Bank != m.Bank || was.Label != m.Label:
		s.name = "" // another is found
	}
	if s.gone {
		b.limit(s, func(c *calling) { c.removed = time.Time{} })
	}
	if s.gone || s.name == "" || was.Settings != m.Settings || was.BusyOut != m.BusyOut {
		s.gone, s.unable = false, false
		s.changed()
	}
}

// retire has a slot end, after the call that it may have; mu is held.
func (b *Banks) retire(s *slot, grace time.Duration) {
	if !s.gone {
		s.gone, s.name = true, ""
		s.changed()
	}
	b.limit(s, func(c *calling) { c.removed = earlier(c.removed, after(grace)) })
	if s.served { // which ends at once without a call
		b.slots = append(b.slots, s)
	}
}

// forget takes a slot off the list; mu is held.
func (b *Banks) forget(s *slot) {
	for i := range b.slots {
		if b.slots[i] == s {
			b.slots = append(b.slots[:i:i], b.slots[i+1:]...)
			return
		}
	}
}
