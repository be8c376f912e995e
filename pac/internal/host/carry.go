package host

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"carrier/shared/record"
)

// Octets read at once. Callers type.
const (
	upBuffer   = 512
	downBuffer = 1024
)

// Carry takes octets both ways until either end closes, a limit is reached, or
// ctx ends. A side that is slow holds the other one up; nothing is dropped, and
// what the host said before it closed has been written to the line. The error is
// ctx's cause, ErrClosed, ErrIdle, ErrSession or a *PortError. Octets are counted
// in c. The deadlines of both ports are Carry's, and cleared on the line
// afterwards.
func Carry(ctx context.Context, line, host Port, o Options, c *record.Counters) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	s := &session{began: time.Now()}
	var ways sync.WaitGroup
	ways.Go(func() { end(s.up(ctx, line, host, &c.OctetsUp)) })
	ways.Go(func() { end(s.down(host, line, &c.OctetsDown)) })
	s.watch(ctx, o, end)
	past := time.Unix(1, 0)
	for _, p := range []Port{line, host} { // frees who reads or writes
		_ = p.SetReadDeadline(past)
		_ = p.SetWriteDeadline(past)
	}
	ways.Wait()
	_ = line.SetReadDeadline(time.Time{})
	_ = line.SetWriteDeadline(time.Time{})
	return context.Cause(ctx)
}

// A session is one call's octets.
type session struct {
	began time.Time
	moved atomic.Int64 // when an octet did last, since began
}

// up carries what a caller sends, but for a modem's words after she has hung up.
func (s *session) up(ctx context.Context, line, host Port, octets *atomic.Uint64) error {
	var words parting
	for b, armed := make([]byte, upBuffer), false; ; {
		var due time.Time
		if held := words.patience(); held > 0 {
			due = time.Now().Add(held)
		}
		if armed || !due.IsZero() {
			armed = !due.IsZero()
			if err := line.SetReadDeadline(due); err != nil {
				return &PortError{Err: err}
			}
			if ctx.Err() != nil { // its end may have come before our deadline took the place of the one it set
				return context.Cause(ctx)
			}
		}
		n, err := line.Read(b)
		send := words.take(b[:n])
		switch {
		case armed && errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil:
			err = nil
			if n == 0 {
				send = words.typed()
			}
		case err != nil:
			send = append(send, words.last()...)
		}
		if len(send) > 0 {
			if err := s.write(host, send, true, octets); err != nil {
				return err
			}
		}
		if err != nil {
			return &PortError{Err: err}
		}
	}
}

// down carries what the host sends.
func (s *session) down(host, line Port, octets *atomic.Uint64) error {
	for b := make([]byte, downBuffer); ; {
		n, err := host.Read(b)
		if n > 0 {
			if err := s.write(line, b[:n], false, octets); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return ErrClosed
		case err != nil:
			return &PortError{Host: true, Err: err}
		}
	}
}

// write writes what was read from the other end.
func (s *session) write(to Port, b []byte, host bool, octets *atomic.Uint64) error {
	s.moved.Store(int64(time.Since(s.began)))
	octets.Add(uint64(len(b)))
	if _, err := to.Write(b); err != nil {
		return &PortError{Host: host, Err: err}
	}
	s.moved.Store(int64(time.Since(s.began)))
	return nil
}

// watch keeps the limits until ctx ends.
func (s *session) watch(ctx context.Context, o Options, end context.CancelCauseFunc) {
	var idle, over <-chan time.Time
	quiet := time.NewTimer(o.Idle)
	defer quiet.Stop()
	if o.Idle > 0 {
		idle = quiet.C
	}
	if o.Session > 0 {
		t := time.NewTimer(o.Session)
		defer t.Stop()
		over = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-over:
			end(ErrSession)
		case <-idle:
			left := o.Idle - (time.Since(s.began) - time.Duration(s.moved.Load()))
			if left <= 0 {
				end(ErrIdle)
			}
			quiet.Reset(max(left, 0))
		}
	}
}
