package call

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"carrier/hardware/line"
	"carrier/pac/internal/relay"
	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// notifyEvery is how often the PNS may be told of the line's errors (RFC 2637
// §2.14).
const notifyEvery = time.Minute

// control is the control half of a call; *peer.Call is one.
type control interface {
	Events() <-chan peer.Event
	Notify(func())
	ErrorNotify(pptp.WANErrorNotify)
	Disconnect(pptp.CallDisconnectNotify)
}

// An attendant follows the control half of a call while its data is relayed,
// in the goroutine that relays.
type attendant struct {
	*call
	ctx    context.Context // ends the call
	stop   func() bool     // watching ctx
	tunnel control
	pns    peer.Remote
	relay  *relay.Relay
	deaf   time.Time // when something must have been heard, zero: it was
	report time.Time // when the PNS may be told of errors next
	quiet  bool      // it is not told of any
	told   pptp.WANErrorNotify
	end    error         // why the call ends; nil: it does not yet
	said   chan struct{} // closed when the last words to the caller have left, once end is known
}

func (c *call) attendant(ctx context.Context, tunnel control, pns peer.Remote, r *relay.Relay) *attendant {
	now := time.Now()
	tunnel.Notify(r.Nudge)
	return &attendant{call: c, ctx: ctx, stop: context.AfterFunc(ctx, r.Nudge), tunnel: tunnel, pns: pns, relay: r,
		deaf: now.Add(c.o.Deaf), report: now.Add(notifyEvery)}
}

// disconnect tells the PNS that the call is over, for which err is why relaying
// ended, and returns what is known of that.
func (a *attendant) disconnect(err error) error {
	a.stop()
	if failed := (*relay.LineError)(nil); errors.As(err, &failed) {
		err = cmp.Or(a.end, a.lineEnded(a.ctx, failed.Err))
	}
	a.askReport(reason(err))
	err = a.sharpen(err, a.relay)
	a.tunnel.Disconnect(a.notify(reason(err)))
	return err
}

// attend is relay.Attend. Data goes on until the last words have left.
func (a *attendant) attend(now time.Time) (next time.Time, err error) {
	if a.end == nil {
		if a.end = a.look(now); a.end != nil {
			a.sayLast()
		}
	}
	if a.end != nil {
		select {
		case <-a.said:
			return time.Time{}, a.end
		default:
			return time.Time{}, nil
		}
	}
	if next = a.report; !a.deaf.IsZero() && a.deaf.Before(next) {
		next = a.deaf
	}
	return next, nil
}

// look does what is due; an error ends the call.
func (a *attendant) look(now time.Time) error {
	select {
	case <-a.lost:
		return a.noCarrier(line.ErrNoCarrier)
	case <-a.ctx.Done():
		return context.Cause(a.ctx)
	default:
	}
	if !a.deaf.IsZero() && !now.Before(a.deaf) {
		a.deaf = time.Time{}
		if !a.relay.Heard() {
			return a.blocked("came from")
		}
	}
	if !now.Before(a.report) {
		a.report = now.Add(notifyEvery)
		if now := lineErrors(a.relay); now != a.told && !a.quiet {
			a.tunnel.ErrorNotify(now)
			a.told = now
		}
	}
	for {
		select {
		case e, ok := <-a.tunnel.Events():
			if err := a.event(e, ok); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// event does what the PNS asks; an error ends the call.
func (a *attendant) event(e peer.Event, ok bool) error {
	switch m := e.Message.(type) {
	case pptp.SetLinkInfo:
		a.relay.SetLinkInfo(m.SendACCM, m.ReceiveACCM)
		a.log().Debug("link info", "send", fmt.Sprintf("%08x", m.SendACCM), "receive", fmt.Sprintf("%08x", m.ReceiveACCM))
	case pptp.CallClearRequest:
		if !a.relay.Answered() && time.Since(a.known().Up) >= a.o.Deaf { // it gives up, for it hears nothing
			return a.blocked("was acknowledged by")
		}
	}
	return givenUp(e, ok)
}

// lineErrors counts what the line spoiled since relaying began. What the
// serial port does to octets is not known: it shows in the frames.
func lineErrors(r *relay.Relay) pptp.WANErrorNotify {
	e := r.LineErrors()
	return pptp.WANErrorNotify{CRCErrors: uint32(e.FCS.Load()),
		FramingErrors: uint32(e.Abort.Load() + e.Runt.Load() + e.Giant.Load())}
}

// blocked is that GRE does not pass: the PNS is of no use for a while.
func (a *attendant) blocked(what string) error {
	a.use.Tunnels.Failed(a.pns)
	return &ending{record.GREBlocked, fmt.Sprintf("no GRE packet %s %s (%v) in %v, although its control connection works",
		what, a.pns.Name, a.pns.Addr.Addr(), time.Since(a.known().Up).Round(time.Second))}
}

// sayLast tells the caller why the call ends, where nobody else does, and gives
// the line time for that, and for what the PNS said last.
func (a *attendant) sayLast() {
	a.said = make(chan struct{})
	switch reason(a.end) {
	case record.ClearedByPNS:
	case record.Operator, record.Drained, record.Shutdown, record.ControlLost, record.GREBlocked:
		a.relay.Terminate(text(a.end))
	default:
		close(a.said)
		return
	}
	go func() {
		defer a.relay.Nudge()
		defer close(a.said)
		bounded, stop := context.WithTimeout(context.Background(), flushTime)
		defer stop()
		if err := a.relay.Flush(bounded); err != nil {
			a.log().Info("the caller did not hear the last words", "error", err)
		}
	}()
}
