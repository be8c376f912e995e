package call

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"carrier/hardware/line"
	"carrier/pac/internal/identify"
	"carrier/pac/internal/profile"
	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// refuseTime bounds telling a caller why she is not served.
const refuseTime = 5 * time.Second

// A call is one call from its ring to its end. Its goroutine goes down the
// stages; whatever ends the call cancels that goroutine's context with an
// ending as the cause.
type call struct {
	*Calls
	use      *Settings
	bank     string
	line     line.Line
	serial   uint16
	cancel   context.CancelCauseFunc
	counters record.Counters
	rec      atomic.Pointer[record.Call] // what is known; never changed, but replaced by its goroutine
	since    time.Time                   // when the present stage began
	rate     int                         // of the line, bit/s, told or assumed; 0 when unknown
	lost     <-chan struct{}             // closed when the line loses its carrier, once that is watched
	then     func(context.Context) error // what remains to do when run has returned
}

// run goes through the stages and returns why the call ended, if it left
// nothing to do then.
func (c *call) run(ctx context.Context, ring line.Ring) error {
	c.log().Info("ring", "line", c.known().Line, "called", ring.Called, "calling", ring.Calling)
	if d, ok := c.use.Profiles.AtRing(profile.Caller{Called: ring.Called, Calling: ring.Calling}); ok {
		c.found(profile.Number, d)
		switch {
		case len(d.Hosts) > 0 && c.framed():
			return &ending{record.NoProfile, "the number leads to a host, and the caller speaks PPP"}
		case len(d.Hosts) > 0:
			return c.numberToHost(ctx, ring, d)
		}
		return c.decidedByNumber(ctx, ring, d)
	}
	if err := c.answer(ctx, ring); err != nil {
		return err
	}
	defer c.watchCarrier()()
	id, err := identify.Run(ctx, c.line, c.identifyOptions())
	if err != nil {
		return c.unserved(ctx, err)
	}
	c.identified(id.Caller())
	d, err := c.destination(ring, id.Caller())
	switch {
	case err != nil:
		return c.refuse(ctx, id, err)
	case len(d.Hosts) > 0 && id.SpeaksPPP():
		return c.refuse(ctx, id, &ending{record.NoProfile, "you are connected to a host, which takes no PPP: log in with a terminal"})
	case len(d.Hosts) > 0:
		return c.toHost(ctx, id.Terminal(), d)
	}
	return c.tunnelled(ctx, id, d)
}

// tunnelled takes the call of a caller we know to a PNS.
func (c *call) tunnelled(ctx context.Context, id *identify.Identified, d profile.Destination) error {
	if err := id.Start(ctx); err != nil {
		return c.unidentified(ctx, err)
	}
	tunnel, err := c.place(ctx, id, d)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return c.refuse(ctx, id, err)
	}
	mode := identify.Silent
	if d.Handover == profile.Restart {
		mode = identify.Restart
	}
	handed, err := id.HandOver(mode)
	if err != nil {
		return c.abandon(tunnel, c.unidentified(ctx, err))
	}
	return c.relayed(tunnel, handed)
}

// decidedByNumber offers the call to its PNS while it still rings: the PNS can
// refuse it before the caller pays for anything (RFC 2637 §2.9).
func (c *call) decidedByNumber(ctx context.Context, ring line.Ring, d profile.Destination) error {
	ringing, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	answered := make(chan struct{})
	defer close(answered)
	go func() {
		select {
		case <-ring.Gone:
			stop(errGone)
		case <-answered:
		}
	}()
	c.stage(record.Tunnelling, nil)
	tunnel, err := c.use.Tunnels.Place(ringing, d.Endpoints, c.request())
	if err != nil {
		return notPlaced(ringing, err)
	}
	c.placed(tunnel)
	if err := c.answerPlaced(ringing, ring, tunnel); err != nil {
		return c.abandon(tunnel, err)
	}
	defer c.watchCarrier()()
	return c.relayed(tunnel, identify.Handed{})
}

// answerPlaced answers a call that a PNS has taken, and stops when the PNS gives
// it up meanwhile.
func (c *call) answerPlaced(ctx context.Context, ring line.Ring, tunnel *peer.Call) error {
	return whilePlaced(ctx, tunnel, func(ctx context.Context) error { return c.answer(ctx, ring) })
}

// whilePlaced does something to the line of a call that a PNS has, or waits for,
// and stops it when the PNS gives the call up meanwhile.
func whilePlaced(ctx context.Context, tunnel *peer.Call, do func(context.Context) error) error {
	answering, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	answered := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case e, ok := <-tunnel.Events():
				if err := givenUp(e, ok); err != nil {
					stop(err)
					return
				}
			case <-answered:
				return
			}
		}
	})
	err := do(answering)
	close(answered)
	watching.Wait()
	return cmp.Or(context.Cause(answering), err)
}

// errGone is the end of a call that nobody answered in time.
var errGone = &ending{record.CallerGone, "the caller gave up while it rang"}

func (c *call) answer(ctx context.Context, ring line.Ring) error {
	connect, err := c.line.Answer(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		select {
		case <-ring.Gone:
			return errGone
		default:
		}
		if !errors.Is(err, line.ErrNoCarrier) {
			return &ending{record.LineFault, "the line could not be answered: " + err.Error()}
		}
		return &ending{record.CarrierLost, "no carrier after answering: " + err.Error()}
	}
	c.stage(record.Answered, func(r *record.Call) { r.Rate, r.Connect = connect.Rate, connect.Text })
	c.rate = cmp.Or(connect.Assumed, connect.Rate)
	c.log().Info("answered", "connect", connect.Text, "rate", connect.Rate)
	return nil
}

