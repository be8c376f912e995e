package relay

import (
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/gre"
	"carrier/shared/record"
)

// The reader of the line attends at once, when it said, and when it is nudged,
// also while it attends; data goes on in between, and afterwards nobody touches
// the line.
func TestAttend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, caller := net.Pipe()
		defer caller.Close()
		var count record.Counters
		r := New(Options{Line: wire{line}, Tunnel: &null{}, Counters: &count, Errors: new(LineErrors), Packets: new(gre.Counters)})
		start, done := time.Now(), errors.New("done")
		var looked []time.Duration
		ran := make(chan error)
		go func() {
			ran <- r.Run(func(now time.Time) (next time.Time, err error) {
				looked = append(looked, now.Sub(start))
				switch len(looked) {
				case 1:
					return start.Add(10 * time.Second), nil
				case 3:
					r.Nudge()
					return start.Add(time.Hour), nil
				case 5:
					return time.Time{}, done
				}
				return time.Time{}, nil
			})
		}()
		for at, do := range []func(){12: r.Nudge, 20: func() { caller.Write([]byte("~~~~")) }, 30: r.Nudge} {
			time.Sleep(time.Until(start.Add(time.Duration(at) * time.Second)))
			if do != nil {
				do()
			}
		}
		if err := <-ran; !errors.Is(err, done) {
			t.Errorf("it ended with %v", err)
		}
		if want := []time.Duration{0, 10 * time.Second, 12 * time.Second, 12 * time.Second, 30 * time.Second}; !slices.Equal(looked, want) {
			t.Errorf("attended at %v, want %v", looked, want)
		}
		r.Nudge()
		go caller.Write([]byte("OK"))
		if n, err := line.Read(make([]byte, 2)); n != 2 || err != nil {
			t.Errorf("the line afterwards: %d octets, %v", n, err)
		}
	})
}

// A torn line takes nothing, though nobody reads that it is gone.
type torn struct{ wire }

var errTorn = errors.New("torn")

func (torn) Write([]byte) (int, error) { return 0, errTorn }

// A line that cannot be written ends the relay at once, and nobody waits any more
// for what it did not take.
func TestAWriteThatFailsEndsTheRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, caller := net.Pipe()
		defer caller.Close()
		var count record.Counters
		r := New(Options{Line: torn{wire{line}}, Tunnel: &null{}, Counters: &count, Errors: new(LineErrors), Packets: new(gre.Counters)})
		ran := make(chan error)
		go func() { ran <- runUntil(t.Context(), r) }()
		time.Sleep(time.Second)
		began := time.Now()
		r.Terminate("the end")
		flushed := r.Flush(t.Context())
		err := <-ran
		if failed := (*LineError)(nil); !errors.As(err, &failed) || failed.Op != "write" || !errors.Is(err, errTorn) || flushed != nil || time.Since(began) > 0 {
			t.Errorf("%v and %v after %v", err, flushed, time.Since(began))
		}
	})
}
