package identify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"carrier/shared/ppp/link"
)

// writeTime bounds one write: a modem that takes nothing for so long is stuck.
const writeTime = 30 * time.Second

func (d *dialogue) write(ctx context.Context, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if err := d.port.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	if ctx.Err() != nil { // its end may have come before our deadline took the place of the one it set
		return context.Cause(ctx)
	}
	_, err := d.port.Write(b)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// read reads until a time at the latest; nothing read is no error.
func (d *dialogue) read(ctx context.Context, until time.Time) ([]byte, error) {
	if err := d.port.SetReadDeadline(until); err != nil {
		return nil, err
	}
	if ctx.Err() != nil { // as in write
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
	}
	return nil, err
}

// pump carries the dialogue on until done, its end, a deadline (zero: none;
// os.ErrDeadlineExceeded), or the end of ctx.
func (d *dialogue) pump(ctx context.Context, deadline time.Time, done func() bool) error {
	for {
		if err := d.settle(ctx, time.Now()); err != nil {
			return err
		}
		now := time.Now()
		switch {
		case d.end != nil:
			return d.end
		case done():
			return nil
		case !deadline.IsZero() && !now.Before(deadline):
			return os.ErrDeadlineExceeded
		}
		d.doubt(now)
		b, err := d.read(ctx, earliest(deadline, d.deadline()))
		if err != nil {
			return err
		}
		now = time.Now()
		d.octets(now, b)
		d.expire(now)
	}
}

func (d *dialogue) deadline() time.Time {
	t := earliest(earliest(d.prompt, d.loss.due), earliest(d.silent, d.limit))
	if d.link != nil {
		t = earliest(t, d.link.Deadline())
	}
	return t
}

// expire does what is due.
func (d *dialogue) expire(now time.Time) {
	due := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	if d.link != nil {
		d.link.Expire(now)
	}
	switch {
	case d.end != nil:
	case due(d.silent):
		d.timeOut(ErrSilent)
	case due(d.limit):
		d.timeOut(d.tooLong())
	case due(d.loss.due):
		d.release(now)
	case due(d.prompt):
		d.prompt = time.Time{}
		d.typist.greet()
	}
}

// tooLong is the end of a caller who has said much, but not who she is.
func (d *dialogue) tooLong() error {
	if d.link != nil {
		return &EndError{Cause: link.AuthTimeout}
	}
	return &LoginError{fmt.Sprintf("it took longer than %v", maxSilences*d.o.Silence)}
}

// timeOut ends the dialogue, in words for who has seen a prompt.
func (d *dialogue) timeOut(err error) {
	d.end = err
	if d.link == nil && d.typist.state != waiting {
		d.typist.say(timedOut)
	}
}

// earliest is the earlier of two times; the zero one is never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
