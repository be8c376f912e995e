package modem

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"carrier/hardware/line"
)

// Read gives the octets that the caller sends, io.EOF when the carrier is lost,
// and the port's error when that is lost. Where no signal tells of the carrier, it is lost
// when the modem says so in band: NO CARRIER on a line of its own, behind which
// for a frame's time nothing comes that a modem would not say. The words are
// handed out as data all the same.
func (m *Modem) Read(b []byte) (int, error) {
	c := m.online()
	if c == nil {
		return 0, io.EOF
	}
	c.reading.Lock()
	defer c.reading.Unlock()
	if len(b) == 0 {
		return 0, nil
	}
	for {
		n, err := c.receive(b)
		if err != nil && c.isOver() && m.closing.Err() != nil {
			err = io.EOF // the port was not lost: we closed it
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// Write sends octets to the caller. What would leave data state, three escape
// characters alone between silences, goes out with a NUL before the last.
func (m *Modem) Write(b []byte) (int, error) {
	c := m.online()
	if c == nil {
		return 0, line.ErrNoCarrier
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.isOver() {
		return 0, line.ErrNoCarrier
	}
	n, err := c.port.Write(c.escapes.part(time.Now(), b, m.o.Guard))
	n = min(n, len(b))
	switch {
	case err == nil:
		return n, nil
	case c.isOver():
		return n, line.ErrNoCarrier
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lose(err)
	return n, fmt.Errorf("%w: %w", line.ErrNoCarrier, err)
}

// SetReadDeadline bounds Read in the present call.
func (m *Modem) SetReadDeadline(t time.Time) error {
	if c := m.online(); c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.read = t
		c.armLocked()
	}
	return nil
}

// SetWriteDeadline bounds Write in the present call.
func (m *Modem) SetWriteDeadline(t time.Time) error {
	if c := m.online(); c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.write = t
		c.armLocked()
	}
	return nil
}

// Unsent is how many octets of the present call wait in the port.
func (m *Modem) Unsent() (octets int, known bool) {
	c := m.online()
	if c == nil {
		return 0, false
	}
	if g, ok := c.port.(Gauge); ok {
		return g.Unsent()
	}
	return 0, false
}

// Queued is what of Unsent waits for the port's far end to have room; it makes a
// Modem a line.Queuer.
func (m *Modem) Queued() (octets int, known bool) {
	if c := m.online(); c != nil {
		if q, ok := c.port.(line.Queuer); ok {
			return q.Queued()
		}
	}
	return m.Unsent()
}

// Follows reports whether the modem stops the present call's port when it has
// enough; it makes a Modem a line.Follower.
func (m *Modem) Follows() bool {
	c := m.online()
	if c == nil {
		return false
	}
	f, ok := c.port.(line.Follower)
	return ok && f.Follows()
}

// Lost is closed when the carrier is lost. On a port without signals Read finds
// that.
func (m *Modem) Lost() <-chan struct{} {
	if c := m.online(); c != nil {
		return c.lost
	}
	none := make(chan struct{})
	close(none)
	return none
}

// online is the present call, nil without one.
func (m *Modem) online() *call {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.call
}
