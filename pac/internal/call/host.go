package call

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carrier/hardware/line"
	"carrier/pac/internal/host"
	"carrier/pac/internal/identify"
	"carrier/pac/internal/profile"
	"carrier/shared/record"
)

// How long the last words to a caller may take: those of a host, which may be a
// screen, and those of one who does not want to wait.
const (
	screenTime = 20 * time.Second
	wordsTime  = 5 * time.Second
)

// numberToHost answers a call whose number leads to a host: nobody asks who
// calls.
func (c *call) numberToHost(ctx context.Context, ring line.Ring, d profile.Destination) error {
	if err := c.answer(ctx, ring); err != nil {
		return err
	}
	defer c.watchCarrier()()
	return c.toHost(ctx, c.line, d)
}

// toHost carries a call to the first of its hosts that answers.
func (c *call) toHost(ctx context.Context, caller host.Port, d profile.Destination) error {
	c.stage(record.Tunnelling, nil)
	trying := func(url string) { c.say(caller, "Connecting to "+host.Name(url)+" ...\r\n") }
	failed := func(url string, err error) {
		c.log().Info("no answer", "host", url, "error", err)
		c.say(caller, "NO ANSWER FROM "+host.Name(url)+"\r\n")
	}
	far, url, err := host.Open(ctx, d.Hosts, c.use.Hosts, trying, failed)
	if err != nil {
		if ctx.Err() != nil {
			return c.farewell(ctx, caller, context.Cause(ctx))
		}
		return c.farewell(ctx, caller, &ending{record.HostUnreachable, err.Error()})
	}
	defer func() { _ = far.Close() }()
	c.stage(record.Relaying, func(r *record.Call) { r.Peer, r.Up = url, time.Now() })
	c.o.Hub.Name(c.known().Name, c.known().User, url)
	c.log().Info("host", "host", url)
	return c.farewell(ctx, caller, c.hostEnded(host.Carry(ctx, caller, far, c.use.Hosts, &c.counters)))
}

// hostEnded says why a call to a host ended.
func (c *call) hostEnded(err error) error {
	var port *host.PortError
	switch {
	case errors.Is(err, host.ErrClosed):
		return &ending{record.HostClosed, err.Error()}
	case errors.Is(err, host.ErrIdle):
		return &ending{record.IdleTimeout, fmt.Sprintf("nothing was said for %v", c.use.Hosts.Idle)}
	case errors.Is(err, host.ErrSession):
		return &ending{record.SessionTimeout, fmt.Sprintf("the call took %v, which is the longest allowed", c.use.Hosts.Session)}
	case errors.As(err, &port) && port.Host:
		return &ending{record.HostClosed, port.Error()}
	case errors.As(err, &port):
		return c.noCarrier(port.Err)
	}
	return err
}

// farewell tells a caller who types why her call ends, and lets that and what
// the host said before out of the line. It returns err.
func (c *call) farewell(ctx context.Context, caller host.Port, err error) error {
	bound := wordsTime
	switch reason(err) {
	case record.CarrierLost, record.LineFault:
		return err
	case record.HostUnreachable: // she knows
	case record.HostClosed:
		bound = screenTime
		c.say(caller, "\r\nConnection closed.\r\n")
	default:
		c.say(caller, "\r\n"+text(err)+"\r\n")
	}
	c.drain(ctx, bound)
	return err
}

// drain lets what was written leave the line; it goes on when ctx has ended.
func (c *call) drain(ctx context.Context, bound time.Duration) {
	bounded, stop := context.WithTimeout(context.WithoutCancel(ctx), bound)
	defer stop()
	line.Drain(bounded, c.line)
}

// say shows words of ours to a caller who types. What she cannot be told she
// finds out.
func (c *call) say(caller host.Port, words string) {
	if c.use.Hosts.Quiet {
		return
	}
	_ = caller.SetWriteDeadline(time.Now().Add(wordsTime))
	_, _ = caller.Write([]byte(words))
	_ = caller.SetWriteDeadline(time.Time{})
}

// unserved ends a call whose caller did not say who she is. She may have been
// told so in words, which leave the line first.
func (c *call) unserved(ctx context.Context, err error) error {
	end := c.unidentified(ctx, err)
	if ctx.Err() == nil && !lineLost(reason(end)) {
		c.drain(ctx, wordsTime)
	}
	return end
}

// destination is where the call of a caller who has said who she is may go.
func (c *call) destination(ring line.Ring, who identify.Caller) (d profile.Destination, err error) {
	if d, ok := c.use.Profiles.Chosen(who.Choice); ok {
		c.found(profile.Menu, d)
		return d, nil
	}
	d, kind, ok := c.use.Profiles.Find(profile.Caller{Called: ring.Called, Calling: ring.Calling, Name: who.Name})
	if !ok {
		return d, &ending{record.NoProfile, fmt.Sprintf("no destination is known for %q", c.known().User)}
	}
	c.found(kind, d)
	return d, nil
}

// found logs where a call may go.
func (c *call) found(rule profile.Kind, d profile.Destination) {
	if len(d.Hosts) > 0 {
		c.log().Info("profile", "rule", string(rule), "hosts", d.Hosts)
		return
	}
	c.log().Info("profile", "rule", string(rule), "endpoints", d.Endpoints)
}
