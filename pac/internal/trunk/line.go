package trunk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"carrier/hardware/line"
)

// recvWindow is the Packet Recv. Window Size that we advertise.
const recvWindow = 64

// A Line has one of a trunk's calls at a time. It is a line.Line: the call rings
// until it is accepted, and its carrier is the call.
type Line struct {
	name    string
	trunk   *Trunk
	given   chan *call    // the call that the trunk chose this line for
	closing chan struct{} // closed by Close

	mu    sync.Mutex
	state line.State
	since time.Time // when it came into state
	call  *call     // nil: none
	shut  bool      // Close was called
}

func newLine(t *Trunk, name string) *Line {
	return &Line{name: name, trunk: t, given: make(chan *call, 1), closing: make(chan struct{}), state: line.Idle, since: time.Now()}
}

// Name is the line's name.
func (l *Line) Name() string { return l.name }

// State is what the line is doing.
func (l *Line) State() line.State { return l.Health().State }

// Health is the line's state; nothing can be out of order in it.
func (l *Line) Health() line.Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	return line.Health{State: l.state, Since: l.since}
}

// enter notes what the line is doing, and with which call; false: it is closed.
func (l *Line) enter(s line.State, c *call) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shut {
		return false
	}
	l.call = c
	if l.state != s {
		l.state, l.since = s, time.Now()
	}
	return true
}

// present is the call that the line has; nil: none.
func (l *Line) present() *call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.call
}

// Ring waits for a call. It knows the numbers that its PAC told.
func (l *Line) Ring(ctx context.Context) (line.Ring, error) {
	l.hangUp(line.Idle)
	select {
	case <-l.closing:
		return line.Ring{}, line.ErrClosed
	default:
	}
	l.trunk.enter(l)
	select {
	case c := <-l.given:
		if !l.enter(line.Ringing, c) {
			c.end()
			return line.Ring{}, line.ErrClosed
		}
		return line.Ring{At: time.Now(), Called: c.request.DialedNumber, Calling: c.request.DialingNumber, Gone: c.lost}, nil
	case <-l.closing:
		l.trunk.leave(l)
		return line.Ring{}, line.ErrClosed
	case <-ctx.Done():
		l.trunk.leave(l)
		return line.Ring{}, context.Cause(ctx)
	}
}

// Answer accepts the call, and waits until the PAC has answered its own line. The
// rate is that line's; the text has the call's name there.
func (l *Line) Answer(ctx context.Context) (line.Connect, error) {
	c := l.present()
	if c == nil {
		return line.Connect{}, line.ErrNoCarrier
	}
	c.accept()
	select {
	case m := <-c.connected:
		if !l.enter(line.Connected, c) {
			return line.Connect{}, line.ErrClosed
		}
		c.open()
		return line.Connect{Rate: int(min(m.ConnectSpeed, math.MaxInt32)), Text: "PPTP " + c.Name()}, nil
	case <-c.lost:
		return line.Connect{}, fmt.Errorf("%w: the PAC ended the call", line.ErrNoCarrier)
	case <-l.closing:
		return line.Connect{}, line.ErrClosed
	case <-ctx.Done():
		return line.Connect{}, context.Cause(ctx)
	}
}

// errNoDial is Dial's: a PAC is asked to dial by the PNS that its lines belong to.
var errNoDial = fmt.Errorf("a trunk cannot dial: %w", errors.ErrUnsupported)

// Dial fails.
func (l *Line) Dial(context.Context, string) (line.Connect, error) { return line.Connect{}, errNoDial }

// lastWords bounds how long a call is kept for what was written last to reach its
// caller.
const lastWords = 5 * time.Second

// HangUp clears the call once the caller has heard what was written last. It does
// not wait for the PAC to confirm it.
func (l *Line) HangUp(ctx context.Context) error {
	if d := l.open(); d != nil && l.enter(line.HangingUp, l.present()) {
		until := time.Now().Add(lastWords)
		if by, bounded := ctx.Deadline(); bounded && by.Before(until) {
			until = by
		}
		d.drain(until)
	}
	l.hangUp(line.Idle)
	return nil
}

func (l *Line) hangUp(next line.State) {
	c := l.present()
	l.enter(next, nil)
	if c != nil {
		c.end()
	}
}

// Close ends the call, and frees who waits.
func (l *Line) Close() error {
	c := l.present()
	l.enter(line.Down, nil)
	l.mu.Lock()
	again := l.shut
	l.shut = true
	l.mu.Unlock()
	if again {
		return nil
	}
	close(l.closing)
	if c != nil {
		c.end()
	}
	return nil
}

// open is the data half of the call that the line has; nil: none.
func (l *Line) open() *data {
	c := l.present()
	if c == nil {
		return nil
	}
	return c.carried()
}

// Lost is closed when the call is over.
func (l *Line) Lost() <-chan struct{} {
	if c := l.present(); c != nil {
		return c.lost
	}
	gone := make(chan struct{})
	close(gone)
	return gone
}

// Read gives the caller's PPP, framed as on a serial line; io.EOF without a call.
func (l *Line) Read(b []byte) (int, error) {
	if d := l.open(); d != nil {
		return d.read(b)
	}
	return 0, io.EOF
}

// Write takes PPP for the caller, likewise; ErrNoCarrier without a call.
func (l *Line) Write(b []byte) (int, error) {
	if d := l.open(); d != nil {
		return d.write(b)
	}
	return 0, line.ErrNoCarrier
}

// SetReadDeadline bounds Read in the present call.
func (l *Line) SetReadDeadline(t time.Time) error {
	if d := l.open(); d != nil {
		d.bound(&d.readBy, t)
	}
	return nil
}

// SetWriteDeadline bounds Write in the present call.
func (l *Line) SetWriteDeadline(t time.Time) error {
	if d := l.open(); d != nil {
		d.bound(&d.writeBy, t)
	}
	return nil
}

// Framed says that nobody types: callers speak PPP, and may wait to hear it.
func (l *Line) Framed() bool { return true }

// Unsent is how many octets wait for the PAC's window.
func (l *Line) Unsent() (octets int, known bool) {
	if d := l.open(); d != nil {
		return d.unsent(), true
	}
	return 0, false
}
