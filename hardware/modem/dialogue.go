package modem

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	pause       = 100 * time.Millisecond // modems want it between a result code and the next command
	settleLimit = 2 * time.Second        // a port that is never silent for so long is not waited for
	commandTime = 5 * time.Second        // ATZ may need it
	probeTime   = 2 * time.Second
)

var (
	errSilent  = errors.New("the modem does not answer")
	errStuck   = fmt.Errorf("%w, and takes no octets: is CTS wired?", errSilent)
	errRefused = errors.New("the modem says ERROR")
	errLost    = errors.New("the port is lost")
	past       = time.Unix(1, 0) // as a deadline it frees at once
)

// A dialogue is the command state of one open port. The line's owner has it,
// and the watcher while there is one. All its waits end with ctx, provided
// that somebody then sets a past deadline.
type dialogue struct {
	port  Port
	wires *wires // the port's, nil if it has none
	buf   [512]byte
	in    []byte // of buf, not looked at yet
	scan  scanner
	ring  ringing
	rate  int // of a "CARRIER 28800" before CONNECT, which then tells the port's
}

// fill waits for octets until a time; errSilent when none came.
func (d *dialogue) fill(ctx context.Context, until time.Time) error {
	if err := d.port.SetReadDeadline(until); err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx) // its past deadline may have been overwritten just now
	}
	n, err := d.port.Read(d.buf[:])
	d.in = d.buf[:n]
	switch {
	case n > 0 || err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSilent
	default:
		return fmt.Errorf("%w: %w", errLost, err)
	}
}

// next waits for the modem's next line until a time and notes what it tells of
// a call.
func (d *dialogue) next(ctx context.Context, until time.Time) (response, error) {
	for {
		text, rest, ok := d.scan.next(d.in)
		d.in = rest
		if ok {
			a := parse(text)
			d.ring.hear(a, time.Now())
			if rate, ok := strings.CutPrefix(text, "CARRIER "); ok {
				d.rate = leadingNumber(rate)
			}
			return a, nil
		}
		if err := d.fill(ctx, until); err != nil {
			return response{}, err
		}
	}
}

// write sends s as it stands.
func (d *dialogue) write(ctx context.Context, s string) error {
	if err := d.port.SetWriteDeadline(time.Now().Add(commandTime)); err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	_, err := d.port.Write([]byte(s))
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the modem takes no octets: %w", err)
	default:
		return fmt.Errorf("%w: %w", errLost, err)
	}
}

// settle listens until the modem is silent, so that a doubled OK is not taken
// for the next command's.
func (d *dialogue) settle(ctx context.Context) error {
	for end := time.Now().Add(settleLimit); time.Now().Before(end); {
		switch _, err := d.next(ctx, time.Now().Add(pause)); {
		case errors.Is(err, errSilent):
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// skip throws away what comes for a while, but stops when the modem says in it
// that the carrier is lost.
func (d *dialogue) skip(ctx context.Context, t time.Duration) (lost bool, err error) {
	end, words := time.Now().Add(t), lossWatch{}
	d.scan = scanner{}
	for {
		lost = words.see(d.in)
		d.in = nil
		switch err := d.fill(ctx, end); {
		case errors.Is(err, errSilent):
			return lost, nil
		case err != nil:
			return lost, err
		}
	}
}

// command sends a command and waits until it is answered OK.
func (d *dialogue) command(ctx context.Context, s string, t time.Duration) error {
	if err := d.settle(ctx); err != nil {
		return err
	}
	if err := d.write(ctx, s+"\r"); err != nil {
		return err
	}
	a, err := d.wait(ctx, time.Now().Add(t), okay, failed)
	if errors.Is(err, errSilent) && d.stuck() {
		err = errStuck
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	if a.code == failed {
		return fmt.Errorf("%s: %w", s, errRefused)
	}
	return nil
}

// stuck says that what was written is still in the port.
func (d *dialogue) stuck() bool {
	g, ok := d.port.(Gauge)
	if !ok {
		return false
	}
	n, known := g.Unsent()
	return known && n > 0
}

// wait passes over what the modem says until it is one of the codes.
func (d *dialogue) wait(ctx context.Context, until time.Time, codes ...code) (response, error) {
	for {
		a, err := d.next(ctx, until)
		if err != nil {
			return a, err
		}
		for _, c := range codes {
			if a.code == c {
				return a, nil
			}
		}
	}
}
