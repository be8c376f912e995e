package call

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"carrier/hardware/line"
	"carrier/pac/internal/identify"
	"carrier/pac/internal/profile"
	"carrier/shared/peer"
	"carrier/shared/phone"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// An Outgoing is a call that a PNS has us place (RFC 2637 §3.2.4.1), until it has
// a line. Its methods are called one after the other; it is a bank.Request.
type Outgoing struct {
	call   *call
	ctx    context.Context // ends when somebody ends the call
	tunnel *peer.Call
	number string
}

// Outgoing takes a PNS's Outgoing-Call-Request. Where Settings.Permits have the
// number for this PNS it returns the call, and the banks whose lines may dial; else
// it has refused it, and returns nil.
func (c *Calls) Outgoing(tunnel *peer.Call) (o *Outgoing, banks []string) {
	req, _ := tunnel.Request().(pptp.OutgoingCallRequest)
	ctx, cancel := context.WithCancelCause(context.Background())
	now, use, pns := time.Now(), c.use.Load(), tunnel.Conn().Remote().Name
	one := &call{Calls: c, use: use, serial: req.CallSerialNumber, cancel: cancel, since: now}
	one.rec.Store(&record.Call{Name: tunnel.Name(), Started: now, Stage: record.Dialling, Outgoing: true,
		Called: record.Shown(req.PhoneNumber), Peer: pns})
	c.enter(one)
	c.o.Hub.Name(tunnel.Name(), "", pns)
	one.log().Info("outgoing call", "pns", pns, "number", req.PhoneNumber)
	o = &Outgoing{call: one, ctx: ctx, tunnel: tunnel}
	permit := use.Permits[pns]
	if err := o.examine(req, permit); err != nil {
		o.refuse(err)
		return nil, nil
	}
	return o, permit.Banks
}

// examine says why a call is not to be placed. A field that no line of ours can
// fulfil is not passed over: the PNS would take the call for another one.
func (o *Outgoing) examine(req pptp.OutgoingCallRequest, permit profile.Permit) error {
	digits, ok := phone.Digits(req.PhoneNumber)
	o.number = digits
	switch {
	case len(permit.Numbers) == 0:
		return &refusal{&ending{record.NumberRefused, "this PNS may have no number dialled"}, pptp.OutgoingDoNotAccept, pptp.NoError}
	case !ok:
		return badValue("that is not a telephone number")
	case !phone.Matches(permit.Numbers, digits):
		return &refusal{&ending{record.NumberRefused, "this PNS may not have that number dialled"}, pptp.OutgoingDoNotAccept, pptp.NoError}
	case req.BearerType&pptp.Analog == 0:
		return badValue("these lines are analog")
	case req.FramingType&pptp.Asynchronous == 0:
		return badValue("these lines are asynchronous")
	case req.Subaddress != "":
		return badValue("these lines know no subaddress")
	}
	return nil
}

// NoLine refuses the call: no line is free.
func (o *Outgoing) NoLine() {
	o.refuse(&refusal{&ending{record.NoLine, "no line is free"}, pptp.OutgoingGeneralError, pptp.NoResource})
}

// Dial places the call on a line, and returns what carries it to its end; nil
// when the line rang instead.
func (o *Outgoing) Dial(ctx context.Context, end context.CancelCauseFunc, l line.Line, bank string) (carry func()) {
	c := o.call
	stop := context.AfterFunc(o.ctx, func() { end(context.Cause(o.ctx)) })
	c.line, c.bank = l, bank
	c.note(func(r *record.Call) { r.Line = l.Name() })
	err := o.dial(ctx)
	if errors.Is(err, line.ErrRinging) {
		stop()
		c.line, c.bank = nil, ""
		c.note(func(r *record.Call) { r.Line = "" })
		return nil
	}
	return func() {
		defer stop()
		if err == nil {
			err = c.then(ctx)
		}
		c.finish(err)
		c.leave(c)
	}
}

// dial has the line dial, and answers the PNS.
func (o *Outgoing) dial(ctx context.Context) error {
	c := o.call
	var connect line.Connect
	err := whilePlaced(ctx, o.tunnel, func(ctx context.Context) (err error) {
		connect, err = c.line.Dial(ctx, o.number)
		return err
	})
	if err == nil {
		err = o.slow(connect.Rate)
	}
	if errors.Is(err, line.ErrRinging) {
		return err
	}
	if err != nil {
		r := notDialled(err)
		o.tunnel.Refuse(uint8(r.result), uint8(r.code))
		return r
	}
	c.stage(record.Answered, func(r *record.Call) { r.Rate, r.Connect = connect.Rate, connect.Text })
	c.rate = cmp.Or(connect.Assumed, connect.Rate)
	c.log().Info("answered", "line", c.line.Name(), "connect", connect.Text, "rate", connect.Rate)
	c.lost = c.line.Lost()
	return c.relayed(o.tunnel, identify.Handed{})
}

// slow refuses a line below what the PNS asks for at least, where its rate is
// known.
func (o *Outgoing) slow(rate int) error {
	req, _ := o.tunnel.Request().(pptp.OutgoingCallRequest)
	if rate == 0 || uint64(rate) >= uint64(req.MinimumBPS) {
		return nil
	}
	return &refusal{&ending{record.NoCarrier, fmt.Sprintf("the line came to %d bit/s, and the PNS wants %d at least", rate, req.MinimumBPS)},
		pptp.OutgoingNoCarrier, pptp.NoError}
}

// refuse ends a call that has no line.
func (o *Outgoing) refuse(err error) {
	r := notDialled(err)
	o.tunnel.Refuse(uint8(r.result), uint8(r.code))
	o.call.finish(r)
	o.call.leave(o.call)
}

// A refusal is an ending that the PNS learns from Outgoing-Call-Reply (RFC 2637
// §2.8).
type refusal struct {
	error
	result pptp.OutgoingResult
	code   pptp.ErrorCode
}

// Unwrap gives the ending.
func (r *refusal) Unwrap() error { return r.error }

func badValue(why string) error {
	return &refusal{&ending{record.NumberRefused, why}, pptp.OutgoingGeneralError, pptp.BadValue}
}

// notDialled is what the PNS is told of a call that was not connected. One that it
// gave up itself it hears nothing more of.
func notDialled(err error) *refusal {
	var said *refusal
	var dial *line.DialError
	var end *ending
	switch {
	case errors.As(err, &said):
		return said
	case errors.As(err, &dial):
		return unconnected(dial)
	case errors.As(err, &end), errors.Is(err, context.Canceled):
		return &refusal{err, pptp.OutgoingGeneralError, pptp.NoResource}
	}
	return &refusal{&ending{record.LineFault, "the line could not dial: " + err.Error()}, pptp.OutgoingGeneralError, pptp.PACError}
}

// unconnected is what the telephone network, or the modem, said.
func unconnected(e *line.DialError) *refusal {
	var r refusal
	why := record.NoCarrier
	switch e.Result {
	case line.Busy:
		why, r.result = record.NumberBusy, pptp.OutgoingBusy
	case line.NoDialtone:
		why, r.result = record.NoDialTone, pptp.OutgoingNoDialTone
	case line.NoAnswer:
		why, r.result = record.NoAnswer, pptp.OutgoingTimeout
	case line.Delayed:
		why, r.result, r.code = record.NumberRefused, pptp.OutgoingGeneralError, pptp.NoResource
	case line.Blacklisted:
		why, r.result = record.NumberRefused, pptp.OutgoingDoNotAccept
	}
	r.result = cmp.Or(r.result, pptp.OutgoingNoCarrier)
	r.error = &ending{why, e.Error()}
	return &r
}
