package line

import (
	"context"
	"time"
)

// Draining is looked at every drainEvery; it is given up when nothing leaves
// for drainStuck. A modem has some octets more, which take linger.
const (
	drainEvery = 20 * time.Millisecond
	drainStuck = 5 * time.Second
	linger     = 500 * time.Millisecond
)

// Drain waits until what l's Write has taken has reached the far end, as well
// as that can be known, so that last words are not cut off. It returns early
// when the carrier is lost, ctx ends, or nothing leaves any more.
func Drain(ctx context.Context, l Line) {
	pause := func(d time.Duration) bool {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			return true
		case <-l.Lost():
		case <-ctx.Done():
		}
		return false
	}
	least, since := -1, time.Now()
	for {
		n, known := l.Unsent()
		if !known || n == 0 {
			break
		}
		if least < 0 || n < least {
			least, since = n, time.Now()
		}
		if time.Since(since) >= drainStuck || !pause(drainEvery) {
			return
		}
	}
	pause(linger)
}
