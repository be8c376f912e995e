package line

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

// A Wire is the port of a cable; serial ports have it, and network ports.
type Wire interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	Unsent() (octets int, known bool)
}

// detector is what a Wire has besides where the other end's DTR reaches us.
type detector interface{ Carrier() (bool, error) }

const (
	lookTime   = 250 * time.Millisecond // between looks at Data Carrier Detect
	parted     = time.Second            // how long a cable is let go after a call
	quiet      = 500 * time.Millisecond // then silence begins
	quietLimit = 3 * time.Second        // or is given up
	wordTime   = 2 * time.Second        // for the rest of Windows' word
	firstDelay = time.Second            // before a port is opened again
	lastDelay  = time.Minute
)

// Windows begins a direct cable connection with the one word and wants the
// other before it speaks PPP.
const (
	directCable       = "CLIENT"
	directCableAnswer = "CLIENTSERVER"
)

// CableOptions are a cable's parts; Name and Open are needed.
type CableOptions struct {
	Name string
	// Open opens the port; it is called again after each call and whenever the
	// port was lost.
	Open func(ctx context.Context) (Wire, error)
	Log  *slog.Logger // labelled with the line; nil means silence
}

// A Cable is a null modem cable as a line: nobody speaks AT, octets that come,
// or a rising Data Carrier Detect, are a ringing call. It ends when the port is
// lost, or Data Carrier Detect where it had been on.
type Cable struct {
	o       CableOptions
	closing context.Context // ends with Close, cause ErrClosed
	close   context.CancelCauseFunc

	// The owner's.
	called bool // the last port carried a call
	faults int  // in a row

	mu     sync.Mutex
	health Health
	first  []byte        // octets that came before the call was answered
	port   Wire          // nil: not open
	lost   chan struct{} // of the present call
	gone   bool          // lost is closed
	failed error         // what Read gives then: io.EOF, or the port's
	inCall bool          // Read and Write are for the call
}

// NewCable makes a line of a cable. Its port is opened by the first Ring.
func NewCable(o CableOptions) *Cable {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cable{o: o, lost: make(chan struct{}), gone: true, failed: io.EOF, health: Health{Since: time.Now()}}
	close(c.lost)
	c.closing, c.close = context.WithCancelCause(context.Background())
	return c
}

// Name is the line's name.
func (c *Cable) Name() string { return c.o.Name }

// State is what the line is doing.
func (c *Cable) State() State { return c.Health().State }

// Ring waits until something comes.
func (c *Cable) Ring(ctx context.Context) (Ring, error) {
	c.end()
	ctx, done := c.begin(ctx)
	defer done()
	for {
		err := c.await(ctx)
		if err == nil {
			c.enter(Ringing)
			return Ring{At: time.Now()}, nil
		}
		if ctx.Err() != nil {
			return Ring{}, context.Cause(ctx)
		}
		c.drop()
		delay := min(firstDelay<<min(c.faults, 16), lastDelay)
		if c.faults++; c.faults == 1 {
			c.o.Log.Warn("the cable is out of service", "error", err, "again_in", delay)
		}
		c.fault(err, delay)
		pause(ctx, delay)
	}
}

// begin starts a wait of the owner, which ends with ctx and with Close.
func (c *Cable) begin(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	closed := context.AfterFunc(c.closing, func() { cancel(ErrClosed) })
	freed := make(chan struct{})
	free := context.AfterFunc(ctx, func() {
		defer close(freed)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.port != nil {
			_ = c.port.SetReadDeadline(past)
			_ = c.port.SetWriteDeadline(past)
		}
	})
	return ctx, func() {
		closed()
		if !free() {
			<-freed
		}
		cancel(nil)
	}
}

// past as a deadline frees at once.
var past = time.Unix(1, 0)

// await opens the port, if it must, and waits for octets or the carrier.
func (c *Cable) await(ctx context.Context) error {
	p := c.wire()
	if p == nil {
		var err error
		if p, err = c.open(ctx); err != nil {
			return err
		}
	}
	signal, _ := p.(detector)
	was := true // what is on at first is no call
	c.enter(Idle)
	if c.holds() {
		return nil
	}
	for {
		until := time.Time{}
		if signal != nil {
			on, err := signal.Carrier()
			if err != nil {
				return err
			}
			if on && !was {
				return nil
			}
			was = on
			until = time.Now().Add(lookTime)
		}
		b, err := c.read(ctx, p, until)
		if len(b) > 0 || err != nil {
			c.keep(b)
			return err
		}
	}
}

