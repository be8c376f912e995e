package ras

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carrier/pns/internal/guard"
	"carrier/pns/internal/session"
	"carrier/pns/internal/users"
	"carrier/shared/peer"
	"carrier/shared/ppp/auth"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// A Number is what a PAC is asked to dial (RFC 2637 §2.7).
type Number struct {
	// PAC is a configured PAC's name; empty: the only one that there is.
	PAC        string
	Phone      string
	Subaddress string
	// The lowest and the highest speed of the line in bit/s.
	MinimumBPS, MaximumBPS uint32
	// User is who alone may log in there; empty: every user.
	User string
}

// Any speed of a telephone line will do, in bit/s.
const (
	SlowestBPS = 300
	FastestBPS = 115_200
)

// A DialError says why a number was not connected.
type DialError struct {
	Reason record.EndReason
	Text   string
}

func (e *DialError) Error() string { return e.Text }

// A network reaches PACs; *peer.Endpoint is one.
type network interface {
	Of(name string) *peer.Conn
	Dial(ctx context.Context, r peer.Remote) (*peer.Conn, error)
}

// Over says how PACs are reached, before the first Dial.
func (r *RAS) Over(n network) { r.network = n }

// An attempt is a call that is being dialled. Its record does not change.
type attempt struct {
	record record.Call
	cancel context.CancelCauseFunc
}

// Dial has a PAC dial, and waits until the line is connected, or ctx ends: then the
// call is cleared. Who answers is served as a caller is, by the same users and
// policy. It returns the call's name. The error is a *DialError.
func (r *RAS) Dial(ctx context.Context, n Number) (call string, err error) {
	u := r.use.Load()
	pac, err := u.through(n)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	one, serial, err := r.attempt(n, pac.Name, cancel)
	if err != nil {
		return "", err
	}
	defer r.sessions.Done()
	placed, err := r.place(ctx, pac, n.request(serial))
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.dialling, one)
	if err == nil && r.ctx == nil {
		placed.Clear()
		err = errEnding
	}
	if err != nil {
		failed := undialled(ctx, err)
		r.missed(one.record, failed)
		return "", failed
	}
	r.answered(u, pac, n, placed, one.record)
	return placed.Name(), nil
}

// through is the PAC that a number is to be dialled by.
func (u *use) through(n Number) (PAC, error) {
	if n.User != "" && !u.Users.Has(n.User) {
		return PAC{}, &DialError{record.NumberRefused, fmt.Sprintf("no user is called %q", n.User)}
	}
	if n.PAC == "" && len(u.PACs) == 1 {
		return u.PACs[0], nil
	}
	for _, p := range u.PACs {
		if p.Name == n.PAC {
			return p, nil
		}
	}
	if n.PAC == "" {
		return PAC{}, &DialError{record.NoTunnel, fmt.Sprintf("through which of %d PACs is not said", len(u.PACs))}
	}
	return PAC{}, &DialError{record.NoTunnel, fmt.Sprintf("no [[pac]] is called %q", n.PAC)}
}

// attempt notes a call that is being dialled. Without an error the caller must end
// it, with r.sessions.Done.
func (r *RAS) attempt(n Number, pac string, cancel context.CancelCauseFunc) (*attempt, uint16, error) {
	serial, err := r.o.Serials.Next()
	if err != nil {
		r.o.Log.Error("the call's serial number could not be noted", "error", err)
	}
	one := &attempt{record.Call{Name: fmt.Sprintf("%s/%d", r.o.Host, serial), Started: time.Now(), Stage: record.Dialling, Outgoing: true,
		Peer: pac, Called: record.Shown(n.Phone)}, cancel}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx == nil {
		return nil, 0, errEnding
	}
	r.sessions.Add(1)
	r.dialling[one] = struct{}{}
	r.o.Log.Info("outgoing call", "call", one.record.Name, "pac", pac, "number", n.Phone, "user", n.User)
	return one, serial, nil
}

var errEnding = &DialError{record.Shutdown, "the server is shutting down"}

// request is what the PAC is asked for.
func (n Number) request(serial uint16) pptp.OutgoingCallRequest {
	return pptp.OutgoingCallRequest{CallSerialNumber: serial, MinimumBPS: n.MinimumBPS, MaximumBPS: n.MaximumBPS,
		BearerType: pptp.Analog | pptp.Digital, FramingType: pptp.Asynchronous | pptp.Synchronous, Window: recvWindow,
		PhoneNumber: n.Phone, Subaddress: n.Subaddress}
}