// framed says that the line carries PPP alone.
func (c *call) framed() bool {
	f, ok := c.line.(line.Framer)
	return ok && f.Framed()
}

// watchCarrier ends the call when the line loses its carrier, until the
// function that it returns is called.
func (c *call) watchCarrier() (stop func()) {
	done := make(chan struct{})
	c.lost = c.line.Lost()
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-c.lost:
			c.cancel(c.noCarrier(line.ErrNoCarrier))
		case <-done:
		}
	})
	return func() {
		close(done)
		watching.Wait()
	}
}

func (c *call) identified(who identify.Caller) {
	user := record.Shown(who.Name)
	c.stage(record.Identified, func(r *record.Call) { r.User, r.Method = user, who.Method })
	c.o.Hub.Name(c.known().Name, user, "")
	c.log().Info("identified", "user", user, "method", who.Method)
}

// place finds a PNS for the call; meanwhile the caller's PPP is kept alive.
func (c *call) place(ctx context.Context, id *identify.Identified, d profile.Destination) (*peer.Call, error) {
	c.stage(record.Tunnelling, nil)
	placing, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	serving, found := context.WithCancel(ctx)
	defer found()
	var tunnel *peer.Call
	var failed error
	var search sync.WaitGroup
	search.Go(func() {
		defer found()
		tunnel, failed = c.use.Tunnels.Place(placing, d.Endpoints, c.request())
	})
	served := id.Serve(serving)
	giveUp(served)
	search.Wait()
	switch {
	case served != nil && tunnel != nil:
		return nil, c.abandon(tunnel, c.unidentified(ctx, served))
	case served != nil:
		return nil, c.unidentified(ctx, served)
	case failed != nil:
		return nil, notPlaced(ctx, failed)
	}
	c.placed(tunnel)
	return tunnel, nil
}

func (c *call) placed(tunnel *peer.Call) {
	remote := tunnel.Conn().Remote()
	c.stage(record.Tunnelling, func(r *record.Call) { r.Peer = remote.Name })
	c.o.Hub.Name(c.known().Name, c.known().User, remote.Name)
	c.log().Info("tunnel", "pns", remote.Name, "address", tunnel.Conn().PeerAddr(), "host", tunnel.Conn().PeerHost(),
		"transport", remote.Transport)
}

// request is what the PNS is told of the call (RFC 2637 §2.9).
func (c *call) request() pptp.IncomingCallRequest {
	return pptp.IncomingCallRequest{CallSerialNumber: c.serial, BearerType: pptp.Analog,
		DialedNumber: number(c.known().Called), DialingNumber: number(c.known().Calling)}
}

// number fits what a modem said into the field of a message.
func number(s string) string { return s[:min(len(s), 64)] }

// refuse tells the caller, unless she is gone, why she is not served, in the
// words of PPP or of the login, and ends the call for the reason that err has.
func (c *call) refuse(ctx context.Context, id *identify.Identified, err error) error {
	if why := reason(err); lineLost(why) || why == record.CallerHungUp {
		return err
	}
	bounded, stop := context.WithTimeout(context.WithoutCancel(ctx), refuseTime) // also of an operator or the end
	defer stop()
	if told := id.Refuse(bounded, text(err)); told != nil {
		c.log().Info("the caller could not be told", "error", told)
	}
	return err
}

// abandon gives back a call that the PNS accepted but that came to nothing.
func (c *call) abandon(tunnel *peer.Call, err error) error {
	tunnel.Disconnect(c.notify(reason(err)))
	return err
}

// notify is the last message about the call (RFC 2637 §2.13).
func (c *call) notify(why record.EndReason) pptp.CallDisconnectNotify {
	t := c.counters.Snapshot()
	said := fmt.Sprintf("%v; up %d frames, %d octets; down %d frames, %d octets; %d spoiled",
		why, t.FramesUp, t.OctetsUp, t.FramesDown, t.OctetsDown, t.Errors)
	if c.known().Report != nil {
		said += "; modem: " + c.known().Report.String()
	}
	return pptp.CallDisconnectNotify{Result: pptp.DisconnectResult(why.ResultCode()), Statistics: said[:min(len(said), 128)]}
}

// known is what is known of the call; it may not be changed.
func (c *call) known() *record.Call { return c.rec.Load() }

// note adds to what is known.
func (c *call) note(learn func(*record.Call)) {
	r := *c.known()
	learn(&r)
	c.rec.Store(&r)
}

// stage notes how far the call came and what came out there, and how long the
// stage before took.
func (c *call) stage(s record.Stage, learn func(*record.Call)) {
	now := time.Now()
	if was := c.known().Stage; was != s {
		c.o.Meter.Stage(was, now.Sub(c.since))
		c.since = now
	}
	c.note(func(r *record.Call) {
		r.Stage = s
		if learn != nil {
			learn(r)
		}
	})
}

// record is what others may see of the call.
func (c *call) record() record.Call {
	r := *c.known()
	r.Traffic = c.counters.Snapshot()
	return r
}
