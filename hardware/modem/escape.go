package modem

import (
	"bytes"
	"time"
)

// An escapeWatch looks for an escape sequence in what is written in a call, such
// as a host's echo of what the caller has typed.
type escapeWatch struct {
	last time.Time // when something was written
	run  int       // escape characters since a silence; -1: something else was among them
}

// part returns what to write instead of b: before the third of the characters
// that have come alone since a silence stands a NUL, which terminals pass over.
// Half of the guard time counts as silence, for the modem measures at the other
// end of the port. All else is b itself, and frames of PPP never come alone.
func (w *escapeWatch) part(now time.Time, b []byte, guard time.Duration) []byte {
	if w.run < 0 && now.Sub(w.last) >= guard/2 {
		w.run = 0
	}
	w.last = now
	if w.run < 0 || len(b) > len(escapeSequence) || len(bytes.Trim(b, escapeSequence)) > 0 {
		w.run = -1
		return b
	}
	if w.run += len(b); w.run < len(escapeSequence) {
		return b
	}
	w.run = 1
	last := len(b) - 1
	return append(append(b[:last:last], 0), b[last])
}
