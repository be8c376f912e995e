package host

import (
	"context"
	"errors"
	"io"
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
	ways.Go(func() { end(s.way(line, host, make([]byte, upBuffer), false, &c.OctetsUp)) })
	ways.Go(func() { end(s.way(host, line, make([]byte, downBuffer), true, &c.OctetsDown)) })
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

// way carries one way until an end fails.
func (s *session) way(from, to Port, b []byte, fromHost bool, octets *atomic.Uint64) error {
	for {
		n, err := from.Read(b)
		if n > 0 {
			s.moved.Store(int64(time.Since(s.began)))
			octets.Add(uint64(n))
			if _, err := to.Write(b[:n]); err != nil {
				return &PortError{Host: !fromHost, Err: err}
			}
			s.moved.Store(int64(time.Since(s.began)))
		}
		switch {
		case err == nil:
		case fromHost && errors.Is(err, io.EOF):
			return ErrClosed
		default:
			return &PortError{Host: fromHost, Err: err}
		}
	}
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
