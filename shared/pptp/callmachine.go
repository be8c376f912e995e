package pptp

import "time"

// A Call is the state of one call at one side. It is plain data; NewCall makes
// one in state idle.
//
// Each state but idle, answering and established has its limit. Where RFC 2637
// §3.2.1 would close the ENTIRE CONTROL CONNECTION when it is reached, only the
// call is cleared: one slow modem must not drop a whole POP, and a peer that is
// gone is found by Echo (§3.1.4).
type Call struct {
	kind     CallKind
	state    CallState
	timers   Timers
	deadline time.Time
}

// NewCall begins a call.
func NewCall(k CallKind, t Timers) Call { return Call{kind: k, timers: t.WithDefaults()} }

// Kind is the side that we are on.
func (c *Call) Kind() CallKind { return c.kind }

// State is the present state.
func (c *Call) State() CallState { return c.state }

// Deadline is when Expire wants to be called; zero: never.
func (c *Call) Deadline() time.Time { return c.deadline }

// Step takes an event and says what is to be done.
func (c *Call) Step(now time.Time, e CallEvent) CallAction {
	cell := callTable[c.kind][c.state][e]
	if cell.do == CallNone {
		return CallNone
	}
	if cell.next != c.state {
		c.state = cell.next
		c.deadline = time.Time{}
		if d := c.limit(); d > 0 {
			c.deadline = now.Add(d)
		}
	}
	return cell.do
}

// limit is how long the present state may last.
func (c *Call) limit() time.Duration {
	switch c.state {
	case WaitReply:
		if c.kind == OutgoingPNS { // the PAC dials before it replies: its wait_cs_ans and then some
			return max(c.timers.Reply, c.timers.Connect)
		}
		return c.timers.Reply
	case Deciding:
		return c.timers.Reply
	case WaitConnect:
		return c.timers.Connect
	case WaitAnswer:
		return c.timers.Answer
	case WaitDisconnect:
		return c.timers.Disconnect
	case Clearing: // before the PNS gives up waiting
		return c.timers.Disconnect / 2
	default:
		return 0
	}
}

// Expire does what is due at now; called early it does nothing.
func (c *Call) Expire(now time.Time) CallAction {
	if c.deadline.IsZero() || now.Before(c.deadline) {
		return CallNone
	}
	return c.Step(now, CallTimedOut)
}

// CallEventOf is the event that a call's message is to it; false for the
// messages of the control connection itself.
func CallEventOf(m Message) (CallEvent, bool) {
	switch m := m.(type) {
	case IncomingCallRequest, OutgoingCallRequest:
		return RecvRequest, true
	case IncomingCallReply:
		if m.Result == IncomingConnect {
			return RecvAccept, true
		}
		return RecvRefuse, true
	case OutgoingCallReply:
		if m.Result == OutgoingConnected {
			return RecvAccept, true
		}
		return RecvRefuse, true
	case IncomingCallConnected:
		return RecvConnected, true
	case CallClearRequest:
		return RecvClear, true
	case CallDisconnectNotify:
		return RecvDisconnect, true
	case WANErrorNotify:
		return RecvErrors, true
	case SetLinkInfo:
		return RecvLinkInfo, true
	default:
		return 0, false
	}
}
