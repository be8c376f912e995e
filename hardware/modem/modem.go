// Package modem is the AT dialogue of a Hayes modem (ITU-T V.250 and what
// modems made of it) over any port.
package modem

import (
	"log/slog"
	"time"
)

// Options says what a modem is; Name and Open are needed.
type Options struct {
	Name string // the line's name
	Open Opener
	// Init are the commands that reset and set up the modem, each answered OK;
	// none means ATZ. Afterwards the modem is told the form of result codes
	// that this package wants, and not to answer by itself.
	Init []string
	// Rings is the RING at which Ring returns, if the caller's number has not
	// come before; 0 means 2, because it comes between the first two. With 1
	// nobody waits for it.
	Rings int
	// AnswerTimeout bounds the time from ATA or ATD to CONNECT; 0 means 90 s.
	AnswerTimeout time.Duration
	// Guard is the silence before and after the escape sequence +++, a little
	// longer than the modem's register S12; 0 means 1.2 s for its usual 1 s.
	Guard time.Duration
	Log   *slog.Logger // labelled with the line; nil means silence
}
