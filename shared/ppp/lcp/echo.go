package lcp

import (
	"encoding/binary"
	"time"
)

// Echo is how the peer is watched by Echo-Requests (RFC 1661 §5.8).
type Echo struct {
	Interval time.Duration // between them; 0: none are sent
	Failures int           // unanswered in a row until the peer is dead: 3
}

func (e Echo) withDefaults() Echo {
	if e.Failures <= 0 {
		e.Failures = 3
	}
	return e
}

const magicLength = 4

// echo is the watch over one link. It runs in Opened only.
type echo struct {
	opt        Echo
	deadline   time.Time // of the next request; zero: the watch does not run
	unanswered int
	looped     bool
}

func (e *echo) start(now time.Time) {
	e.unanswered, e.looped = 0, false
	if e.opt.Interval > 0 {
		e.deadline = now.Add(e.opt.Interval)
	}
}

func (e *echo) stop() { e.deadline = time.Time{} }

// dead is called when a request is due: it counts this one, or finds that it
// would be one too many and stops.
func (e *echo) dead(now time.Time) bool {
	if e.unanswered >= e.opt.Failures {
		e.stop()
		return true
	}
	e.unanswered++
	e.deadline = now.Add(e.opt.Interval)
	return false
}

// reply takes the data of an Echo-Reply. One with our own Magic-Number is our
// own reply coming back: no sign of life. Other numbers than the peer's are
// let pass, some peers send zero.
func (e *echo) reply(data []byte, ours uint32) {
	if len(data) < magicLength {
		return
	}
	if ours != 0 && binary.BigEndian.Uint32(data) == ours {
		e.looped = true
		return
	}
	e.unanswered = 0
}
