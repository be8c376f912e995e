package modem

import (
	"bytes"
	"time"

	"carrier/hardware/line"
)

// lossWords may be data just as well: a text that someone sends. But data of PPP
// goes on behind them: at least the frame's check sequence and a flag, 7E,
// within the time of a frame. A modem says more words at most.
const lossWords = line.LossWords

// lossTime is how long what is behind the words must look like a modem's: a
// frame of 1600 octets and half a second for the modem's own delays.
func lossTime(rate int) time.Duration {
	if rate <= 0 {
		return time.Second
	}
	frame := 1600 * 8 * time.Second / time.Duration(rate)
	return min(max(frame+time.Second/2, time.Second), line.LossTime)
}

// A lossWatch looks for lossWords in a stream.
type lossWatch struct {
	wait    time.Duration
	matched int
}

// see takes the next octets and says whether the words were the last thing
// that came, apart from more of a modem's words.
func (w *lossWatch) see(b []byte) bool {
	for len(b) > 0 {
		if w.matched == 0 {
			i := bytes.IndexByte(b, '\r')
			if i < 0 {
				return false
			}
			b = b[i:]
		}
		w.step(b[0])
		b = b[1:]
	}
	return w.matched == len(lossWords)
}

func (w *lossWatch) step(c byte) {
	switch {
	case w.matched == len(lossWords) && sayable(c):
		return
	case w.matched < len(lossWords) && c == lossWords[w.matched]:
		w.matched++
	case c == '\r':
		w.matched = 1
	default:
		w.matched = 0
	}
}

// sayable tells an octet of a modem's words. The flag of PPP is none.
func sayable(c byte) bool { return c == '\r' || c == '\n' || c >= ' ' && c < 0x7E }
