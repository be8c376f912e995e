package bank

import (
	"context"
	"time"

	"carrier/hardware/line"
)

// A Request is a call that is to be dialled. One of its methods is called in the
// end, and Dial perhaps several times before.
type Request interface {
	// Dial places the call on a line of that bank: it has begun when Dial returns,
	// or has come to nothing. What it returns then carries the call to its end, as
	// what Taker.Take returns; nil: the line rang instead, and was left to do so.
	// ctx is the call's alone; end ends it.
	Dial(ctx context.Context, end context.CancelCauseFunc, l line.Line, bank string) (carry func())
	// NoLine says that no line is free. It must not block.
	NoLine()
}

// A dialling is a request that looks for a line in these banks.
type dialling struct {
	Request
	banks []string
}

// Dial has a free line of the banks, in their order, dial. A telephone network
// that hunts gives calls to the first lines first: the last of a bank dials, so
// that the two seldom meet on one line (glare). When they do, the next line
// dials. Dial returns at once.
func (b *Banks) Dial(banks []string, r Request) {
	b.dial(&dialling{r, banks})
}

func (b *Banks) dial(d *dialling) {
	if !b.hand(d) {
		d.NoLine()
	}
}

// hand gives a request to a line's server.
func (b *Banks) hand(d *dialling) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, bank := range d.banks {
		for i := len(b.slots) - 1; i >= 0; i-- {
			if s := b.slots[i]; s.canDial(bank) {
				s.free, s.dial = false, d
				s.changed()
				return true
			}
		}
	}
	return false
}

// canDial says whether the slot has a line of a bank that can dial now; mu is held.
func (s *slot) canDial(bank string) bool {
	return s.free && s.member.Bank == bank && s.member.Dials && s.line.State() == line.Idle
}

// dial has the line dial what the slot was given; nil: the line has no call.
func (w *watch) dial(ctx context.Context) (carry func()) {
	w.mu.Lock()
	d := w.slot.dial
	w.slot.dial = nil
	w.mu.Unlock()
	call := w.begin(ctx, w.slot, w.at)
	if call == nil {
		w.Banks.dial(d)
		return nil
	}
	w.began = time.Now()
	if carry = d.Dial(call.ctx, call.end, w.line, w.at.Bank); carry == nil {
		w.log().Info("the line rings: another one dials")
		w.ended(w.slot)
		w.hungUp(w.slot)
		w.Banks.dial(d)
	}
	return carry
}

// turnAway has another line dial what the slot was given, for it takes no calls
// any more.
func (b *Banks) turnAway(s *slot) {
	b.mu.Lock()
	d := s.dial
	s.free, s.dial = false, nil
	b.mu.Unlock()
	if d != nil {
		b.dial(d)
	}
}
