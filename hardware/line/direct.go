package line

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"carrier/hardware/netport"
)

// A Direct line has no modem: an accepted connection is itself a ringing call.
// Emulators and null-modem cables over a network come this way. Nobody tells
// the numbers or the rate. The carrier is lost when the far end closes, which
// Read finds.
type Direct struct {
	name    string
	place   int
	from    *Listener
	given   chan *netport.Port // the call that the listener chose this line for
	closing chan struct{}      // closed by Close

	mu    sync.Mutex
	state State
	since time.Time     // when it came into state
	port  *netport.Port // nil without a call
	lost  chan struct{} // of the present call
	gone  bool          // lost is closed
	shut  bool          // Close was called
}

// errNoDial is Dial's: there is nobody to dial.
var errNoDial = fmt.Errorf("a direct line cannot dial: %w", errors.ErrUnsupported)

// Name is the line's name.
func (d *Direct) Name() string { return d.name }

// State is what the line is doing.
func (d *Direct) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// Health is the line's state; nothing can be out of order in it.
func (d *Direct) Health() Health {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Health{State: d.state, Since: d.since}
}

// Ring waits for a connection. Its Name is where it comes from; its Gone is
// nil.
func (d *Direct) Ring(ctx context.Context) (Ring, error) {
	d.end(Idle)
	// A line that is closed while a connection waits must not take it.
	select {
	case <-d.closing:
		return Ring{}, ErrClosed
	case <-d.from.closing.Done():
		return Ring{}, ErrClosed
	default:
	}
	d.from.enter(d)
	select {
	case p := <-d.given:
		if !d.begin(p) {
			return Ring{}, ErrClosed
		}
		return Ring{At: time.Now(), Name: p.String()}, nil
	case <-d.closing:
		d.from.leave(d)
		return Ring{}, ErrClosed
	case <-d.from.closing.Done():
		d.from.leave(d)
		return Ring{}, ErrClosed
	case <-ctx.Done():
		d.from.leave(d)
		return Ring{}, context.Cause(ctx)
	}
}

// begin makes p the present call.
func (d *Direct) begin(p *netport.Port) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		_ = p.Close()
		return false
	}
	d.port, d.lost, d.gone, d.state = p, make(chan struct{}), false, Ringing
	d.since = time.Now()
	return true
}

// Answer returns at once. The rate is not known.
func (d *Direct) Answer(context.Context) (Connect, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.port == nil {
		return Connect{}, ErrNoCarrier
	}
	d.state, d.since = Connected, time.Now()
	return Connect{Text: "direct"}, nil
}

// Dial fails: there is no telephone network.
func (d *Direct) Dial(context.Context, string) (Connect, error) { return Connect{}, errNoDial }

// HangUp closes the connection.
func (d *Direct) HangUp(context.Context) error {
	d.end(Idle)
	return nil
}

// end closes the present call's connection, if there is one.
func (d *Direct) end(next State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.port != nil {
		_ = d.port.Close()
		d.port = nil
		if !d.gone {
			close(d.lost)
		}
	}
	if d.shut {
		next = Down
	}
	if d.state != next {
		d.state, d.since = next, time.Now()
	}
}

// Close ends the call.
func (d *Direct) Close() error {
	d.mu.Lock()
	again := d.shut
	d.shut = true
	d.mu.Unlock()
	if again {
		return nil
	}
	close(d.closing)
	d.end(Down)
	return nil
}

// call is the present call's port; nil without one or once it is lost.
func (d *Direct) call() *netport.Port {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return nil
	}
	return d.port
}

// lose notes that p is gone.
func (d *Direct) lose(p *netport.Port) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.port == p && !d.gone {
		d.gone = true
		close(d.lost)
	}
}

// Lost is closed when Read or Write found the connection closed.
func (d *Direct) Lost() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost == nil {
		d.lost, d.gone = make(chan struct{}), true
		close(d.lost)
	}
	return d.lost
}

// Read returns io.EOF without a call.
func (d *Direct) Read(b []byte) (int, error) {
	p := d.call()
	if p == nil {
		return 0, io.EOF
	}
	n, err := p.Read(b)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		d.lose(p)
		err = io.EOF
	}
	return n, err
}

// Write fails with ErrNoCarrier without a call.
func (d *Direct) Write(b []byte) (int, error) {
	p := d.call()
	if p == nil {
		return 0, ErrNoCarrier
	}
	n, err := p.Write(b)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		d.lose(p)
		err = fmt.Errorf("%w: %w", ErrNoCarrier, err)
	}
	return n, err
}

// SetReadDeadline bounds Read in the present call.
func (d *Direct) SetReadDeadline(t time.Time) error {
	if p := d.call(); p != nil {
		return p.SetReadDeadline(t)
	}
	return nil
}

// SetWriteDeadline bounds Write in the present call.
func (d *Direct) SetWriteDeadline(t time.Time) error {
	if p := d.call(); p != nil {
		return p.SetWriteDeadline(t)
	}
	return nil
}

// Unsent is how many octets of the present call the far end has not
// acknowledged.
func (d *Direct) Unsent() (octets int, known bool) {
	if p := d.call(); p != nil {
		return p.Unsent()
	}
	return 0, false
}
