package modem_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/exchange"
	"carrier/hardware/line"
	"carrier/hardware/modem"
)

// busyOut has a modem busied out; back ends it and returns its error.
func busyOut(t *testing.T, m *modem.Modem) (back func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.BusyOut(ctx) }()
	synctest.Wait()
	time.Sleep(10 * time.Second) // for its reset
	return func() error { cancel(); return <-done }
}

// Off hook the line is busy for callers, however long; then it rings again.
func TestBusyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "pipe", exchange.Conditions{})
		for range 2 {
			back := busyOut(t, n.pop)
			for range 2 {
				_, err := n.caller.Dial(t.Context(), "5551212")
				var e *line.DialError
				if !errors.As(err, &e) || e.Result != line.Busy {
					t.Errorf("dial: %v", err)
				}
				hangUp(t, n.caller)
				time.Sleep(time.Hour)
			}
			if n.pop.State() != line.Idle {
				t.Errorf("state %v", n.pop.State())
			}
			if err := back(); !errors.Is(err, context.Canceled) {
				t.Errorf("busied out: %v", err)
			}
			n.connect(t)
			hangUp(t, n.pop)
			hangUp(t, n.caller)
		}
	})
}
