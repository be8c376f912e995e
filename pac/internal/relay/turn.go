package relay

import (
	"sync"
	"time"
)

// Attend looks after what else there is in a call than data. It says when it
// wants to be called next, zero: not before a Nudge. An error ends the relay.
type Attend func(now time.Time) (next time.Time, err error)

// A turn lets the goroutine that reads the line do other things in between: a
// call needs no other one. Whoever wants its attention moves the deadline of its
// Read.
type turn struct {
	line Line

	mu     sync.Mutex
	nudged bool
	over   bool // the line is not the relay's any more
}

// past as a deadline frees at once.
var past = time.Unix(1, 0)

// Nudge has Run call its attend soon. Any goroutine may, at any time.
func (r *Relay) Nudge() {
	t := &r.turn
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over {
		t.nudged = true
		_ = t.line.SetReadDeadline(past)
	}
}

// take has attend look until nobody nudged meanwhile, and Read return in time
// for the next look.
func (t *turn) take(attend Attend) error {
	for {
		t.mu.Lock()
		t.nudged = false
		t.mu.Unlock()
		next, err := attend(time.Now())
		if err != nil || t.wait(next) {
			return err
		}
	}
}

// wait sets the deadline; false: there was a nudge.
func (t *turn) wait(next time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.nudged {
		_ = t.line.SetReadDeadline(next)
	}
	return !t.nudged
}

// end leaves the line alone.
func (t *turn) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
}
