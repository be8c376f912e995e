package exchange

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

// Limits of what the DTE sends and leaves unread while there is no call.
const (
	typed      = 64   // octets read at once
	maxPending = 4096 // octets of results and echo
)

// A mode is what the modem takes the DTE's octets for.
type mode uint8

const (
	commandMode mode = iota // no call, or one that only rings
	waiting                 // for a carrier, having dialled or answered
	online
	escaped // command mode during a call
)

// A modem is what one DTE finds on a line, from when it comes until it goes.
// The goroutine in run owns it.
type modem struct {
	line    *Line
	network *Exchange
	io      *transfer
	cord    cord

	now  time.Time // of this turn
	wake time.Time // when the next turn is due by itself; zero: never
	call *view     // as of this turn; nil: none

	mode    mode
	profile profile
	typing  commandLine
	last    []command // for A/
	redial  string    // for ATDL
	bell    bell
	escape  escape
	since   time.Time // when waiting began
	past    past      // the last call

	pending []byte    // results and echo to be written
	lent    []byte    // what is being written
	data    bool      // and it is the call's
	record  io.Writer // for that
	buffer  [chunk]byte
}

func newModem(l *Line) *modem {
	return &modem{line: l, network: l.exchange, profile: l.stored}
}

// run serves a DTE until ctx ends or its port fails, hangs up and closes the
// port. A port that was closed is no error.
func (m *modem) run(ctx context.Context, p Port) error {
	m.io, m.cord = startTransfer(p), newCord(p)
	err := m.turns(ctx)
	if m.mode != commandMode {
		m.network.hangUp(m.line, resultNoCarrier)
	}
	for _, end := range []error{io.EOF, io.ErrClosedPipe, net.ErrClosed} {
		if errors.Is(err, end) {
			err = nil
		}
	}
	err = errors.Join(err, m.io.stop())
	select {
	case n := <-m.io.wrote: // delivered just before the end
		m.written(n)
	default:
	}
	return err
}

// turns goes round: see what became of the call, read and write what the port
// and the line allow, wait for the next thing to happen.
func (m *modem) turns(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		m.now, m.wake = time.Now(), time.Time{}
		m.follow()
		m.writeMore()
		m.readMore()
		m.cord.show(m.carrier())
		if m.wake.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(m.wake.Sub(m.now))
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-m.io.failed:
			select {
			case b := <-m.io.got: // what came before the end
				m.input(b)
			default:
			}
			return err
		case b := <-m.io.got:
			m.io.reading = false
			m.input(b)
		case n := <-m.io.wrote:
			m.io.writing = false
			m.written(n)
		case ready := <-m.cord.ready:
			m.now = time.Now()
			m.terminal(ready)
		case <-m.line.pokes:
		case <-timer.C:
		}
	}
}

// at asks for a turn at t; the zero time asks for none.
func (m *modem) at(t time.Time) {
	if !t.IsZero() && (m.wake.IsZero() || t.Before(m.wake)) {
		m.wake = t
	}
}

// due says whether t has come, and asks for a turn if it has not.
func (m *modem) due(t time.Time) bool {
	if t.IsZero() || !m.now.Before(t) {
		return !t.IsZero()
	}
	m.at(t)
	return false
}

// input takes what the DTE sent.
func (m *modem) input(b []byte) {
	m.now = time.Now()
	for i, c := range b {
		switch m.mode {
		case online:
			m.escape.feed(m.now, b[i:], &m.profile)
			m.call.out.write(m.now, b[i:])
			m.past.sent += len(b[i:])
			return
		case waiting: // V.250 §5.6.1: any character aborts, but for those just behind the command
			if m.now.Sub(m.since) > 125*time.Millisecond {
				m.hangUp(resultNoCarrier)
				m.report(resultNoCarrier)
			}
			return
		default:
			m.character(c)
		}
	}
}

// readMore asks the port for what the line, or the modem, can take.
func (m *modem) readMore() {
	if m.io.reading {
		return
	}
	if m.mode == online {
		n, next := m.call.out.room(m.now)
		if n > 0 {
			m.io.read(n)
		}
		m.at(next)
	} else if len(m.pending) < maxPending {
		m.io.read(typed)
	}
}

// writeMore gives the port the modem's own words first, then the call's data.
func (m *modem) writeMore() {
	switch {
	case m.io.writing:
	case len(m.pending) > 0:
		m.data, m.lent, m.pending = false, m.pending, m.lent[:0]
		m.io.write(m.now, m.lent)
	case m.mode == online:
		n, next := m.call.in.read(m.now, m.buffer[:])
		if n > 0 {
			m.data, m.record = true, m.call.record
			m.io.write(m.now, m.buffer[:n])
		}
		m.at(next)
	}
}

// written is told how much the port took.
func (m *modem) written(n int) {
	if !m.data {
		return
	}
	m.past.received += n
	if m.record != nil {
		if _, err := m.record.Write(m.buffer[:n]); err != nil {
			m.line.log.Error("recording", "error", err)
		}
	}
	m.network.delivered(m.line, n)
}

// say adds to what the DTE will read. What it leaves unread is bounded; then
// it misses some.
func (m *modem) say(s string) {
	if len(m.pending)+len(s) <= maxPending {
		m.pending = append(m.pending, s...)
	}
}

// report says a result code.
func (m *modem) report(r result) {
	text := ""
	if r == resultConnect {
		text = m.call.text
	}
	m.say(m.profile.code(r, text))
}
