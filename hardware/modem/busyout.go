package modem

import (
	"context"
	"errors"
	"time"

	"carrier/hardware/line"
)

// BusyOut takes the modem off hook until ctx ends, and puts it back: not every
// reset does.
func (m *Modem) BusyOut(ctx context.Context) error {
	err := m.stayOff(ctx)
	if m.off && m.talk != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hookTime)
		defer cancel()
		ctx, done := m.begin(ctx)
		defer done()
		if err := m.onHook(ctx); err != nil && !errors.Is(err, line.ErrClosed) {
			m.o.Log.Warn("the modem may be off hook still", "error", err) // the next reset tries again
		}
	}
	return err
}

func (m *Modem) stayOff(ctx context.Context) error {
	ctx, done := m.begin(ctx)
	defer done()
	m.unwatch()
	for {
		err := m.busyOut(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errors.ErrUnsupported):
			return err
		}
		if err := m.fault(ctx, err); err != nil {
			return err
		}
	}
}

// busyOut is BusyOut until the modem fails.
func (m *Modem) busyOut(ctx context.Context) error {
	if err := m.prepare(ctx); err != nil {
		return err
	}
	if m.profile.busyOut == "" {
		return errors.ErrUnsupported
	}
	if err := m.unrung(ctx); err != nil {
		return err
	}
	m.ready, m.off = false, true // Ring resets it
	err := m.insist(ctx, m.profile.busyOut, commandTime)
	if errors.Is(err, errRefused) {
		m.off = false
		return errors.Join(err, errors.ErrUnsupported)
	}
	if err != nil {
		return err
	}
	m.enter(line.Idle)
	m.o.Log.Info("busied out")
	for {
		switch a, err := m.talk.next(ctx, time.Now().Add(checkTime)); {
		case err == nil: // what it says means nothing now
			if err := m.heard(ctx, a.text); err != nil {
				return err
			}
		case errors.Is(err, errSilent):
			// It may have been reset meanwhile: off hook twice does no harm.
			if err := m.insist(ctx, m.profile.busyOut, commandTime); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// unrung waits until no call rings: off hook would take it.
func (m *Modem) unrung(ctx context.Context) error {
	if err := m.talk.settle(ctx); err != nil {
		return err
	}
	for r := &m.talk.ring; r.count > 0; {
		if r.over(time.Now()) {
			*r = ringing{}
			break
		}
		if _, err := m.talk.next(ctx, r.last.Add(ringGap)); err != nil && !errors.Is(err, errSilent) {
			return err
		}
	}
	return nil
}

// onHook puts a modem back that was off hook.
func (m *Modem) onHook(ctx context.Context) error {
	if !m.off {
		return nil
	}
	if err := m.insist(ctx, "ATH", probeTime); err != nil {
		return err
	}
	m.off = false
	return nil
}
