package line

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// errNoCableDial is Dial's: nobody is behind a cable but its other end.
var errNoCableDial = fmt.Errorf("a cable cannot dial: %w", errors.ErrUnsupported)

// Dial fails: there is no telephone network.
func (c *Cable) Dial(context.Context, string) (Connect, error) { return Connect{}, errNoCableDial }

// HangUp lets the cable go: closing the port drops DTR, where it has that. Ring
// takes it again.
func (c *Cable) HangUp(context.Context) error {
	c.end()
	return nil
}

// end ends the present call, if there is one.
func (c *Cable) end() {
	c.mu.Lock()
	c.first = nil
	busy := c.inCall || c.health.State == Ringing
	c.mu.Unlock()
	if busy {
		c.drop()
		c.enter(Idle)
	}
}

// drop ends the call and closes its port, for which a device may take its time:
// nobody else waits for that.
func (c *Cable) drop() {
	c.mu.Lock()
	p := c.port
	c.port = nil
	c.inCall = false
	c.over()
	c.mu.Unlock()
	if p != nil {
		_ = p.Close()
	}
}

// over tells that the call is lost; mu is held.
func (c *Cable) over() {
	if !c.gone {
		c.gone = true
		close(c.lost)
	}
}

// lose notes that the carrier is gone, or by an error the port itself, and frees
// whoever waits.
func (c *Cable) lose(p Wire, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.port == p {
		if !c.gone && err != nil {
			c.failed = err
		}
		c.over()
		_ = p.SetReadDeadline(past)
		_ = p.SetWriteDeadline(past)
	}
}

// Close closes the port, which ends a call too, and frees whoever waits.
func (c *Cable) Close() error {
	c.enter(Down)
	c.close(ErrClosed)
	c.drop()
	return nil
}

// enter notes what the line is doing from now on.
func (c *Cable) enter(s State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enterLocked(s)
	c.health.Faulty = false
}

func (c *Cable) enterLocked(s State) {
	if c.closing.Err() == nil && s != c.health.State {
		c.health.State, c.health.Since = s, time.Now()
	}
}

// fault notes why the line cannot work for a while.
func (c *Cable) fault(err error, again time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enterLocked(Down)
	c.health.Faults++
	c.health.Fault, c.health.Faulty, c.health.Again = err.Error(), true, time.Now().Add(again)
}

// keep holds octets for the call's first Read.
func (c *Cable) keep(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.first = b
}

// holds says whether something was kept.
func (c *Cable) holds() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.first) > 0
}

// take is what was kept.
func (c *Cable) take() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.first
	c.first = nil
	return b
}

// copyFirst is Read for what was kept.
func (c *Cable) copyFirst(b []byte) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := copy(b, c.first)
	c.first = c.first[n:]
	return n
}

// Health is how the line does.
func (c *Cable) Health() Health {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.health
}

// Lost is closed when the present call's port or carrier was lost.
func (c *Cable) Lost() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// wire is the open port, nil without one.
func (c *Cable) wire() Wire {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.port
}

// call is the present call's port; nil without one or once it is lost.
func (c *Cable) call() Wire {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.callLocked()
}

func (c *Cable) callLocked() Wire {
	if c.gone || !c.inCall {
		return nil
	}
	return c.port
}

// why is what Read gives without a call: io.EOF, or how the port failed that took
// the call along.
func (c *Cable) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// Read returns io.EOF without a call, or the error of the port that took it
// along.
func (c *Cable) Read(b []byte) (int, error) {
	p := c.call()
	if p == nil {
		return 0, c.why()
	}
	if n := c.copyFirst(b); n > 0 {
		return n, nil
	}
	n, err := p.Read(b)
	if err != nil && (!errors.Is(err, os.ErrDeadlineExceeded) || c.call() != p) {
		c.lose(p, err)
		err = c.why()
	}
	return n, err
}

// Write fails with ErrNoCarrier without a call.
func (c *Cable) Write(b []byte) (int, error) {
	p := c.call()
	if p == nil {
		return 0, ErrNoCarrier
	}
	n, err := p.Write(b)
	if err != nil && (!errors.Is(err, os.ErrDeadlineExceeded) || c.call() != p) {
		c.lose(p, err)
		err = fmt.Errorf("%w: %w", ErrNoCarrier, err)
	}
	return n, err
}

// SetReadDeadline bounds Read in the present call.
func (c *Cable) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock() // lose sets one too, which must be the last
	if p := c.callLocked(); p != nil {
		return p.SetReadDeadline(t)
	}
	return nil
}

// SetWriteDeadline bounds Write in the present call.
func (c *Cable) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.callLocked(); p != nil {
		return p.SetWriteDeadline(t)
	}
	return nil
}

// Unsent is what of the present call's octets has not left the port; false
// where that cannot be known.
func (c *Cable) Unsent() (octets int, known bool) {
	if p := c.call(); p != nil {
		return p.Unsent()
	}
	return 0, false
}
