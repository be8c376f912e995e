// Package line is what a switch answers: a telephone line, whatever device
// stands at its end. A modem is one maker of lines (hardware/modem); direct,
// in this package, is another: there an accepted connection is itself a call.
package line

import (
	"context"
	"io"
	"slices"
	"time"
)

// A Line carries one call at a time. One goroutine owns it and goes round:
// Ring (or Dial), Answer, Read until the call ends, HangUp. Beside the owner,
// one other goroutine may Write during a call; State, Name and Close may be
// called from anywhere.
type Line interface {
	// Name is the line's name in logs and status, unique in its program.
	Name() string
	// State is what the line is doing now.
	State() State
	// Ring waits until the line rings. Faults are mended on the way: a silent
	// modem is reset, and quarantined for growing delays when that does not
	// help. It fails only when ctx ends, with its cause, or after Close.
	Ring(ctx context.Context) (Ring, error)
	// Answer takes the ringing call and returns when there is a carrier. The
	// error matches ErrNoCarrier when the caller has gone.
	Answer(ctx context.Context) (Connect, error)
	// Dial calls a number and returns when there is a carrier. The error is a
	// *DialError when the telephone network said why there is none; ErrRinging
	// when the line rang instead (glare): then Ring returns that call.
	Dial(ctx context.Context, number string) (Connect, error)
	// HangUp ends the call, if there is one, and makes the line ready for the
	// next. It may be called in every state, and twice.
	HangUp(ctx context.Context) error
	// Reading and writing carry the call's octets, unframed. Both fail with an
	// error that matches os.ErrDeadlineExceeded after a deadline. Once the carrier
	// is lost Read gives io.EOF, or how the port failed if that took the carrier
	// along, and Write an error that matches ErrNoCarrier.
	io.ReadWriter
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	// Unsent is how many octets Write has taken that have not left the device
	// towards the modem or the far end; false where that cannot be known.
	Unsent() (octets int, known bool)
	// Lost is closed when the present call's carrier is lost, as far as that can
	// be known while nobody reads. It is replaced by the next Answer or Dial.
	Lost() <-chan struct{}
	// Close gives the device back and frees whoever waits.
	Close() error
}

// LossWords are what a modem says in band when the carrier is lost. Where no
// signal tells of that, Read gives them like octets of the caller's before it
// gives io.EOF.
const LossWords = "\r\nNO CARRIER\r\n"

// LossTime is how long a line takes at most to believe them: io.EOF comes within it,
// or they were octets of the caller's.
const LossTime = 5 * time.Second

// A Follower is what a Line is besides when it can tell whether Unsent counts
// all but what is in the modem: hardware flow control stops the port when the
// modem has enough. On other lines much may lie where nobody sees it.
type Follower interface {
	Follows() bool
}

// A Queuer is what a Line is besides when Unsent may count what has left for the
// far end of a network and is on its way.
type Queuer interface {
	// Queued is Unsent without that: what the far end has no room for.
	Queued() (octets int, known bool)
}

// A Framer is what a Line is besides when it can carry nothing but PPP. The link
// of its caller may have been open with somebody else: then she says nothing before
// she is asked.
type Framer interface {
	Framed() bool
}

// A Busier is what a Line is besides when it can be made busy for callers, so
// that a hunt group goes on to its next line.
type Busier interface {
	// BusyOut makes it busy until ctx ends and mends faults meanwhile, as Ring
	// does; the next Ring makes it ready again. It fails with ctx's cause, after
	// Close, and with errors.ErrUnsupported where the device cannot do it.
	BusyOut(ctx context.Context) error
}

// Ring is what is known of a call before it is answered; unknown numbers are
// empty.
type Ring struct {
	At      time.Time
	Called  string
	Calling string
	Name    string // the caller's name as the telephone network gives it
	// Gone is closed when the caller gives up before the call is answered. It
	// is nil where the line cannot tell.
	Gone <-chan struct{}
}

// Connect is what the modems agreed on.
type Connect struct {
	Rate int    // bit/s as the modem told it; 0 when it told none
	Text string // the modem's own words, "28800/ARQ/V34/LAPM/V42BIS"
	// Assumed is the rate of the telephone line, bit/s, where Rate says nothing of
	// it; 0: Rate does, or nobody knows.
	Assumed int
}

// OfPort tells rates that no telephone line has: many a modem says with CONNECT
// how fast its port is.
func OfPort(rate int) bool {
	return slices.Contains([]int{38_400, 57_600, 76_800, 115_200, 230_400, 460_800, 921_600}, rate)
}

// A State is what a line is doing.
type State uint8

// The states of a line. Down is the zero value: no device yet.
const (
	Down State = iota
	Resetting
	Idle
	Ringing
	Dialling
	Connected
	HangingUp
	Quarantined
	states
)

var stateNames = [states]string{"down", "resetting", "idle", "ringing", "dialling", "connected", "hanging-up", "quarantined"}

// String is the state's name in status and metrics.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "unknown"
}

// MarshalText writes the state's name into JSON.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// States lists every state, for metrics that show zeros.
func States() []State {
	all := make([]State, states)
	for i := range all {
		all[i] = State(i)
	}
	return all
}
