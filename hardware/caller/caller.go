// Package caller is a dial-up caller: it dials over any port, speaks PPP as a
// client and has a TCP/IP of its own on top, so that a whole call can be made
// from inside one unprivileged process.
package caller

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"time"

	"carrier/shared/ppp/auth"
)

// A Port is what the caller's modem is connected to; every net.Conn is one.
type Port interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// An Exchange is one step of a login script: wait for Expect, then send Send.
type Exchange struct{ Expect, Send string }

// Options say whom to call and how to behave.
type Options struct {
	// Number is dialled with ATDT. Empty: the port is the line already.
	Number string
	// Script is gone through after CONNECT, before PPP.
	Script []Exchange
	Login  auth.Login
	// OnlyAck answers later LCP Configure-Requests with an Ack but never
	// restarts its own direction once that has been acked.
	OnlyAck bool
	// Silent says nothing after CONNECT, ever.
	Silent bool
	// Story is told every step. It must not block.
	Story func(Event)
}

// An Event is one step of the call.
type Event struct {
	Kind Kind
	Text string
	Addr netip.Addr
	DNS  []netip.Addr
}

// A Kind of step.
type Kind uint8

// The steps in their usual order.
const (
	Dialling      Kind = iota + 1 // Text: the number
	Connected                     // Text: the modem's words after CONNECT
	LinkUp                        // LCP is open
	Authenticated                 // Text: the method
	NetworkUp                     // Addr, DNS: what IPCP gave
	Ended                         // Text: why
)

// A Call is a call in progress.
type Call struct{}

// Dial makes a call over port and returns when its network is up. The port
// belongs to the call from now on and is closed with it, also on error.
func Dial(ctx context.Context, port Port, o Options) (*Call, error) {
	return nil, errors.ErrUnsupported
}

// Addr is the address that we were given.
func (c *Call) Addr() netip.Addr { return netip.Addr{} }

// Client fetches pages through the call.
func (c *Call) Client() *http.Client { return nil }

// Ping sends one echo request and waits for its answer.
func (c *Call) Ping(ctx context.Context, addr netip.Addr) (time.Duration, error) {
	return 0, errors.ErrUnsupported
}

// HangUp ends the call and waits until nothing of it is running.
func (c *Call) HangUp(ctx context.Context) error { return nil }

// Done is closed when the call has ended; Err then says why.
func (c *Call) Done() <-chan struct{} { return nil }

// Err is why the call ended, nil while it goes on or when we hung up.
func (c *Call) Err() error { return nil }
