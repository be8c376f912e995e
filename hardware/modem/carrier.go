package modem

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// A call is the data state of a modem, from CONNECT until HangUp.
type call struct {
	port             Port
	words            lossWatch
	wires            *wires     // the port's, nil if it has none; when they tell, words are data
	reading, writing sync.Mutex // held while the port is read and written
	escapes          escapeWatch
	lost             chan struct{}

	mu      sync.Mutex
	first   []byte // octets that came with CONNECT
	atStart bool   // CONNECT's LF may still come
	read    time.Time
	write   time.Time // deadlines
	verdict time.Time // when NO CARRIER is believed
	over    bool      // lost is closed
	err     error     // the port's
}

// An ending is what a call leaves.
type ending struct {
	lost bool  // the modem is in command state already, or so it seems
	err  error // the port is lost
}

func newCall(p Port, w *wires, first []byte, rate int) *call {
	return &call{port: p, first: first, atStart: true, wires: w, words: lossWatch{wait: lossTime(rate)},
		lost: make(chan struct{})}
}

func (c *call) receive(b []byte) (int, error) {
	if n, err := c.before(b); n > 0 || err != nil {
		return n, err
	}
	n, err := c.port.Read(b)
	if n == 0 && err != nil {
		return 0, c.refusal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.note(b[:n]), nil
}

// before is what can be said without reading the port.
func (c *call) before(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := copy(b, c.first)
	c.first = c.first[n:]
	if n > 0 {
		return c.note(b[:n]), nil
	}
	if c.over {
		return 0, c.why()
	}
	return 0, nil
}

// why is what Read gives, with mu held, once the carrier is lost: the port's
// error when that took it along.
func (c *call) why() error {
	if c.err != nil {
		return c.err
	}
	return io.EOF
}

// note looks at octets on their way to the reader and says how many there are
// for her. It is called with mu held.
func (c *call) note(b []byte) int {
	if c.atStart && len(b) > 0 {
		c.atStart = false
		if b[0] == '\n' {
			b = b[:copy(b, b[1:])]
		}
	}
	if c.wires.tell() {
		return len(b)
	}
	was := !c.verdict.IsZero()
	switch seen := c.words.see(b); {
	case seen && !was:
		c.verdict = time.Now().Add(c.words.wait)
		c.armLocked()
	case !seen && was:
		c.verdict = time.Time{}
		c.armLocked()
	}
	return len(b)
}

// refusal makes the port's error the reader's; nil when it was a deadline that
// is no more.
func (c *call) refusal(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	switch {
	case c.over:
		return c.why()
	case !errors.Is(err, os.ErrDeadlineExceeded):
		c.lose(err)
		return c.why()
	}
	if c.wires.tell() {
		c.verdict = time.Time{} // the words were data
	}
	switch {
	case !c.verdict.IsZero() && !now.Before(c.verdict):
		c.lose(nil)
		return c.why()
	case !c.read.IsZero() && !now.Before(c.read):
		return err
	}
	c.armLocked()
	return nil
}

// arm gives the port the call's deadlines.
func (c *call) arm() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armLocked()
}

func (c *call) armLocked() {
	read, write := c.read, c.write
	if !c.verdict.IsZero() && (read.IsZero() || c.verdict.Before(read)) {
		read = c.verdict
	}
	if c.over {
		read, write = past, past
	}
	// When these fail the port is lost, which the next Read or Write tells.
	_ = c.port.SetReadDeadline(read)
	_ = c.port.SetWriteDeadline(write)
}

// lose notes, with mu held, that the carrier is lost, or even the port, and
// frees whoever waits.
func (c *call) lose(err error) {
	if c.over {
		return
	}
	c.over, c.err = true, err
	close(c.lost)
	c.armLocked()
}

func (c *call) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// finish ends the data state: when it returns nobody reads or writes the port
// for the call any more.
func (c *call) finish() ending {
	c.mu.Lock()
	end := ending{lost: c.over}
	c.lose(nil)
	c.mu.Unlock()
	c.reading.Lock()
	defer c.reading.Unlock()
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	// Words that are not believed yet are taken for true: no answer is expected
	// of the modem then, but it is hung up all the same.
	end.lost = end.lost || !c.verdict.IsZero() && !c.wires.tell()
	if c.err != nil {
		end.err = fmt.Errorf("%w: %w", errLost, c.err)
	}
	return end
}
