// Package host carries calls that end at a TCP host instead of a PNS, as a
// terminal server does: a caller's octets go there as they come, and the host's
// to her.
package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"carrier/hardware/netport"
)

// Options are what all such calls have in common. Zero durations take the
// defaults named.
type Options struct {
	Attempt time.Duration // how long one host may take to answer: DefaultAttempt
	Idle    time.Duration // a call that carries nothing for so long ends: never
	Session time.Duration // no call to a host takes longer: no bound
	Quiet   bool          // nothing of our own is said to callers: programs call
}

// DefaultAttempt is Options.Attempt where none is given.
const DefaultAttempt = 10 * time.Second

// A Port is a caller's line, or a host.
type Port interface {
	io.ReadWriter
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// readBuffer is about how much of a host's octets may wait on this side of the
// network, so that a caller who interrupts a long text need not read it all.
const readBuffer = 8 << 10

// Open connects to the first of some hosts that answers, and says which that
// is; they are URLs as netport takes them. trying is told of each beforehand,
// failed of each that does not answer. The error is an *OpenError, or ctx's
// cause.
func Open(ctx context.Context, urls []string, o Options, trying func(url string), failed func(url string, err error)) (*netport.Port, string, error) {
	var all OpenError
	for _, url := range urls {
		trying(url)
		attempt, stop := context.WithTimeout(ctx, cmp.Or(o.Attempt, DefaultAttempt))
		p, err := netport.Kernel{ReadBuffer: readBuffer}.Open(attempt, url)
		stop()
		if err == nil {
			return p, url, nil
		}
		if ctx.Err() != nil {
			return nil, "", context.Cause(ctx)
		}
		failed(url, err)
		all.Errors = append(all.Errors, err)
	}
	return nil, "", &all
}

// Name is a host's URL in few words: what stands behind ://.
func Name(url string) string {
	_, name, _ := strings.Cut(url, "://")
	return name
}

// An OpenError is that no host answered.
type OpenError struct{ Errors []error } // one for each

func (e *OpenError) Error() string {
	if err := errors.Join(e.Errors...); err != nil {
		return strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return "no host"
}

// Unwrap is all that went wrong.
func (e *OpenError) Unwrap() []error { return e.Errors }

// Why carrying ended, where it was not an end of the call.
var (
	ErrClosed  = errors.New("the host closed the connection")
	ErrIdle    = errors.New("idle for too long")
	ErrSession = errors.New("the longest allowed time is over")
)

// A PortError is that one of the ends failed.
type PortError struct {
	Host bool // not the line
	Err  error
}

func (e *PortError) Error() string {
	if e.Host {
		return fmt.Sprintf("the connection to the host was lost: %v", e.Err)
	}
	return fmt.Sprintf("line: %v", e.Err)
}

// Unwrap is the port's own error.
func (e *PortError) Unwrap() error { return e.Err }
