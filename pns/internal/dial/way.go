package dial

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"carrier/pns/internal/session"
	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/quirk"
	"carrier/shared/record"
)

const (
	recvWindow = 64               // the Packet Recv. Window Size that we advertise: data goes straight on
	attempt    = 20 * time.Second // how long one server has to take a call
)

// A way leads to the other end of an entry's call.
type way interface {
	// String is where it leads, as people see it.
	String() string
	// begins is what is known of a call that goes it.
	begins() record.Call
	// open has the call opened. Without one why is the reason.
	open(ctx context.Context, o *Options, serial uint16) (c opened, why record.EndReason, err error)
}

// An opened is a call at whose other end PPP begins.
type opened struct {
	*peer.Call
	control   session.Call
	window    quirk.Window // that holds where nobody has said anything
	rate      int          // of its line in bit/s; 0: it has none
	mssByRate bool
	leave     func() // what is to be done when it is over
}

// A server takes calls itself.
type server struct {
	at     netip.AddrPort
	remote peer.Remote
	routes []netip.Prefix // what is behind it
}

// server is one of an entry's, at one of its addresses.
func (e *Entry) server(to netip.AddrPort) server {
	remote := e.Remote
	remote.Name, remote.Addr = e.Name, to
	return server{to, remote, e.Dial.Routes}
}

func (s server) String() string { return s.at.String() }

func (s server) begins() record.Call {
	return record.Call{Called: s.at.String(), Stage: record.Tunnelling}
}

// unresolved is begins of a server whose addresses are not known.
func unresolved(s Server) record.Call {
	return record.Call{Called: s.String(), Stage: record.Tunnelling}
}

// open has a server take a call.
func (s server) open(ctx context.Context, o *Options, serial uint16) (opened, record.EndReason, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, attempt, fmt.Errorf("no answer within %v", attempt))
	defer cancel()
	release, err := s.pin(o.Pinner)
	if err != nil {
		return opened{}, record.NoTunnel, err
	}
	conn, err := o.Endpoint.Dial(ctx, s.remote)
	if err != nil {
		release()
		return opened{}, record.NoTunnel, explain(ctx, err)
	}
	leave := func() {
		o.Endpoint.Dismiss(func(c *peer.Conn) bool { return c == conn })
		release()
	}
	call, err := conn.Place(ctx, request(serial))
	if err != nil {
		leave()
		return opened{}, record.NoTunnel, explain(ctx, err)
	}
	return opened{Call: call, control: client{call}, window: quirk.NoWindow, leave: leave}, record.Running, nil
}

// pin keeps the way to a server out of its own tunnel. It fails where a name has led to
// an address behind that; where everything is there, the way is kept until release.
func (s server) pin(p Pinner) (release func(), err error) {
	to, everything := s.at.Addr(), false
	for _, r := range s.routes {
		if r.Contains(to) && r.Bits() > 0 {
			return nil, fmt.Errorf("%v is among the routes of this call, so that the tunnel would lead into itself", to)
		}
		everything = everything || r.Contains(to)
	}
	if !everything {
		return func() {}, nil
	}
	return p.Pin(to)
}

// request is what servers are asked for. To a PPTP server that has no lines the rates
// mean nothing.
func request(serial uint16) pptp.OutgoingCallRequest {
	return pptp.OutgoingCallRequest{CallSerialNumber: serial, MinimumBPS: 300, MaximumBPS: 100_000_000,
		BearerType: pptp.Analog | pptp.Digital, FramingType: pptp.Asynchronous | pptp.Synchronous, Window: recvWindow}
}

// explain prefers why a context ended to the fact that it did.
func explain(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return context.Cause(ctx)
	}
	return err
}

// A client is the control half of a call for which we are the PNS. The server has no
// line that it would have to escape anything for, and some NAT routers stop after a
// Set-Link-Info.
type client struct{ *peer.Call }

// SetLinkInfo sends none.
func (client) SetLinkInfo(_, _ uint32) {}

func (n *Number) String() string { return n.Request.PhoneNumber + " through " + n.PAC }

func (n *Number) begins() record.Call {
	return record.Call{Called: record.Shown(n.Request.PhoneNumber), Stage: record.Dialling, Outgoing: true}
}

// open has the PAC dial, for as long as that takes there. The control connection is
// for callers too, and stays.
func (n *Number) open(ctx context.Context, o *Options, serial uint16) (opened, record.EndReason, error) {
	r := n.Request
	r.CallSerialNumber, r.Window = serial, recvWindow
	call, why, err := o.PACs.Place(ctx, n.PAC, r)
	if err != nil {
		return opened{}, why, err
	}
	return opened{Call: call, control: session.Telling(call, call.Conn().Settings().LinkInfo), window: quirk.Full,
		rate: int(call.ConnectSpeed()), mssByRate: n.MSSByRate, leave: func() {}}, record.Running, nil
}
