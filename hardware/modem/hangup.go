package modem

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carrier/hardware/line"
)

const (
	dtrTime  = time.Second     // DTR stays low, or three times as long; register S25 counts hundredths
	hookTime = 5 * time.Second // for ATH
)

// HangUp ends the call, resets the modem and checks that it answers. A call
// that was not answered goes on ringing, but not for us. An error leaves the
// rest to Ring; the carrier is gone even then, because the port was closed.
func (m *Modem) HangUp(ctx context.Context) error {
	ctx, done := m.begin(ctx)
	defer done()
	gone := m.unwatch()
	c := m.takeCall()
	if m.talk == nil {
		return nil
	}
	if c == nil && m.ready && !m.trying {
		if r := &m.talk.ring; gone || r.count == 0 {
			*r = ringing{}
		} else {
			r.refused = true
		}
		m.enter(line.Idle)
		return nil
	}
	m.enter(line.HangingUp)
	if err := m.clear(ctx, c); err != nil {
		m.drop()
		m.enter(line.Down)
		if errors.Is(err, errLost) {
			return nil // many a port closes with its call
		}
		return fmt.Errorf("hanging up: %w", err)
	}
	if c != nil {
		m.hearReport(ctx)
	}
	m.enter(line.Resetting)
	if err := m.reset(ctx); err != nil {
		return fmt.Errorf("reset after a call: %w", err)
	}
	m.enter(line.Idle)
	return nil
}

// clear brings the modem on hook.
func (m *Modem) clear(ctx context.Context, c *call) error {
	if c == nil {
		if m.trying {
			return m.abort(ctx)
		}
		return nil
	}
	end := c.finish()
	m.talk.scan, m.talk.in = scanner{}, nil
	if end.err != nil || end.lost && m.talk.wires.tell() {
		return end.err
	}
	// Where only words tell, the caller may have said NO CARRIER herself, and a
	// RING behind it: the modem must be hung up whatever it seems to say.
	return m.release(ctx, end.lost)
}

// takeCall makes the present call one of the past.
func (m *Modem) takeCall() *call {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.call
	m.call = nil
	return c
}

// release brings a modem that may have a call back to command state, on hook.
// Of one that is said to have lost its carrier no answer is expected.
func (m *Modem) release(ctx context.Context, lost bool) error {
	if w := m.talk.wires; w != nil {
		_, _ = w.Carrier() // whether it falls is worth knowing; that it is gone shows below
		if err := w.SetDTR(false); err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
		if err := m.hold(ctx, w); err != nil {
			return err
		}
		if err := w.SetDTR(true); err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
		if on, err := w.Carrier(); err == nil && !on && w.tell() {
			return nil
		}
	}
	lost, err := m.escape(ctx, lost)
	m.talk.ring = ringing{} // which the caller may have told
	if errors.Is(err, errSilent) {
		// Perhaps it was in command state all the time.
		return m.talk.command(ctx, form, probeTime)
	}
	if err != nil {
		return err
	}
	err = m.talk.command(ctx, "ATH", hookTime)
	if lost && (errors.Is(err, errRefused) || errors.Is(err, errSilent)) {
		return nil // there was nothing to hang up
	}
	return err
}

// hold keeps DTR low: a carrier that tells has time to fall, for some modems
// say good-bye first, and a terminal server looks at it once a second.
func (m *Modem) hold(ctx context.Context, w *wires) error {
	for range 3 {
		if _, err := m.talk.skip(ctx, dtrTime); err != nil {
			return err
		}
		if on, err := w.Carrier(); err != nil || !on || !w.tell() {
			break
		}
	}
	return nil
}

const escapeSequence = "+++"

// escape leaves data state by the escape sequence. The first may fall behind
// octets that the modem has not sent yet, and then it is data. Until the guard
// time behind it is over the caller may be the one who speaks: she must not
// bring us to break the silence. One sequence is enough where NO CARRIER is
// said, because in command state it has no answer.
func (m *Modem) escape(ctx context.Context, lost bool) (bool, error) {
	for range 3 {
		said, err := m.talk.skip(ctx, m.o.Guard)
		if err != nil {
			return lost, err
		}
		lost = lost || said
		if err := m.talk.write(ctx, escapeSequence); err != nil {
			return lost, err
		}
		guarded := time.Now().Add(m.o.Guard)
		if lost {
			_, err := m.talk.skip(ctx, time.Until(guarded))
			return lost, err
		}
		a, err := m.talk.wait(ctx, guarded.Add(time.Second), okay, noCarrier)
		if err == nil {
			lost = a.code == noCarrier
			_, err = m.talk.skip(ctx, time.Until(guarded))
		}
		if !errors.Is(err, errSilent) {
			return lost, err
		}
	}
	return lost, errSilent
}
