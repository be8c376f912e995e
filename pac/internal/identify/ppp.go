package identify

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"carrier/shared/hdlc"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
)

// A dialogue is the caller's peer until she is handed over or told why not:
// PPP over the port, or a text login before it.
type dialogue struct {
	port    Port
	o       Options
	link    *link.Link // nil while the caller types, or has typed
	decoder *hdlc.Decoder
	in, out []byte
	typed   []byte // ahead of the question

	now    time.Time // of the octets that are decoded
	heard  bool      // a frame without error came
	claim  *auth.Claim
	caller *Caller // once she is known
	end    *EndError
	held   [][]byte // frames that came since she is known by a text login
}

// holdFrames bounds what is kept of a caller who speaks PPP after a text login
// while nobody is there to answer.
const holdFrames = 16

// startPPP begins PPP with the caller.
func (d *dialogue) startPPP(now time.Time) {
	d.link = link.New(link.Options{
		LCP:      lcp.Options{Magic: true},
		Ask:      d.o.Ask,
		NameOnly: true,
		Name:     d.o.Name,
		Restart:  d.o.Restart,
	})
	d.link.Up(now)
}

// octets takes what the caller sent.
func (d *dialogue) octets(now time.Time, b []byte) {
	d.now = now
	d.decoder.Push(b, d.frame)
}

func (d *dialogue) frame(frame []byte, err error) {
	if err != nil {
		if d.o.Spoiled != nil {
			d.o.Spoiled(err)
		}
		return
	}
	d.heard = true
	if d.o.Tap != nil {
		d.o.Tap(false, frame)
	}
	if d.link == nil {
		if len(d.held) < holdFrames {
			d.held = append(d.held, append([]byte(nil), frame...))
		}
		return
	}
	d.link.Receive(d.now, frame)
}

// settle follows what the link tells and sends what it wants sent.
func (d *dialogue) settle(now time.Time) error {
	if d.link == nil {
		return nil
	}
	for _, e := range d.link.Events() {
		switch e.Kind {
		case link.Claimed:
			d.claimed(now, e.Claim)
		case link.Finished:
			d.end = &EndError{Cause: e.Cause, Text: e.Text}
		}
	}
	agreed := d.link.LCP()
	d.decoder.ACCM = agreed.Ours.ACCM
	d.out = d.out[:0]
	for _, f := range d.link.Take() {
		if d.o.Tap != nil {
			d.o.Tap(true, f)
		}
		if p, _, err := ppp.Split(f); err == nil && p == ppp.LCP {
			d.out = hdlc.AppendFull(d.out, f)
			continue
		}
		e := hdlc.Encoder{ACCM: agreed.Theirs.ACCM}
		d.out = e.Append(d.out, f)
	}
	return d.write(d.out)
}

// claimed notes who the caller says she is. A claim that is verified and wrong
// is refused on the spot.
func (d *dialogue) claimed(now time.Time, c *auth.Claim) {
	if d.o.Verify != nil {
		if v := d.o.Verify(c); !v.OK {
			d.link.Answer(now, v)
			return
		}
	}
	d.claim = c
	if d.caller == nil {
		d.caller = &Caller{Name: c.Name, Method: c.Method.String()}
	}
}

// writeTime bounds one write: a modem takes what we say within seconds.
const writeTime = 30 * time.Second

func (d *dialogue) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if err := d.port.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	_, err := d.port.Write(b)
	return err
}

// read waits for octets until a deadline; none is no error.
func (d *dialogue) read(ctx context.Context, until time.Time) ([]byte, error) {
	if err := d.port.SetReadDeadline(until); err != nil {
		return nil, err
	}
	if ctx.Err() != nil { // its end may have come before our deadline took the place of the one it set
		return nil, context.Cause(ctx)
	}
	n, err := d.port.Read(d.in)
	switch {
	case n > 0:
		return d.in[:n], nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err == nil || errors.Is(err, os.ErrDeadlineExceeded):
		return nil, nil
	case errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF
	}
	return nil, err
}

// pump speaks PPP until done says so, the deadline passes or PPP ends.
func (d *dialogue) pump(ctx context.Context, deadline time.Time, done func() bool) error {
	for {
		if err := d.settle(time.Now()); err != nil {
			return err
		}
		switch {
		case done():
			return nil
		case d.end != nil:
			return d.end
		}
		b, err := d.read(ctx, earliest(deadline, d.deadline()))
		if err != nil {
			return err
		}
		now := time.Now()
		d.octets(now, b)
		if d.link != nil {
			d.link.Expire(now)
		}
		if !deadline.IsZero() && !now.Before(deadline) && !done() {
			return os.ErrDeadlineExceeded
		}
	}
}

func (d *dialogue) deadline() time.Time {
	if d.link == nil {
		return time.Time{}
	}
	return d.link.Deadline()
}

// earliest leaves out times that are zero.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
