package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"carrier/deploy/bench/turns"
	"carrier/shared/hdlc"
)

// patience is how long one call may take to be made.
const patience = time.Minute

// gather makes n calls, some at a time, and returns how many a second.
func (s *street) gather(ctx context.Context, n int, path string) (rate float64, err error) {
	const atOnce = 32
	start := time.Now()
	turns := make(chan struct{}, n)
	for range n {
		turns <- struct{}{}
	}
	close(turns)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for range turns {
				ctx, stop := context.WithTimeout(ctx, patience)
				c, failed := s.call(ctx, path)
				stop()
				s.mu.Lock()
				if failed != nil {
					err = failed
				} else {
					s.callers = append(s.callers, c)
				}
				s.mu.Unlock()
			}
		})
	}
	all.Wait()
	return float64(n) / time.Since(start).Seconds(), err
}

// hangUp closes all lines, and returns how many there were.
func (s *street) hangUp() (n int, err error) {
	s.mu.Lock()
	all := s.callers
	s.callers, s.calls = nil, nil
	s.mu.Unlock()
	for _, c := range all {
		err = errors.Join(err, c.line.Close())
	}
	return len(all), err
}

// datagram is IPv4 as far as anybody looks, and has nothing to escape.
var datagram = append([]byte{0xFF, 0x03, 0x00, 0x21, 0x45}, bytes.Repeat([]byte{'x'}, 127)...)

// up has the callers send.
func (s *street) up(d time.Duration, rate int) (came int64, err error) {
	octets := bytes.Repeat(hdlc.AppendFull(nil, datagram), turns.Burst)
	return s.carry(d, rate, len(s.callers), func(n int) error { return s.callers[n].send(octets) })
}

// down has the PNS send.
func (s *street) down(d time.Duration, rate int) (came int64, err error) {
	frames := slices.Repeat([][]byte{datagram}, turns.Burst)
	return s.carry(d, rate, len(s.calls), func(n int) error { return s.calls[n].send(frames) })
}

// late is how long the last packets may take.
const late = time.Second

// carry gives each of n ends bursts to send, and returns how many packets came to
// the others.
func (s *street) carry(d time.Duration, rate, n int, give func(n int) error) (came int64, err error) {
	if n == 0 {
		return 0, errors.New("no calls")
	}
	s.received.Store(0)
	sent, err := turns.Give(d, rate, n, give)
	for ends := time.Now().Add(late); s.received.Load() < int64(sent) && time.Now().Before(ends); {
		time.Sleep(time.Millisecond)
	}
	return s.received.Load(), err
}
