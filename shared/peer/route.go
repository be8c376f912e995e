package peer

import (
	"fmt"
	"log/slog"
	"time"

	"carrier/shared/pptp"
)

// callMessage takes a call's message to its call.
func (c *Conn) callMessage(m pptp.Message) {
	switch m := m.(type) {
	case pptp.IncomingCallRequest:
		c.requested(pptp.IncomingPNS, m.CallID, m.CallSerialNumber, m)
		return
	case pptp.OutgoingCallRequest:
		c.requested(pptp.OutgoingPAC, m.CallID, m.CallSerialNumber, m)
		return
	}
	ev, _ := pptp.CallEventOf(m)
	c.mu.Lock()
	call := c.callOf(m)
	do := pptp.CallNone
	if call != nil {
		do = call.act(ev, nil, m)
	}
	c.mu.Unlock()
	if do&pptp.DataUp != 0 {
		call.openData()
	}
	if do == pptp.CallNone {
		c.e.stats.MessagesUnexpected.Add(1)
		c.e.bursts.odd.log(c.log, slog.LevelWarn, "control message for no call that waits for it", "message", fmt.Sprintf("%v %+v", m.Type(), m))
	}
}

// callOf finds the call that a message is about, or nil; mu is held. By RFC 2637
// Call-Clear-Request carries the PNS's Call ID and Call-Disconnect-Notify the
// PAC's, each the sender's own (§2.12, §2.13); accel-ppp puts ours into its
// Call-Disconnect-Notify, so either is looked for. All others carry ours. A reply is
// only to a request of its kind.
func (c *Conn) callOf(m pptp.Message) *Call {
	switch m := m.(type) {
	case pptp.IncomingCallReply:
		return c.asked(m.PeerCallID, pptp.IncomingPAC)
	case pptp.OutgoingCallReply:
		return c.asked(m.PeerCallID, pptp.OutgoingPNS)
	case pptp.IncomingCallConnected:
		return c.calls[m.PeerCallID]
	case pptp.WANErrorNotify:
		return c.calls[m.PeerCallID]
	case pptp.SetLinkInfo:
		return c.calls[m.PeerCallID]
	case pptp.CallClearRequest:
		return c.eitherID(m.CallID)
	case pptp.CallDisconnectNotify:
		return c.eitherID(m.CallID)
	default:
		return nil
	}
}

// asked is the call with our Call ID id if it is of that kind.
func (c *Conn) asked(id uint16, k pptp.CallKind) *Call {
	if call := c.calls[id]; call != nil && call.is(k) {
		return call
	}
	return nil
}

func (c *Conn) eitherID(id uint16) *Call {
	if call := c.theirs[id]; call != nil {
		return call
	}
	return c.calls[id]
}

// requested takes the peer's request for a new call to the Handler.
func (c *Conn) requested(k pptp.CallKind, peerID, serial uint16, m pptp.Message) {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return
	}
	host := c.about.Host
	if host == "" {
		host = c.peer.Addr().String() // Windows gives no name
	}
	code := pptp.NoResource
	var call *Call
	if c.theirs[peerID] != nil {
		code = pptp.BadCallID // it has a call with this ID already
	} else if call = c.admitCall(k, host, serial); call != nil {
		call.request = m
		call.learn(peerID)
		if r, ok := m.(pptp.OutgoingCallRequest); ok {
			call.window, call.delay = r.Window, r.Delay
		}
		call.act(pptp.RecvRequest, nil, m)
	}
	if call == nil {
		c.send(refusal(k, 0, peerID, refuseGeneral, code))
	}
	c.mu.Unlock()
	switch {
	case call == nil:
		c.e.bursts.odd.log(c.log, slog.LevelWarn, "call refused", "serial", serial, "why", code)
	case k == pptp.IncomingPNS:
		c.e.o.Handler.Incoming(call)
	default:
		c.e.o.Handler.Outgoing(call)
	}
}

// admitCall makes a call that the peer begins, or returns nil when it has begun
// enough or no Call ID is left; mu is held.
func (c *Conn) admitCall(k pptp.CallKind, host string, serial uint16) *Call {
	from, r := c.peer.Addr(), c.remote
	switch {
	case !c.e.gate.spend(calls, from, r.Limits, time.Now()):
		c.e.stats.CallsFast.Add(1)
		return nil
	case !c.e.gate.enter(calls, from, r.Name, r.Limits):
		c.e.stats.CallsFull.Add(1)
		return nil
	}
	call, err := newCall(c, k, host, serial)
	if err != nil {
		c.e.gate.leave(calls, from, r.Name)
		return nil
	}
	call.seated = true
	return call
}

// refuseGeneral is the General Error of both replies.
const refuseGeneral = 2

// refusal is the reply that refuses a call.
func refusal(k pptp.CallKind, id, peerID uint16, result uint8, code pptp.ErrorCode) pptp.Message {
	if k == pptp.IncomingPNS {
		return pptp.IncomingCallReply{CallID: id, PeerCallID: peerID, Result: pptp.IncomingResult(result), Error: code}
	}
	return pptp.OutgoingCallReply{CallID: id, PeerCallID: peerID, Result: pptp.OutgoingResult(result), Error: code}
}
