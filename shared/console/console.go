// Package console is how an operator talks to a running program: HTTP over a
// Unix socket, both ends of it, and the commands that both programs have.
package console

import (
	"context"
	"errors"
	"io"

	"carrier/shared/capture"
	"carrier/shared/doctor"
	"carrier/shared/record"
)

// A Program is what a running daemon shows through its socket. Its methods are
// called from many goroutines.
type Program interface {
	// Status is a struct that becomes JSON: its plain fields are shown to people
	// as lines, its slices of structs as tables, both in the struct's order.
	Status() any
	// Calls lists the calls that run, then those that ended, latest first.
	Calls() []record.Call
	// Reload reads the configuration again; a mistake in it changes nothing and
	// is the error. It returns the keys that changed and need a restart.
	Reload() (restart []string, err error)
	// Pending is what Reload would change now. The error is that of reading the
	// configuration.
	Pending() (doctor.Pending, error)
	// Hangup ends a call. The error is ErrNoCall when there is none of that name.
	Hangup(call string) error
	// Capture writes pcapng to w until ctx ends or w fails.
	Capture(ctx context.Context, f capture.Filter, w io.Writer) error
}

// ErrNoCall says that no running call has the name.
var ErrNoCall = errors.New("no such call")

// ErrNotRunning says that no daemon listens at the socket.
var ErrNotRunning = errors.New("not running")

// ErrOther says that another program listens at the socket. It has done nothing.
var ErrOther = errors.New("another program")

// Stdio is what a program reads and writes.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}
