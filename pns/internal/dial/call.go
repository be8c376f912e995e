package dial

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"carrier/pns/internal/flow"
	"carrier/pns/internal/session"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/quirk"
	"carrier/shared/record"
)

const (
	recvWindow = 64               // the Packet Recv. Window Size that we advertise: data goes straight on
	attempt    = 20 * time.Second // how long one server has to take a call
)

// request is what servers are asked for. To a PPTP server that has no lines the rates
// mean nothing.
func request(serial uint16) pptp.OutgoingCallRequest {
	return pptp.OutgoingCallRequest{CallSerialNumber: serial, MinimumBPS: 300, MaximumBPS: 100_000_000,
		BearerType: pptp.Analog | pptp.Digital, FramingType: pptp.Asynchronous | pptp.Synchronous, Window: recvWindow}
}

// call opens the call at one server, and serves it until it ends.
func (l *line) call(ctx context.Context, to netip.AddrPort) record.Call {
	e := l.settings()
	l.begins(to)
	c := l.attempted(to.String())
	l.o.Log.Info("dialling", "dial", e.Name, "server", to)
	serial, err := l.o.Serials.Next()
	if err != nil {
		l.o.Log.Warn("the Call Serial Number is not kept", "error", err)
	}
	release, err := l.pin(e, to.Addr())
	if err != nil {
		return l.missed(ctx, c, err)
	}
	defer release()
	call, err := l.place(ctx, e, to, serial)
	if err != nil {
		return l.missed(ctx, c, err)
	}
	c.Name = call.Name()
	s := l.serve(ctx, e, call, c)
	c = s.Record()
	l.o.Hub.Forget(c.Name)
	l.over(c)
	l.o.Endpoint.Dismiss(func(conn *peer.Conn) bool { return conn == call.Conn() })
	return c
}

// attempted is the record of an attempt that begins.
func (l *line) attempted(called string) record.Call {
	e := l.settings()
	return record.Call{Peer: e.Name, Called: called, User: record.Shown(e.Settings.Link.Login.Name), Started: time.Now()}
}

// missed notes an attempt that came to no call.
func (l *line) missed(ctx context.Context, c record.Call, err error) record.Call {
	c.Stage, c.Ended, c.Reason, c.Text = record.Tunnelling, time.Now(), record.NoTunnel, err.Error()
	if ctx.Err() == nil {
		l.o.Log.Warn("no tunnel", "dial", c.Peer, "server", c.Called, "error", err)
		l.over(c)
	}
	return c
}

// place has a server take a call.
func (l *line) place(ctx context.Context, e Entry, to netip.AddrPort, serial uint16) (*peer.Call, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, attempt, fmt.Errorf("no answer within %v", attempt))
	defer cancel()
	if within(e.Dial.Routes, to.Addr()) { // a name may lead there
		return nil, fmt.Errorf("%v is among the routes of this call, so that the tunnel would lead into itself", to.Addr())
	}
	remote := e.Remote
	remote.Name, remote.Addr = e.Name, to
	conn, err := l.o.Endpoint.Dial(ctx, remote)
	if err != nil {
		return nil, explain(ctx, err)
	}
	call, err := conn.Place(ctx, request(serial))
	if err != nil {
		l.o.Endpoint.Dismiss(func(c *peer.Conn) bool { return c == conn })
		return nil, explain(ctx, err)
	}
	return call, nil
}

// pin keeps the way to a server out of its own tunnel, where that has everything.
func (l *line) pin(e Entry, server netip.Addr) (release func(), err error) {
	if !slices.ContainsFunc(e.Dial.Routes, func(p netip.Prefix) bool { return p.Bits() == 0 && p.Contains(server) }) {
		return func() {}, nil
	}
	return l.o.Pinner.Pin(server)
}

// within tells whether an address is in one of some networks, other than everything.
func within(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Bits() > 0 && p.Contains(a) })
}

// explain prefers why a context ended to the fact that it did.
func explain(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return context.Cause(ctx)
	}
	return err
}

// serve runs the session of a call until it is over.
func (l *line) serve(ctx context.Context, e Entry, call *peer.Call, c record.Call) *session.Session {
	counters := new(record.Counters)
	to := call.Conn().Settings()
	l.o.Hub.Name(c.Name, c.User, c.Peer)
	common := &session.Common{Settings: e.Settings, LAN: l.o.LAN, Delegator: l.delegator(), MTU: e.MTU, Dial: &e.Dial,
		Stats: l.o.Sessions, Namer: l.o.Hub, Log: l.o.Log}
	s := session.New(session.Options{
		Common: common, Call: client{call}, Connected: true, Counters: counters,
		Connect: func(_ int, ring func()) session.Data {
			window := to.Window
			if window == 0 {
				window = quirk.NoWindow
			}
			windowing, sendWindow := window.Use(call.PeerWindow())
			f := flow.New(flow.Options{Call: c.Name, Tunnel: call, LAN: l.o.LAN, Strip: to.Strip.Or(false), Dialled: true,
				GRE: gre.Options{PeerCallID: call.PeerID(), Windowing: windowing, SendWindow: sendWindow,
					PeerDelay: call.PeerDelay(), RecvWindow: recvWindow},
				Activity: e.Activity, Ring: ring, Counters: counters, Stats: l.o.Flows, Tap: l.o.Hub})
			call.Bind(f)
			return f
		}}, c)
	l.mu.Lock()
	l.now = s
	l.mu.Unlock()
	s.Run(ctx)
	return s
}

// delegator is what the session routes networks by.
func (l *line) delegator() session.Delegator {
	if l.gate != nil {
		return l.gate
	}
	return l.o.Delegator
}

// begins notes that a server is called.
func (l *line) begins(to netip.AddrPort) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doing, l.next, l.server = Calling, time.Time{}, to
}

// over notes the end of a call, or of an attempt.
func (l *line) over(c record.Call) {
	l.mu.Lock()
	l.now, l.text = nil, c.Text
	l.failed++
	if !c.Up.IsZero() {
		l.failed = 0
	}
	l.history.Add(c)
	l.mu.Unlock()
	l.o.Meter.Dialled(c.Peer, c)
}

// A client is the control half of a call for which we are the PNS. The server has no
// line that it would have to escape anything for, and some NAT routers stop after a
// Set-Link-Info.
type client struct{ *peer.Call }

// SetLinkInfo sends none.
func (client) SetLinkInfo(_, _ uint32) {}
