package peer

import (
	"fmt"
	"time"

	"carrier/shared/pptp"
)

// step moves the call by an event of ours; message makes what is sent, under
// the lock, where it is not the usual one.
func (c *Call) step(ev pptp.CallEvent, message func() pptp.Message) {
	c.conn.mu.Lock()
	do := c.act(ev, message, nil)
	c.conn.mu.Unlock()
	if do&pptp.DataUp != 0 {
		c.openData()
	}
}

// expire is the ring of the call's alarm.
func (c *Call) expire(now time.Time) {
	c.conn.mu.Lock()
	due := !c.over && !c.state.Deadline().IsZero() && !now.Before(c.state.Deadline())
	c.conn.mu.Unlock()
	if due {
		c.conn.e.stats.CallsStuck.Add(1)
		c.step(pptp.CallTimedOut, nil)
	}
}

// act moves the call and does what its table says, but for what needs no lock:
// conn.mu is held. m is the message that moved it, if one did.
func (c *Call) act(ev pptp.CallEvent, message func() pptp.Message, m pptp.Message) pptp.CallAction {
	if c.over {
		return pptp.CallNone
	}
	was := c.state.State()
	do := c.state.Step(time.Now(), ev)
	if do == pptp.CallNone {
		return do
	}
	c.note(m)
	c.blame(ev, was, m)
	if do&pptp.SendRequest != 0 {
		c.conn.send(c.request)
	}
	const sends = pptp.SendReply | pptp.SendRefusal | pptp.SendConnected | pptp.SendClear | pptp.SendDisconnect
	if do&sends != 0 && (message == nil || c.conn.send(message()) != nil) {
		c.conn.send(c.usual(do, ev, was))
	}
	switch {
	case do&pptp.Accepted != 0:
		c.reply()
	case do&pptp.DataUp != 0 && ev == pptp.RecvConnected:
		c.tell(Connected, m, nil)
	case do&pptp.TellClear != 0:
		c.tell(Cleared, m, nil)
	case do&pptp.TellErrors != 0:
		c.tell(Errors, m, nil)
	case do&pptp.TellLinkInfo != 0:
		c.tell(LinkInfo, m, nil)
	case do&pptp.CallOver != 0:
		c.end(c.err, m)
		return do
	}
	c.conn.e.clock.set(&c.limit, c.state.Deadline())
	return do
}

// note keeps what a message says of the peer's end of the call.
func (c *Call) note(m pptp.Message) {
	switch m := m.(type) {
	case pptp.IncomingCallReply:
		c.learn(m.CallID)
		c.window, c.delay = m.Window, m.Delay
	case pptp.OutgoingCallReply:
		c.learn(m.CallID)
		c.window, c.delay, c.speed = m.Window, m.Delay, m.ConnectSpeed
	case pptp.IncomingCallConnected:
		c.window, c.delay = m.Window, m.Delay
	case pptp.OutgoingCallRequest:
		c.window, c.delay = m.Window, m.Delay
	}
}

// blame keeps the first reason why the call ends.
func (c *Call) blame(ev pptp.CallEvent, was pptp.CallState, m pptp.Message) {
	if c.ours || c.err != nil {
		return
	}
	switch ev {
	case pptp.Terminate, pptp.Refuse:
		c.ours = true
	case pptp.CallTimedOut:
		c.err = fmt.Errorf("%v: %w", was, ErrTimeout)
	case pptp.RecvClear:
		c.err = ErrCleared
	case pptp.RecvDisconnect:
		n, _ := m.(pptp.CallDisconnectNotify)
		c.err = &DisconnectError{Result: n.Result, Code: n.Error, Cause: n.Cause, Statistics: printable(n.Statistics)}
	case pptp.RecvRefuse:
		switch m := m.(type) {
		case pptp.IncomingCallReply:
			c.err = &RefusedError{Type: m.Type(), Result: uint8(m.Result), Code: m.Error}
		case pptp.OutgoingCallReply:
			c.err = &RefusedError{Type: m.Type(), Result: uint8(m.Result), Code: m.Error, Cause: m.Cause}
		}
	}
}

// usual is what is sent where the owner gave no message of its own.
func (c *Call) usual(do pptp.CallAction, ev pptp.CallEvent, was pptp.CallState) pptp.Message {
	switch {
	case do&pptp.SendClear != 0:
		return pptp.CallClearRequest{CallID: c.id}
	case do&pptp.SendDisconnect != 0 && (ev == pptp.RecvClear || was == pptp.Clearing):
		return pptp.CallDisconnectNotify{CallID: c.id, Result: pptp.Request}
	case do&pptp.SendDisconnect != 0:
		return pptp.CallDisconnectNotify{CallID: c.id, Result: pptp.DisconnectGeneralError, Error: pptp.PACError}
	case c.is(pptp.OutgoingPAC):
		return c.refusal(uint8(pptp.OutgoingTimeout), pptp.NoError)
	default:
		return c.refusal(refuseGeneral, pptp.NoResource)
	}
}

func (c *Call) refusal(result uint8, code pptp.ErrorCode) pptp.Message {
	return refusal(c.state.Kind(), c.id, c.peerID, result, code)
}

// notify sends a message that changes no state, on a call whose data may flow;
// pac says whose message it is.
func (c *Call) notify(pac bool, message func() pptp.Message) {
	c.conn.mu.Lock()
	defer c.conn.mu.Unlock()
	if !c.over && c.state.Kind().PAC() == pac && c.state.State() == pptp.CallEstablished {
		c.conn.send(message())
	}
}

// opensPath tells if the path-opening packets are ours to send: who opened the
// control connection may be behind a NAT, and knows how the other is reached.
func (c *Call) opensPath() bool { return c.conn.opened }
