package peer

import (
	"context"
	"net/netip"

	"carrier/shared/pptp"
)

// A Conn is one established control connection. Its methods may be called from
// any goroutine.
type Conn struct{}

// Offer brings an incoming call to the peer, who is its PNS, and waits for the
// answer: Incoming-Call-Request, Incoming-Call-Reply (RFC 2637 §3.2.3.1). It
// fills r.CallID. A refusal is a *RefusedError. When ctx ends first the call is
// given up with a Call-Disconnect-Notify.
func (c *Conn) Offer(ctx context.Context, r pptp.IncomingCallRequest) (*Call, error) {
	return nil, ErrClosed
}

// Place has the peer, who is the PAC, place an outgoing call and waits for its
// answer: Outgoing-Call-Request, Outgoing-Call-Reply (RFC 2637 §3.2.4.2). It
// fills r.CallID. A refusal is a *RefusedError. When ctx ends first the call is
// cleared.
func (c *Conn) Place(ctx context.Context, r pptp.OutgoingCallRequest) (*Call, error) {
	return nil, ErrClosed
}

// Remote is the peer as Dial or Admit named it.
func (c *Conn) Remote() Remote { return Remote{} }

// PeerHost is the peer's Host Name as it gave it, without unprintable
// characters; it proves nothing.
func (c *Conn) PeerHost() string { return "" }

// LocalAddr is our end of the TCP connection.
func (c *Conn) LocalAddr() netip.AddrPort { return netip.AddrPort{} }

// PeerAddr is the peer's end of the TCP connection.
func (c *Conn) PeerAddr() netip.AddrPort { return netip.AddrPort{} }

// Done is closed when the connection and all its calls are over.
func (c *Conn) Done() <-chan struct{} { return nil }

// Err is why the connection ended; nil while it lives.
func (c *Conn) Err() error { return nil }
