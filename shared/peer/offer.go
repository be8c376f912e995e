package peer

import (
	"context"
	"errors"
	"fmt"

	"carrier/shared/pptp"
)

// Offer brings an incoming call to the peer, who is its PNS, and waits for the
// answer: Incoming-Call-Request, Incoming-Call-Reply (RFC 2637 §3.2.3.1). It
// fills r.CallID. A refusal is a *RefusedError. When ctx ends first the call is
// given up with a Call-Disconnect-Notify.
func (c *Conn) Offer(ctx context.Context, r pptp.IncomingCallRequest) (*Call, error) {
	return c.request(ctx, pptp.IncomingPAC, r.CallSerialNumber, func(id uint16) pptp.Message {
		r.CallID = id
		return r
	})
}

// Place has the peer, who is the PAC, place an outgoing call and waits for its
// answer: Outgoing-Call-Request, Outgoing-Call-Reply (RFC 2637 §3.2.4.2). It
// fills r.CallID. A refusal is a *RefusedError. When ctx ends first the call is
// cleared.
func (c *Conn) Place(ctx context.Context, r pptp.OutgoingCallRequest) (*Call, error) {
	return c.request(ctx, pptp.OutgoingPNS, r.CallSerialNumber, func(id uint16) pptp.Message {
		r.CallID = id
		return r
	})
}

// request begins a call of ours and waits for the reply.
func (c *Conn) request(ctx context.Context, k pptp.CallKind, serial uint16, with func(id uint16) pptp.Message) (*Call, error) {
	if _, err := pptp.Append(nil, with(0)); err != nil {
		return nil, err
	}
	c.mu.Lock()
	if c.over || c.control.State() != pptp.ControlEstablished {
		defer c.mu.Unlock()
		return nil, fmt.Errorf("%w: %w", ErrControlLost, c.ending())
	}
	call, err := newCall(c, k, printable(c.e.o.Host), serial)
	if err != nil {
		c.spare()
		c.mu.Unlock()
		return nil, err
	}
	call.request, call.replied = with(call.id), make(chan struct{})
	call.act(pptp.Begin, nil, nil)
	c.mu.Unlock()
	select {
	case <-call.replied:
	case <-ctx.Done():
		call.giveUp(ctx)
		return nil, context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if call.over {
		return nil, call.err
	}
	return call, nil
}

// ending is why calls cannot be begun; mu is held.
func (c *Conn) ending() error {
	switch {
	case c.err != nil:
		return c.err
	case c.why != nil:
		return c.why
	default:
		return ErrClosed
	}
}

// giveUp ends a call whose reply is not waited for any longer: its caller hung
// up, or our time is over.
func (c *Call) giveUp(ctx context.Context) {
	m := pptp.CallDisconnectNotify{CallID: c.id, Result: pptp.LostCarrier}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		m.Result, m.Error = pptp.DisconnectGeneralError, pptp.PACError
	}
	if c.state.Kind().PAC() {
		c.Disconnect(m)
	} else {
		c.Clear()
	}
}
