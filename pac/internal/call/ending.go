package call

import (
	"context"
	"errors"
	"fmt"
	"io"

	"carrier/hardware/line"
	"carrier/pac/internal/identify"
	"carrier/pac/internal/tunnel"
	"carrier/shared/capture"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// An ending is an error that says for which of the record's reasons a call is
// over. Its text is fit for the caller.
type ending struct {
	reason record.EndReason
	text   string
}

func (e *ending) Error() string { return e.text }

// Ended is a cause for which the context of a call may end: the call is then
// recorded as ended for this reason, and the caller and her PNS are told the
// text.
func Ended(why record.EndReason, text string) error { return &ending{why, text} }

// reason of the end that an error stands for.
func reason(err error) record.EndReason {
	var e *ending
	switch {
	case errors.As(err, &e):
		return e.reason
	case errors.Is(err, context.Canceled):
		return record.Shutdown
	}
	return record.LineFault
}

// text is the end in words.
func text(err error) string {
	if reason(err) == record.Shutdown {
		return "the switch is shutting down"
	}
	return err.Error()
}

// lineEnded says why relaying ended: ctx knows, or else the line does.
func (c *call) lineEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return c.noCarrier(err)
}

// noCarrier says why the line that gave err is at its end: its carrier went, or
// its port failed. That there is no carrier is all that Write tells; Read says
// why, and at once.
func (c *call) noCarrier(err error) error {
	if errors.Is(err, line.ErrNoCarrier) {
		_, err = c.line.Read(make([]byte, 1))
	}
	if err == nil || errors.Is(err, io.EOF) {
		return &ending{record.CarrierLost, "the line lost its carrier"}
	}
	return &ending{record.LineFault, err.Error()}
}

// lineLost tells the reasons of a line that carries nothing any more.
func lineLost(why record.EndReason) bool {
	return why == record.CarrierLost || why == record.LineFault
}

// unidentified says why a call ended while its caller was still ours, at her
// login or as our PPP peer.
func (c *call) unidentified(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var ppp *identify.EndError
	var login *identify.LoginError
	switch {
	case errors.Is(err, identify.ErrSilent):
		return &ending{record.CallerSilent, err.Error()}
	case errors.Is(err, identify.ErrLeft):
		return &ending{record.CallerHungUp, err.Error()}
	case errors.As(err, &login):
		return &ending{record.AuthFailed, err.Error()}
	case errors.As(err, &ppp):
		return &ending{linkReason(ppp.Cause), ppp.Error()}
	}
	return c.noCarrier(err)
}

func linkReason(c link.Cause) record.EndReason {
	switch c {
	case link.PeerTerminated:
		return record.CallerHungUp
	case link.AuthRefused, link.AuthTimeout:
		return record.AuthFailed
	case link.LowerDown:
		return record.CarrierLost
	}
	return record.LinkFailed
}

// notPlaced says why no PNS has the call.
func notPlaced(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var place *tunnel.PlaceError
	if errors.As(err, &place) && place.Refused {
		return &ending{record.RefusedByPNS, fmt.Sprintf("your company's server does not want this call (%v)", err)}
	}
	return &ending{record.NoTunnel, fmt.Sprintf("your company's server cannot be reached (%v)", err)}
}

// identifyOptions are the program's, with what is this call's own.
func (c *call) identifyOptions() identify.Options {
	o := c.use.Identify
	o.Log = c.log()
	o.Begin = c.framed()
	o.Spoiled = func(err error) {
		c.counters.Errors.Add(1)
		c.o.Errors.Count(err)
	}
	o.Tap = c.tap
	return o
}

// tap shows the captures what passes between the caller and us before the
// hand-over.
func (c *call) tap(toCaller bool, frame []byte) {
	d := capture.Received
	if toCaller {
		d = capture.Sent
	}
	c.o.Hub.PPP(c.known().Name, d, frame)
}
