// Caller is a dial-up caller in one program: it dials on a modem, speaks PPP,
// and fetches pages and pings through the call. docs/caller.md says how to use
// it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"carrier/hardware/caller"
	"carrier/hardware/line"
	"carrier/hardware/netport"
	"carrier/shared/daemon"
	"carrier/shared/ppp/link"
)

// Exit statuses.
const (
	fine      = 0
	failed    = 1 // the port cannot be opened, a file not read
	usage     = 2 // a flag is wrong
	notDialed = 3 // busy, no answer, no carrier …
	noPPP     = 4 // PPP did not come up, or the line was lost
	refused   = 5 // the other end refused the login
	noAnswer  = 6 // a page or a ping failed
)

func main() {
	ctx, stop := daemon.Signals()
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run makes the call and does what the flags ask for: the story goes to
// stderr, pages and figures to stdout. It returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	j, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return fine
	}
	if err != nil {
		fmt.Fprintf(stderr, "caller: %v; -h shows the flags\n", err)
		return usage
	}
	if !j.quiet {
		j.options.Story = func(e caller.Event) {
			if s := sentence(e); s != "" {
				fmt.Fprintln(stderr, s)
			}
		}
	}
	if err := j.do(ctx, stdout); err != nil {
		fmt.Fprintln(stderr, "caller:", err)
		return status(err)
	}
	return fine
}

// do makes the call and carries out its tasks.
func (j *job) do(ctx context.Context, stdout io.Writer) error {
	port, err := netport.Open(ctx, j.port)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeoutCause(ctx, j.timeout, fmt.Errorf("not online within %v", j.timeout))
	defer cancel()
	c, err := caller.Dial(limited, port, j.options)
	if err != nil {
		return &callError{err}
	}
	for _, t := range j.tasks {
		if err = t(ctx, c, j.timeout, stdout); err != nil {
			err = &taskError{err}
			break
		}
	}
	if err == nil && j.stay {
		select {
		case <-ctx.Done():
		case <-c.Done():
		}
	}
	if ended := c.Err(); ended != nil { // the reason of the task's failure too
		return errors.Join(&callError{ended}, err)
	}
	return errors.Join(err, c.Close())
}

// A callError is a call that did not come about, or ended badly.
type callError struct{ error }

func (e *callError) Unwrap() error { return e.error }

// A taskError is a page or a ping that failed.
type taskError struct{ error }

func (e *taskError) Unwrap() error { return e.error }

// status is the exit status for an error: the call's before a task's.
func status(err error) int {
	var dial *line.DialError
	var end *caller.EndError
	var call *callError
	var task *taskError
	switch {
	case errors.As(err, &dial), errors.Is(err, line.ErrRinging):
		return notDialed
	case errors.As(err, &end) && end.Cause == link.RefusedLogin:
		return refused
	case errors.As(err, &call):
		return noPPP
	case errors.As(err, &task):
		return noAnswer
	}
	return failed
}

// sentence tells an event; empty: nothing worth a line.
func sentence(e caller.Event) string {
	switch e.Kind {
	case caller.Dialling:
		return "dialling " + e.Text
	case caller.Connected:
		return "CONNECT " + e.Text
	case caller.LinkUp:
		return "LCP is open"
	case caller.LoggedIn:
		return "logged in by " + e.Text
	case caller.LoginRefused:
		return "login refused: " + e.Text
	case caller.NetworkUp:
		return online(e)
	case caller.Ended:
		return "ended: " + e.Text
	}
	return ""
}

// online says what IPCP gave.
func online(e caller.Event) string {
	s := "online as " + e.Addr.String()
	if e.Peer.IsValid() {
		s += ", the other end is " + e.Peer.String()
	}
	for i, dns := range e.DNS {
		s += []string{", names by ", " and "}[min(i, 1)] + dns.String()
	}
	for i, wins := range e.NBNS {
		s += []string{", Windows names by ", " and "}[min(i, 1)] + wins.String()
	}
	return s
}
