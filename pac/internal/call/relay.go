package call

import (
	"cmp"
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
	"carrier/shared/quirk"
	"carrier/shared/record"
)

// flushTime bounds how long the last words to the caller may take on the line.
const flushTime = 5 * time.Second

// relayed has the caller's PPP carried when run has returned, until the call ends
// at either end. Idle calls wait in here for octets: the less it has of the stack
// meanwhile the better.
func (c *call) relayed(tunnel *peer.Call, handed identify.Handed) error {
	r := c.newRelay(tunnel, handed)
	c.then = func(ctx context.Context) error {
		a := c.follow(ctx, tunnel, r)
		return a.disconnect(r.Run(a.attend))
	}
	return nil
}

func (c *call) follow(ctx context.Context, tunnel *peer.Call, r *relay.Relay) *attendant {
	a := c.attendant(ctx, tunnel, tunnel.Conn().Remote(), r)
	a.quiet = !tunnel.Conn().Settings().LineErrors.Or(true)
	return a
}

// newRelay joins the line and the tunnel, and tells the PNS that it may begin.
func (c *call) newRelay(tunnel *peer.Call, handed identify.Handed) *relay.Relay {
	window, to := relay.Window(c.rate), tunnel.Conn().Settings()
	windowing, sendWindow := cmp.Or(to.Window, quirk.Full).Use(tunnel.PeerWindow())
	r := relay.New(relay.Options{
		Call: c.known().Name, Line: c.line, Tunnel: tunnel, Rate: c.rate,
		GRE: gre.Options{PeerCallID: tunnel.PeerID(), Windowing: windowing,
			SendWindow: sendWindow, PeerDelay: tunnel.PeerDelay(), RecvWindow: int(window)},
		Decoder: handed.Decoder, Held: handed.Frames, LastRequest: handed.LastRequest,
		Strip: to.Strip.Or(false),
		Async: asynchronous(c.known().Connect), Unpaced: c.use.Unpaced, Hush: hush(handed),
		Counters: &c.counters, Errors: c.o.Errors, Packets: c.o.Packets, Drops: c.o.Drops, Tap: c.o.Hub,
	})
	tunnel.Bind(r)
	if c.known().Outgoing {
		tunnel.Answer(pptp.OutgoingCallReply{ConnectSpeed: uint32(c.rate), Window: window, Delay: relay.Delay(c.rate, window)})
	} else {
		tunnel.Connected(pptp.IncomingCallConnected{ConnectSpeed: uint32(c.rate), Window: window,
			Delay: relay.Delay(c.rate, window), FramingType: pptp.Asynchronous})
	}
	c.stage(record.Relaying, func(r *record.Call) { r.Up = time.Now() })
	c.log().Info("relaying", "window", window)
	return r
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
	switch {
	case errors.Is(e.Err, peer.ErrCleared):
		return &ending{record.ClearedByPNS, "the PNS gave the call up before it was connected"}
	case errors.Is(e.Err, peer.ErrTimeout) && !errors.Is(e.Err, peer.ErrControlLost):
		return &ending{record.NoAnswer, e.Err.Error()}
	}
	return &ending{record.ControlLost, fmt.Sprintf("the control connection was lost: %v", e.Err)}
}

// sharpen prefers what the LCP packets that passed by said to what the ends of
// the line and of the tunnel could see.
func (c *call) sharpen(err error, r *relay.Relay) error {
	why := reason(err)
	vague := why == record.ClearedByPNS || lineLost(why)
	switch said := r.ClearedText(); {
	case said != "" && vague:
		return &ending{record.ClearedByPNS, said}
	case r.CallerHungUp() && vague:
		return &ending{record.CallerHungUp, "the caller ended PPP"}
	}
	return err
}
