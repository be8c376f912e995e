package call

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"carrier/pac/internal/identify"
	"carrier/pac/internal/relay"
	"carrier/shared/gre"
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
	ErrorNotify(pptp.WANErrorNotify)
}

// flushTime bounds how long the last words to the caller may take on the line.
const flushTime = 5 * time.Second

// relayed has the caller's PPP carried when run has returned.
func (c *call) relayed(tunnel *peer.Call, handed identify.Handed) error {
	r := c.newRelay(tunnel, handed)
	c.then = func(ctx context.Context) error { return c.relay(ctx, tunnel, r) }
	return nil
}

// newRelay joins the line and the tunnel, and tells the PNS that it may begin.
func (c *call) newRelay(tunnel *peer.Call, handed identify.Handed) *relay.Relay {
	rate := c.rec.Rate
	window := relay.Window(rate)
	r := relay.New(relay.Options{
		Call: c.rec.Name, Line: c.line, Tunnel: tunnel, Rate: rate,
		GRE: gre.Options{PeerCallID: tunnel.PeerID(), Windowing: tunnel.Conn().Remote().Windowing,
			SendWindow: int(tunnel.PeerWindow()), PeerDelay: tunnel.PeerDelay(), RecvWindow: int(window)},
		Decoder: handed.Decoder, Held: handed.Frames, LastRequest: handed.LastRequest,
		Async: asynchronous(c.rec.Connect), Unpaced: c.use.Unpaced, Hush: hush(handed),
		Counters: &c.counters, Errors: c.o.Errors, Packets: c.o.Packets, Drops: c.o.Drops, Tap: c.o.Hub,
	})
	tunnel.Bind(r)
	tunnel.Connected(pptp.IncomingCallConnected{ConnectSpeed: uint32(rate), Window: window,
		Delay: relay.Delay(rate, window), FramingType: pptp.Asynchronous})
	c.rec.Up = time.Now()
	c.stage(record.Relaying)
	c.log.Info("relaying", "window", window)
	return r
}

// relay carries the caller's PPP until the call ends at either end.
func (c *call) relay(ctx context.Context, tunnel *peer.Call, r *relay.Relay) error {
	relaying, stop := context.WithCancelCause(context.WithoutCancel(ctx)) // it outlives ctx by the last words
	over := make(chan struct{})
	var line error
	go func() {
		defer close(over)
		line = r.Run(relaying)
	}()
	err := c.attend(ctx, tunnel, tunnel.Conn().Remote(), r, over)
	c.tell(r, err)
	stop(err)
	<-over
	if err == nil {
		err = lineEnded(ctx, line)
	}
	c.askReport(reason(err))
	err = c.sharpen(err, r)
	tunnel.Disconnect(c.notify(reason(err)))
	return err
}

// hushTime is how long a caller of whom nothing was heard yet may take to speak:
// the script that dialled may still have her port, and would eat our words.
const hushTime = 1500 * time.Millisecond

func hush(handed identify.Handed) time.Duration {
	if handed.Decoder != nil {
		return 0
	}
	return hushTime
}

// asynchronous reads from a modem's CONNECT that it has no error correction.
func asynchronous(connect string) bool {
	for _, word := range strings.FieldsFunc(strings.ToUpper(connect), func(c rune) bool { return c == '/' || c == ' ' }) {
		if word == "NONE" || word == "NOEC" {
			return true
		}
	}
	return false
}

// attend follows the control half of the call until something there ends it,
// or, with a nil error, the relay is over.
func (c *call) attend(ctx context.Context, tunnel control, pns peer.Remote, r *relay.Relay, over <-chan struct{}) error {
	deaf := time.NewTimer(c.o.Deaf)
	defer deaf.Stop()
	notify := time.NewTicker(notifyEvery)
	defer notify.Stop()
	var told pptp.WANErrorNotify
	for {
		select {
		case <-over:
			return nil
		case <-c.lost:
			return c.noCarrier()
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-deaf.C:
			if !r.Heard() {
				return c.blocked(pns, "came from")
			}
		case <-notify.C:
			if now := lineErrors(r); now != told {
				tunnel.ErrorNotify(now)
				told = now
			}
		case e, ok := <-tunnel.Events():
			if err := c.event(ctx, e, ok, pns, r); err != nil {
				return err
			}
		}
	}
}

