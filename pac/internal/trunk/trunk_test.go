package trunk

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"carrier/hardware/line"
)

// A call that a line was given when it stopped to wait goes to the next.
func TestACallIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trunk := new(Trunk)
		first, second := trunk.Line("atlanta/1"), trunk.Line("atlanta/2")
		given := &call{lost: make(chan struct{})}
		given.request.DialedNumber = "5551212"
		trunk.enter(first)
		rang := make(chan line.Ring, 1)
		go func() {
			r, err := second.Ring(t.Context())
			if err != nil {
				t.Error(err)
			}
			rang <- r
		}()
		synctest.Wait()
		trunk.mu.Lock()
		trunk.give(given)
		trunk.mu.Unlock()
		trunk.leave(first)
		if r := <-rang; r.Called != "5551212" || r.Gone != given.lost || second.State() != line.Ringing {
			t.Errorf("the next line rings as %+v, and is %v", r, second.State())
		}
	})
}

// A line that is closed, or is not to wait any longer, says so; what is asked of it
// without a call fails as on any line.
func TestALineWithoutACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trunk := new(Trunk)
		l := trunk.Line("atlanta/1")
		ctx, stop := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		stop(why)
		if _, err := l.Ring(ctx); err != why {
			t.Errorf("Ring: %v", err)
		}
		if len(trunk.idle) != 0 {
			t.Error("it waits on")
		}
		if _, err := l.Answer(t.Context()); !errors.Is(err, line.ErrNoCarrier) {
			t.Errorf("Answer: %v", err)
		}
		if _, err := l.Write([]byte("x")); !errors.Is(err, line.ErrNoCarrier) {
			t.Errorf("Write: %v", err)
		}
		if _, err := l.Dial(t.Context(), "5551212"); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Dial: %v", err)
		}
		<-l.Lost()
		closed := make(chan error, 1)
		go func() {
			_, err := l.Ring(t.Context())
			closed <- err
		}()
		synctest.Wait()
		if err := errors.Join(l.Close(), l.Close()); err != nil {
			t.Error(err)
		}
		if err := <-closed; err != line.ErrClosed {
			t.Errorf("Ring of one that is closed: %v", err)
		}
		if _, err := l.Ring(t.Context()); err != line.ErrClosed || l.State() != line.Down {
			t.Errorf("Ring after that: %v, %v", err, l.State())
		}
	})
}