// open opens the port. After a call what its far end still sends is passed over.
func (c *Cable) open(ctx context.Context) (Wire, error) {
	after := c.called
	if c.called = false; after {
		pause(ctx, parted) // the far end sees our DTR fall
	}
	p, err := c.o.Open(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	if c.closing.Err() != nil {
		c.mu.Unlock()
		_ = p.Close()
		return nil, ErrClosed
	}
	c.port = p
	c.mu.Unlock()
	if c.faults > 0 {
		c.o.Log.Info("the cable is back")
	}
	c.faults = 0
	for end := time.Now().Add(quietLimit); after && time.Now().Before(end); {
		switch b, err := c.read(ctx, p, time.Now().Add(quiet)); {
		case err != nil:
			return nil, err
		case len(b) == 0:
			return p, nil
		default:
			// Windows that calls again is no rest of a call.
			if i := bytes.Index(b, []byte(directCable)); i >= 0 {
				c.keep(b[i:])
				return p, nil
			}
		}
	}
	return p, nil
}

// read reads once until a time; nothing read is no error.
func (c *Cable) read(ctx context.Context, p Wire, until time.Time) ([]byte, error) {
	if err := p.SetReadDeadline(until); err != nil {
		return nil, err
	}
	if ctx.Err() != nil { // its past deadline may have been overwritten just now
		return nil, context.Cause(ctx)
	}
	b := make([]byte, 512)
	n, err := p.Read(b)
	switch {
	case n > 0:
		return b[:n], nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err == nil || errors.Is(err, os.ErrDeadlineExceeded):
		return nil, nil
	}
	return nil, err
}

// Answer answers Windows' word, if that is what came. The rate is not known.
func (c *Cable) Answer(ctx context.Context) (Connect, error) {
	ctx, done := c.begin(ctx)
	defer done()
	p := c.wire()
	if p == nil {
		return Connect{}, ErrNoCarrier
	}
	text, err := c.greet(ctx, p)
	if err != nil {
		if ctx.Err() != nil {
			return Connect{}, context.Cause(ctx)
		}
		c.drop()
		return Connect{}, fmt.Errorf("%w: %w", ErrNoCarrier, err)
	}
	_ = p.SetReadDeadline(time.Time{}) // when these fail, so does the next Read
	_ = p.SetWriteDeadline(time.Time{})
	c.mu.Lock()
	c.inCall, c.gone, c.lost, c.failed = true, false, make(chan struct{}), io.EOF
	lost := c.lost
	c.mu.Unlock()
	c.called = true
	c.enter(Connected)
	if signal, ok := p.(detector); ok {
		go c.watch(p, signal, lost)
	}
	return Connect{Text: text}, nil
}

// greet answers CLIENT as often as it stands in front of what came.
func (c *Cable) greet(ctx context.Context, p Wire) (text string, err error) {
	text = "cable"
	first := c.take()
	defer func() { c.keep(first) }()
	for end := time.Now().Add(wordTime); time.Now().Before(end); {
		n := min(len(first), len(directCable))
		if n == 0 || string(first[:n]) != directCable[:n] {
			break
		}
		if n < len(directCable) {
			b, err := c.read(ctx, p, end)
			if err != nil {
				return "", err
			}
			first = append(first, b...)
			continue
		}
		text = "direct cable"
		first = bytes.TrimPrefix(first, []byte(directCable))
		if err := p.SetWriteDeadline(end); err != nil {
			return "", err
		}
		if _, err := io.WriteString(p, directCableAnswer); err != nil {
			return "", err
		}
	}
	return text, nil
}

// watch ends the call when Data Carrier Detect falls that was on in it. A
// cable may have no wire for it.
func (c *Cable) watch(p Wire, signal detector, lost <-chan struct{}) {
	tick := time.NewTicker(lookTime)
	defer tick.Stop()
	seen := false
	for {
		select {
		case <-lost:
			return
		case <-tick.C:
			on, err := signal.Carrier()
			seen = seen || on
			if err != nil || seen && !on {
				c.lose(p, err)
				return
			}
		}
	}
}

// pause returns after d or at the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