// lineErrors counts what the line spoiled since relaying began. What the
// serial port does to octets is not known: it shows in the frames.
func lineErrors(r *relay.Relay) pptp.WANErrorNotify {
	e := r.LineErrors()
	return pptp.WANErrorNotify{CRCErrors: uint32(e.FCS.Load()),
		FramingErrors: uint32(e.Abort.Load() + e.Runt.Load() + e.Giant.Load())}
}

// blocked is that GRE does not pass: the PNS is of no use for a while.
func (c *call) blocked(pns peer.Remote, what string) error {
	c.use.Tunnels.Failed(pns)
	return &ending{record.GREBlocked, fmt.Sprintf("no GRE packet %s %s (%v) in %v, although its control connection works",
		what, pns.Name, pns.Addr.Addr(), time.Since(c.rec.Up).Round(time.Second))}
}

// tell says to the caller why we end the call, where nobody else does.
func (c *call) tell(r *relay.Relay, err error) {
	switch reason(err) {
	case record.Operator, record.Drained, record.Shutdown, record.ControlLost, record.GREBlocked:
	default:
		return
	}
	r.Terminate(text(err))
	bounded, stop := context.WithTimeout(context.Background(), flushTime)
	defer stop()
	if err := r.Flush(bounded); err != nil {
		c.log.Info("the caller could not be told", "error", err)
	}
}

// event does what the PNS asks; an error ends the call.
func (c *call) event(ctx context.Context, e peer.Event, ok bool, pns peer.Remote, r *relay.Relay) error {
	switch m := e.Message.(type) {
	case pptp.SetLinkInfo:
		r.SetLinkInfo(m.SendACCM, m.ReceiveACCM)
		c.log.Debug("link info", "send", fmt.Sprintf("%08x", m.SendACCM), "receive", fmt.Sprintf("%08x", m.ReceiveACCM))
	case pptp.CallClearRequest:
		if !r.Answered() && time.Since(c.rec.Up) >= c.o.Deaf { // it gives up, for it hears nothing
			return c.blocked(pns, "was acknowledged by")
		}
		bounded, stop := context.WithTimeout(ctx, flushTime)
		defer stop()
		if err := r.Flush(bounded); err != nil {
			c.log.Info("the caller did not hear the PNS's last words", "error", err)
		}
	}
	return givenUp(e, ok)
}

// givenUp says why an event of the tunnel, or that there is none any more, ends
// the call; nil if it does not.
func givenUp(e peer.Event, ok bool) error {
	switch {
	case !ok:
		return &ending{record.ControlLost, "the call is no longer known to its control connection"}
	case e.Kind == peer.Cleared:
		return &ending{record.ClearedByPNS, "the PNS cleared the call"}
	case e.Kind != peer.Ended:
		return nil
	}
	var disconnected *peer.DisconnectError
	if errors.As(e.Err, &disconnected) {
		return &ending{record.ClearedByPNS, disconnected.Error()}
	}
	return &ending{record.ControlLost, fmt.Sprintf("the control connection was lost: %v", e.Err)}
}

// sharpen prefers what the LCP packets that passed by said to what the ends of
// the line and of the tunnel could see.
func (c *call) sharpen(err error, r *relay.Relay) error {
	why := reason(err)
	switch said := r.ClearedText(); {
	case said != "" && (why == record.ClearedByPNS || why == record.CarrierLost):
		return &ending{record.ClearedByPNS, said}
	case r.CallerHungUp() && (why == record.ClearedByPNS || why == record.CarrierLost):
		return &ending{record.CallerHungUp, "the caller ended PPP"}
	}
	return err
}
