package peer

import (
	"context"
	"net/netip"
)

// An Endpoint owns PPTP's sockets. Its methods may be called from any
// goroutine.
type Endpoint struct {
	o Options
}

// Open binds what o names; an error says what could not be bound and why.
// Nothing is accepted before Run.
func Open(o Options) (*Endpoint, error) { return &Endpoint{o: o}, nil }

// Run serves until ctx ends, then sends Stop-Control-Connection-Request to all
// peers, waits shortly for their replies and closes everything.
func (e *Endpoint) Run(ctx context.Context) error { return nil }

// Dial returns the living control connection to r.Addr or opens one, and waits
// for an attempt that is under way. A peer that refused gives a *StartError.
func (e *Endpoint) Dial(ctx context.Context, r Remote) (*Conn, error) { return nil, ErrClosed }

// Addr is where control connections are accepted; invalid when nowhere.
func (e *Endpoint) Addr() netip.AddrPort { return netip.AddrPort{} }

// UDPAddr is where GRE over UDP is bound; invalid without it.
func (e *Endpoint) UDPAddr() netip.AddrPort { return netip.AddrPort{} }
