package identify

import (
	"io"
	"time"

	"carrier/hardware/line"
)

// pieceTime is how long an octet that may belong to line.LossWords waits for the
// next of them: a modem says them in one go, on a slow port or through a network.
const pieceTime = 250 * time.Millisecond

// A loss looks for line.LossWords in what is typed. Octets that may be theirs are
// held back from the typist.
type loss struct {
	matched int       // so many of their octets came last
	held    int       // and so many of these are held back
	due     time.Time // when those were typed after all; zero: not while we wait for more
}

// key takes an octet that may be typed. A modem without a carrier would type
// the end of a line that its caller has only begun, and then a name; whoever
// types its words herself has hung up just as well.
//
// An end of line that only asks for the prompt is never held back: scripts send
// one before PPP, and the prompt must be there before the first frame is.
func (d *dialogue) key(now time.Time, c byte) {
	l := &d.loss
	if c != line.LossWords[l.matched] {
		d.release(now)
		if l.matched = 0; !d.listening() {
			d.behind = append(d.behind, c)
			return
		}
	}
	if c == line.LossWords[l.matched] { // the next of them, or the first
		l.matched++
		l.due = time.Time{}
		if l.matched == len(line.LossWords) {
			d.end = io.EOF
			return
		}
		if l.held > 0 || l.matched == 2 || c == '\r' && d.typist.decides() {
			l.held++
			return
		}
	}
	d.typed(now, d.typist.octet(c))
}

// doubt begins the time that what is held back may wait.
func (d *dialogue) doubt(now time.Time) {
	if d.loss.held > 0 && d.loss.due.IsZero() && d.listening() {
		d.loss.due = now.Add(pieceTime)
	}
}

// release gives the typist what is held back. Octets behind the end of her login
// are kept for who takes over.
func (d *dialogue) release(now time.Time) {
	l := &d.loss
	held := line.LossWords[l.matched-l.held : l.matched]
	l.held, l.due = 0, time.Time{}
	for i := range len(held) {
		d.typed(now, d.typist.octet(held[i]))
		if !d.listening() {
			d.behind = append(d.behind, held[i+1:]...)
			return
		}
	}
}
