package modem

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"carrier/hardware/line"
)

// abortTime is how long a modem may take to give up a call that has no carrier
// yet.
const abortTime = 3 * time.Second

// dialResults are the reasons that a modem gives for no carrier.
var dialResults = map[code]line.DialResult{
	noCarrier: line.NoCarrier, noDialtone: line.NoDialtone, busy: line.Busy,
	noAnswer: line.NoAnswer, delayed: line.Delayed, blacklisted: line.Blacklisted,
}

// Answer answers the call that Ring returned.
func (m *Modem) Answer(ctx context.Context) (line.Connect, error) {
	ctx, done := m.begin(ctx)
	defer done()
	if m.unwatch() || m.talk == nil {
		return line.Connect{}, line.ErrNoCarrier
	}
	a, err := m.try(ctx, "ATA", connect, noCarrier, noAnswer, noDialtone, busy, failed)
	m.talk.ring = ringing{}
	switch {
	case errors.Is(err, errSilent):
		return line.Connect{}, fmt.Errorf("%w within %v", line.ErrNoCarrier, m.o.AnswerTimeout)
	case err != nil:
		return line.Connect{}, err
	case a.code != connect:
		return line.Connect{}, fmt.Errorf("%w: the modem says %s", line.ErrNoCarrier, a.text)
	}
	return m.connected(a), nil
}

// Dial calls a number of digits, + * # and A to D, in which the pauses and
// signs of dial strings may stand.
func (m *Modem) Dial(ctx context.Context, number string) (line.Connect, error) {
	if number == "" || strings.Trim(number, "0123456789ABCDabcd+*#,W@!TP-(). ") != "" {
		return line.Connect{}, fmt.Errorf("%q is not a number to dial", number)
	}
	ctx, done := m.begin(ctx)
	defer done()
	m.unwatch()
	if err := m.prepare(ctx); err != nil {
		return line.Connect{}, err
	}
	if err := m.talk.settle(ctx); err != nil {
		return line.Connect{}, err
	}
	if r := &m.talk.ring; r.count > 0 && !r.over(time.Now()) {
		return line.Connect{}, line.ErrRinging
	}
	m.enter(line.Dialling)
	a, err := m.try(ctx, "ATDT"+number, connect, ring, failed, noCarrier, noDialtone, busy, noAnswer, delayed, blacklisted)
	if err == nil && a.code == connect {
		m.talk.ring = ringing{}
		return m.connected(a), nil
	}
	m.enter(m.talk.ring.state())
	result, known := dialResults[a.code]
	switch {
	case errors.Is(err, errSilent):
		return line.Connect{}, &line.DialError{Number: number, Result: line.NoAnswer}
	case err != nil:
		return line.Connect{}, err
	case a.code == ring:
		return line.Connect{}, line.ErrRinging
	case known:
		return line.Connect{}, &line.DialError{Number: number, Result: result}
	}
	return line.Connect{}, fmt.Errorf("dialling %s: the modem says %s", number, a.text)
}

// try sends a command whose result may take long and comes back with one of
// the codes. After any but CONNECT the modem is on hook.
func (m *Modem) try(ctx context.Context, command string, codes ...code) (response, error) {
	m.talk.rate = 0
	m.trying = true
	if m.talk.wires != nil {
		_, _ = m.talk.wires.Carrier() // off, if it tells; a lost port shows below
	}
	if err := m.talk.write(ctx, command+"\r"); err != nil {
		return response{}, err
	}
	a, err := m.talk.wait(ctx, time.Now().Add(m.o.AnswerTimeout), codes...)
	switch {
	case err == nil && a.code == ring, errors.Is(err, errSilent):
		return a, errors.Join(err, m.abort(ctx))
	case err == nil:
		m.trying = false
	}
	return a, err
}

// abort gives up a call without carrier: any octet does that.
func (m *Modem) abort(ctx context.Context) error {
	if err := m.talk.write(ctx, "\r"); err != nil {
		return err
	}
	a, err := m.talk.wait(ctx, time.Now().Add(abortTime), noCarrier, okay, failed, connect)
	switch {
	case err == nil && a.code == connect:
		err = m.release(ctx, false) // the octet came too late
	case errors.Is(err, errSilent):
		m.ready = false // whatever it does, it needs a reset
		err = nil
	}
	m.trying = err != nil
	return err
}

// connected begins the call: what came behind the result is its first data.
func (m *Modem) connected(a response) line.Connect {
	if m.talk.rate != 0 {
		a.connect.Rate = m.talk.rate
	}
	a.connect.Assumed = m.assume(a.connect)
	c := newCall(m.talk.port, m.talk.wires, m.talk.in, a.connect.Rate)
	m.talk.in = nil
	m.ready, m.faults, m.report = false, 0, nil
	m.mu.Lock()
	m.call = c
	m.stateLocked(line.Connected)
	m.mu.Unlock()
	c.arm()
	if c.wires != nil {
		go c.poll(m.o.Log)
	}
	return a.connect
}

// assume is the rate to reckon with where the modem does not tell the line's; 0:
// it does, or nothing is to be assumed.
func (m *Modem) assume(c line.Connect) int {
	rate := m.o.LineRate
	if rate == ByProfile {
		rate = usualRate
		if m.profile.direct {
			rate = 0
		}
	}
	if rate == 0 || c.Rate != 0 && !line.OfPort(c.Rate) {
		return 0
	}
	if !m.vague {
		m.vague = true
		m.o.Log.Info("CONNECT does not tell the line's rate: one is assumed", "connect", c.Text, "assumed", rate)
	}
	return rate
}