// Place has a PAC dial for somebody who makes a session of the call herself, and keeps
// and counts it: it is in none of our lists. It waits as Dial does; without a call why
// is the reason, and err its text.
func (r *RAS) Place(ctx context.Context, pac string, req pptp.OutgoingCallRequest) (call *peer.Call, why record.EndReason, err error) {
	one, err := r.use.Load().through(Number{PAC: pac})
	if err == nil {
		call, err = r.place(ctx, one, req)
	}
	if err != nil {
		failed := undialled(ctx, err)
		return nil, failed.Reason, failed
	}
	return call, record.Running, nil
}

// place asks the PAC, on the control connection that it has with us or on one that
// we open.
func (r *RAS) place(ctx context.Context, pac PAC, req pptp.OutgoingCallRequest) (*peer.Call, error) {
	conn := r.network.Of(pac.Name)
	if conn == nil {
		remote := pac.Remote
		remote.Name = pac.Name
		if !remote.Addr.IsValid() {
			return nil, &DialError{record.ControlLost, pac.Name + " has no control connection with us, and where it is is not configured"}
		}
		var err error
		if conn, err = r.network.Dial(ctx, remote); err != nil {
			return nil, fmt.Errorf("%w: %w", peer.ErrControlLost, err)
		}
	}
	return conn.Place(ctx, req)
}

// answered makes a session of a call that was connected; mu is held.
func (r *RAS) answered(u *use, pac PAC, n Number, call *peer.Call, known record.Call) {
	common := u.commons[pac.MRU]
	if n.User != "" {
		one := *common
		one.Users = restricted{one.Users, n.User}
		common = &one
	}
	v := r.visitor(call, pac)
	v.common, v.connected, v.rate = common, true, int(call.ConnectSpeed())
	v.source = guard.From(call.Conn().PeerAddr().Addr(), n.Phone)
	v.record = known
	v.record.Name = call.Name()
	r.serve(call, v)
}

// A restricted is the users of a call that only one of them may have.
type restricted struct {
	session.Users
	only string
}

// Lookup finds nobody else.
func (r restricted) Lookup(name string) (users.User, bool) {
	if u, ok := r.Users.Lookup(name); ok && auth.Fold(u.Name) == auth.Fold(r.only) {
		return u, true
	}
	return r.Users.Lookup("")
}

// giveUp ends a call that is being dialled, for the operator; false: none of those
// has the name.
func (r *RAS) giveUp(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for one := range r.dialling {
		if one.record.Name == name {
			one.cancel(&DialError{record.Operator, "the operator ended the call"})
			return true
		}
	}
	return false
}

// missed remembers a call that was not connected; mu is held.
func (r *RAS) missed(c record.Call, why *DialError) {
	c.Ended, c.Reason, c.Text = time.Now(), why.Reason, why.Text
	r.o.Log.Info("call ended", "call", c.Name, "reason", c.Reason, "text", c.Text, "stage", c.Stage)
	r.history.Add(c)
	r.o.Meter.Ended(c.Peer, c)
}

// undialled says why a call was not connected.
func undialled(ctx context.Context, err error) *DialError {
	var said *DialError
	var refused *peer.RefusedError
	switch {
	case errors.As(context.Cause(ctx), &said), errors.As(err, &said):
		return said
	case ctx.Err() != nil:
		return &DialError{record.Operator, "the call was given up while it was dialled"}
	case errors.As(err, &refused):
		return &DialError{refusedReason(refused), err.Error()}
	case errors.Is(err, peer.ErrControlLost):
		return &DialError{record.ControlLost, err.Error()}
	case errors.Is(err, peer.ErrTimeout):
		return &DialError{record.NoAnswer, err.Error()}
	}
	return &DialError{record.ClearedByPAC, err.Error()}
}

// refusedReason is what Outgoing-Call-Reply said (RFC 2637 §2.8).
func refusedReason(e *peer.RefusedError) record.EndReason {
	switch pptp.OutgoingResult(e.Result) {
	case pptp.OutgoingNoCarrier:
		return record.NoCarrier
	case pptp.OutgoingBusy:
		return record.NumberBusy
	case pptp.OutgoingNoDialTone:
		return record.NoDialTone
	case pptp.OutgoingTimeout:
		return record.NoAnswer
	case pptp.OutgoingDoNotAccept:
		return record.NumberRefused
	}
	switch e.Code {
	case pptp.NoResource:
		return record.NoLine
	case pptp.BadValue, pptp.BadFormat:
		return record.NumberRefused
	}
	return record.LineFault
}
