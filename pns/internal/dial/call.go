package dial

import (
	"cmp"
	"context"
	"time"

	"carrier/pns/internal/flow"
	"carrier/pns/internal/session"
	"carrier/shared/gre"
	"carrier/shared/record"
)

// call opens the entry's call one way, and serves it until it ends.
func (l *line) call(ctx context.Context, e Entry, to way) record.Call {
	l.begins(to)
	c := l.attempted(e, to.begins())
	l.o.Log.Info("dialling", "dial", e.Name, "to", to)
	serial, err := l.o.Serials.Next()
	if err != nil {
		l.o.Log.Warn("the Call Serial Number is not kept", "error", err)
	}
	call, why, err := to.open(ctx, l.o, serial)
	if err != nil {
		return l.missed(ctx, c, why, err)
	}
	c.Name = call.Name()
	c = l.serve(ctx, e, call, c).Record()
	l.o.Hub.Forget(c.Name)
	l.over(c)
	call.leave()
	return c
}

// attempted is the record of an attempt that begins.
func (l *line) attempted(e Entry, c record.Call) record.Call {
	c.Peer, c.User, c.Started = e.Name, record.Shown(e.Settings.Link.Login.Name), time.Now()
	return c
}

// missed notes an attempt that came to no call.
func (l *line) missed(ctx context.Context, c record.Call, why record.EndReason, err error) record.Call {
	c.Ended, c.Reason, c.Text = time.Now(), why, err.Error()
	if ctx.Err() == nil {
		l.o.Log.Warn("no tunnel", "dial", c.Peer, "to", c.Called, "reason", why, "error", err)
		l.over(c)
	}
	return c
}

// serve runs the session of a call until it is over.
func (l *line) serve(ctx context.Context, e Entry, call opened, c record.Call) *session.Session {
	counters := new(record.Counters)
	to := call.Conn().Settings()
	l.o.Hub.Name(c.Name, c.User, c.Peer)
	common := &session.Common{Settings: e.Settings, LAN: l.o.LAN, Delegator: l.delegator(), MTU: e.MTU, Dial: &e.Dial,
		Stats: l.o.Sessions, Namer: l.o.Hub, Log: l.o.Log}
	s := session.New(session.Options{
		Common: common, Call: call.control, Connected: true, Rate: call.rate, Counters: counters,
		Connect: func(rate int, ring func()) session.Data {
			windowing, sendWindow := cmp.Or(to.Window, call.window).Use(call.PeerWindow())
			f := flow.New(flow.Options{Call: c.Name, Tunnel: call.Call, LAN: l.o.LAN, Strip: to.Strip.Or(false), Dialled: true,
				GRE: gre.Options{PeerCallID: call.PeerID(), Windowing: windowing, SendWindow: sendWindow,
					PeerDelay: call.PeerDelay(), RecvWindow: recvWindow},
				Rate: rate, MSSByRate: call.mssByRate,
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

// begins notes that a call is opened.
func (l *line) begins(to way) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doing, l.next, l.to = Calling, time.Time{}, to.String()
}

// over notes the end of a call, or of an attempt.
func (l *line) over(c record.Call) {
	l.mu.Lock()
	l.now, l.text = nil, c.Text
	l.failed++
	if !c.Up.IsZero() {
		l.failed = 0
	}
	l.busy = c.Reason == record.NumberBusy || c.Reason == record.NoLine
	l.history.Add(c)
	l.mu.Unlock()
	l.o.Meter.Dialled(c.Peer, c)
}
