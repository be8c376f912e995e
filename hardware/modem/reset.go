package modem

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"carrier/hardware/line"
)

const (
	// form asks for result codes without echo, in words: a digit could not be
	// told from data when the carrier is lost. S0=0: we answer, not the modem.
	form = "ATE0Q0V1S0=0"

	firstDelay = time.Second // of a quarantine; each is twice the one before
	lastDelay  = 5 * time.Minute
	steady     = time.Minute // a modem that worked for so long starts with firstDelay again

	lookAgain = 2 * time.Second // for a device that is not there
)

// prepare makes a modem ready that is not: it opens the port and resets.
func (m *Modem) prepare(ctx context.Context) error {
	if m.ready {
		return nil
	}
	if m.talk == nil {
		if err := m.open(ctx); err != nil {
			return err
		}
	}
	m.enter(line.Resetting)
	if err := m.reset(ctx); err != nil {
		return err
	}
	m.since = time.Now()
	m.o.Log.Info("modem ready")
	return nil
}

// reset runs the dialogue that brings the modem from any state to idle. What
// it tells of a ringing call meanwhile is kept.
func (m *Modem) reset(ctx context.Context) error {
	m.ready = false
	if err := m.insist(ctx, form, probeTime); err != nil {
		if !errors.Is(err, errSilent) {
			return err
		}
		// It may have a call from before our time.
		if err := m.release(ctx, false); err != nil {
			return err
		}
		if err := m.insist(ctx, form, probeTime); err != nil {
			return err
		}
	}
	if err := m.identify(ctx); err != nil {
		return err
	}
	if err := m.onHook(ctx); err != nil {
		return err
	}
	for _, s := range m.setUp() {
		if err := m.insist(ctx, s, commandTime); err != nil {
			return err
		}
	}
	if err := m.askCallerID(ctx); err != nil {
		return err
	}
	// Init may have undone it.
	if err := m.insist(ctx, form, commandTime); err != nil {
		return err
	}
	m.ready, m.trying = true, false
	m.recover()
	return nil
}

// setUp are the commands that set up the modem: those of the configuration, or
// its profile's.
func (m *Modem) setUp() []string {
	if len(m.o.Init) > 0 {
		return m.o.Init
	}
	return m.profile.Init
}

// insist gives a command twice: a modem that is busy with itself, after ATZ
// for example, may miss one.
func (m *Modem) insist(ctx context.Context, s string, t time.Duration) error {
	err := m.talk.command(ctx, s, t)
	if errors.Is(err, errSilent) {
		err = m.talk.command(ctx, s, t)
	}
	return err
}

// fault puts a modem aside that does not work and returns when it is to be
// tried again; its error is that of ctx.
func (m *Modem) fault(ctx context.Context, cause error) error {
	if m.talk == nil && errors.Is(cause, fs.ErrNotExist) {
		return m.away(ctx, cause)
	}
	if !m.since.IsZero() && time.Since(m.since) > steady {
		m.faults = 0
	}
	m.since = time.Time{}
	delay := min(firstDelay<<min(m.faults, 16), lastDelay)
	m.faults++
	if m.talk != nil && !errors.Is(cause, errLost) {
		m.enter(line.Quarantined)
	} else {
		m.enter(line.Down)
	}
	m.suffer(cause, delay)
	m.drop() // a port opened afresh is the strongest reset there is
	m.o.Log.Warn("the modem is out of service", "error", cause, "again_in", delay)
	return rest(ctx, delay)
}

// away puts a modem aside whose device is not there: it was unplugged, or is
// yet to come. To look for it costs nothing, so that it is taken back soon, and
// is worth one line of log.
func (m *Modem) away(ctx context.Context, cause error) error {
	m.enter(line.Down)
	m.suffer(cause, lookAgain)
	if !m.absent {
		m.absent = true
		m.o.Log.Warn("the modem is not there", "error", cause)
	}
	return rest(ctx, lookAgain)
}

func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
