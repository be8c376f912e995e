package modem

import (
	"context"
	"errors"
	"time"

	"carrier/hardware/line"
)

// checkTime is how long an idle modem says nothing before it is asked whether
// it lives.
const checkTime = 5 * time.Minute

// Ring waits for a call, and mends the modem meanwhile.
func (m *Modem) Ring(ctx context.Context) (line.Ring, error) {
	ctx, done := m.begin(ctx)
	defer done()
	m.unwatch()
	for {
		r, err := m.await(ctx)
		if err == nil {
			m.report = nil // that of the call before
			return r, nil
		}
		if ctx.Err() != nil {
			return line.Ring{}, context.Cause(ctx)
		}
		if err := m.fault(ctx, err); err != nil {
			return line.Ring{}, err
		}
	}
}

// await waits for a call until the modem fails.
func (m *Modem) await(ctx context.Context) (line.Ring, error) {
	if err := m.prepare(ctx); err != nil {
		return line.Ring{}, err
	}
	for {
		r := &m.talk.ring
		now := time.Now()
		if r.over(now) {
			if r.state() == line.Ringing {
				m.o.Log.Info("the caller gave up", "rings", r.count, "calling", r.calling)
			}
			*r = ringing{}
		}
		m.enter(r.state())
		if r.told(m.o.Rings, now) {
			break
		}
		a, err := m.talk.next(ctx, r.due(now))
		switch {
		case err == nil:
			err = m.heard(ctx, a.text)
		case errors.Is(err, errSilent):
			err = nil
			if r.last.IsZero() {
				err = m.check(ctx)
			}
		}
		if err != nil {
			return line.Ring{}, err
		}
	}
	r := m.talk.ring
	w := m.startWatch() // the dialogue is its own from here on
	return line.Ring{At: r.first, Called: r.called, Calling: r.calling, Name: r.name, Gone: w.gone}, nil
}

// check asks an idle modem whether it lives, and resets it when not.
func (m *Modem) check(ctx context.Context) error {
	err := m.insist(ctx, "AT", probeTime)
	if errors.Is(err, errSilent) {
		m.ready = false
		err = m.prepare(ctx)
	}
	return err
}

// A watch listens to a ring that Ring has returned until it is answered.
type watch struct {
	gone chan struct{} // closed when the caller gave up
	stop context.CancelFunc
	done chan struct{} // closed when it listens no more
}

func (m *Modem) startWatch() *watch {
	ctx, stop := context.WithCancel(context.Background())
	w := &watch{gone: make(chan struct{}), stop: stop, done: make(chan struct{})}
	ctx, done := m.begin(ctx)
	talk := m.talk
	m.watch = w
	go func() {
		defer close(w.done)
		defer done()
		if talk.ringsOut(ctx) {
			close(w.gone)
		}
	}()
	return w
}

// ringsOut listens until the caller gives up, or until ctx ends: false. A lost
// port loses the caller too.
func (d *dialogue) ringsOut(ctx context.Context) bool {
	for {
		a, err := d.next(ctx, d.ring.last.Add(ringGap))
		switch {
		case ctx.Err() != nil:
			return false
		case err == nil && a.code == noCarrier, err != nil && !errors.Is(err, errSilent), d.ring.over(time.Now()):
			return true
		}
	}
}

// unwatch ends the watch, if there is one, and says whether the caller gave
// up. After it the dialogue is the owner's again.
func (m *Modem) unwatch() (gone bool) {
	w := m.watch
	if w == nil {
		return false
	}
	m.watch = nil
	w.stop()
	<-w.done
	select {
	case <-w.gone:
		return true
	default:
		return false
	}
}
