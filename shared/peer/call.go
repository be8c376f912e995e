package peer

import (
	"fmt"
	"time"

	"carrier/shared/pptp"
)

const (
	eventRoom = 6
	// Connected, Cleared and Ended come once each and always find room.
	eventsKept = 3
)

// A Call is one PPTP call. Its methods may be called from any goroutine; those
// that make no sense in the call's state do nothing.
type Call struct {
	conn    *Conn
	id      uint16
	name    string
	request pptp.Message
	events  chan Event
	told    func()        // Notify's
	replied chan struct{} // closed when Offer or Place has its answer; nil for a call of the peer's
	limit   alarm         // of the state

	// The control half, guarded by conn.mu.
	state  pptp.Call
	peerID uint16
	known  bool // peerID is
	window uint16
	delay  uint16 // tenths of a second
	speed  uint32
	ours   bool // we asked for the end
	over   bool
	seated bool  // the gate counts it
	err    error // why it is over, or will be; nil if we ended it

	data
}

// Conn is the control connection that the call belongs to.
func (c *Call) Conn() *Conn { return c.conn }

// Name is HOST/SERIAL: the host name of who assigned the Call Serial Number,
// and that number. It is the same at both ends, but for calls whose names would
// be the same here: the later one's ends with #, and its Call ID.
func (c *Call) Name() string { return c.name }

// Request is the pptp.IncomingCallRequest or pptp.OutgoingCallRequest that
// began the call.
func (c *Call) Request() pptp.Message { return c.request }

// ID is the Call ID that we gave.
func (c *Call) ID() uint16 { return c.id }

// PeerID is the Call ID that the peer gave, as far as known; 0 is a valid one.
func (c *Call) PeerID() uint16 {
	c.conn.mu.Lock()
	defer c.conn.mu.Unlock()
	return c.peerID
}

// PeerWindow is the peer's Packet Recv. Window Size as it said it, 0 included;
// known once the peer has accepted or connected the call.
func (c *Call) PeerWindow() uint16 {
	c.conn.mu.Lock()
	defer c.conn.mu.Unlock()
	return c.window
}

// PeerDelay is the peer's Packet Processing Delay.
func (c *Call) PeerDelay() time.Duration {
	c.conn.mu.Lock()
	defer c.conn.mu.Unlock()
	return time.Duration(c.delay) * time.Second / 10
}

// ConnectSpeed is what the PAC's Outgoing-Call-Reply says of its line, in bit/s.
func (c *Call) ConnectSpeed() uint32 {
	c.conn.mu.Lock()
	defer c.conn.mu.Unlock()
	return c.speed
}

// Accept takes an incoming call (we are its PNS): Incoming-Call-Reply with our
// Packet Recv. Window Size, and delay in tenths of a second. Connected or Ended
// follows in Events.
func (c *Call) Accept(window, delay uint16) {
	c.step(pptp.Accept, func() pptp.Message {
		return pptp.IncomingCallReply{CallID: c.id, PeerCallID: c.peerID, Result: pptp.IncomingConnect, Window: window, Delay: delay}
	})
}

// Answer says that an outgoing call (we are its PAC) has been connected:
// Outgoing-Call-Reply with result 1. The Call IDs and the result are filled
// here. After it data may flow.
func (c *Call) Answer(m pptp.OutgoingCallReply) {
	if !c.is(pptp.OutgoingPAC) {
		return
	}
	c.step(pptp.Connect, func() pptp.Message {
		m.CallID, m.PeerCallID, m.Result, m.Error = c.id, c.peerID, pptp.OutgoingConnected, pptp.NoError
		return m
	})
}

// Refuse refuses a call that was offered to us, with the codes of
// Incoming-Call-Reply or Outgoing-Call-Reply. The call is over.
func (c *Call) Refuse(result, errorCode uint8) {
	c.step(pptp.Refuse, func() pptp.Message { return c.refusal(result, pptp.ErrorCode(errorCode)) })
}

// Connected says that a call which the peer accepted has been answered (we are
// its PAC): Incoming-Call-Connected. Peer's Call ID is filled here. After it
// data may flow.
func (c *Call) Connected(m pptp.IncomingCallConnected) {
	if !c.is(pptp.IncomingPAC) {
		return
	}
	c.step(pptp.Connect, func() pptp.Message {
		m.PeerCallID = c.peerID
		return m
	})
}

// SetLinkInfo tells the PAC the ACCMs agreed with the caller (we are the PNS).
func (c *Call) SetLinkInfo(send, receive uint32) {
	c.notify(false, func() pptp.Message {
		return pptp.SetLinkInfo{PeerCallID: c.peerID, SendACCM: send, ReceiveACCM: receive}
	})
}

// ErrorNotify tells the PNS of errors on the caller's line (we are the PAC).
// Peer's Call ID is filled here. To send it at most once in 60 seconds is the
// caller's care (RFC 2637 §2.14).
func (c *Call) ErrorNotify(m pptp.WANErrorNotify) {
	c.notify(true, func() pptp.Message {
		m.PeerCallID = c.peerID
		return m
	})
}

// Clear ends the call (we are its PNS): Call-Clear-Request. Ended follows in
// Events when the PAC has notified us, or did not in time.
func (c *Call) Clear() {
	if !c.state.Kind().PAC() {
		c.step(pptp.Terminate, nil)
	}
}

// Disconnect ends the call (we are its PAC): Call-Disconnect-Notify, whose Call
// ID is filled here. The call is over.
func (c *Call) Disconnect(m pptp.CallDisconnectNotify) {
	if !c.state.Kind().PAC() {
		return
	}
	c.step(pptp.Terminate, func() pptp.Message {
		m.CallID = c.id
		return m
	})
}

// Events tells what the peer did. It is closed after Ended, which is always the
// last. Line errors and link information are left out while nobody reads.
func (c *Call) Events() <-chan Event { return c.events }

// Notify has f called whenever there is a new event, for owners that do not wait
// for events alone: without locks, in a goroutine of its own, so that it may call
// methods of the call, and what it waits for holds up neither the control
// connection nor other calls. The event is in Events before; who reads them may
// have taken it, and Ended too, when f comes. f may be called by several
// goroutines at a time and should return in the end.
func (c *Call) Notify(f func()) {
	c.conn.mu.Lock()
	defer c.conn.mu.Unlock()
	c.told = f
}

// An Event is what the peer did to a call.
type Event struct {
	Kind    EventKind
	Message pptp.Message // the message that said it; nil if none did
	Err     error        // of Ended: why; nil when we ended it
}

// An EventKind says what happened.
type EventKind uint8

// Kinds of events. Cleared is the PNS's wish that the PAC end the call:
// Disconnect answers it, and if that takes too long it is answered all the same.
const (
	Connected EventKind = iota + 1 // pptp.IncomingCallConnected: data may flow
	LinkInfo                       // pptp.SetLinkInfo
	Errors                         // pptp.WANErrorNotify
	Cleared                        // pptp.CallClearRequest
	Ended                          // the last
)

func (c *Call) is(k pptp.CallKind) bool { return c.state.Kind() == k }

// newCall makes a call on c and gives it its Call ID; c.mu is held.
func newCall(c *Conn, kind pptp.CallKind, host string, serial uint16) (*Call, error) {
	call := &Call{conn: c, name: fmt.Sprintf("%s/%d", host, serial), state: pptp.NewCall(kind, c.e.o.Timers),
		events: make(chan Event, eventRoom)}
	call.limit.ring = call.expire
	call.initData()
	if !c.e.ids.add(call) {
		return nil, ErrNoCallID
	}
	c.calls[call.id] = call
	c.e.stats.Calls.Add(1)
	return call, nil
}

// learn notes the peer's Call ID; conn.mu is held.
func (c *Call) learn(peerID uint16) {
	c.peerID, c.known = peerID, true
	c.conn.theirs[peerID] = c
}

// end is the end of the call; conn.mu is held.
func (c *Call) end(err error, m pptp.Message) {
	if c.over {
		return
	}
	c.over, c.err = true, err
	delete(c.conn.calls, c.id)
	if c.known && c.conn.theirs[c.peerID] == c {
		delete(c.conn.theirs, c.peerID)
	}
	c.conn.e.clock.drop(&c.limit)
	c.stopData()
	c.conn.e.ids.remove(c)
	if c.seated {
		c.conn.e.gate.leave(calls, c.conn.peer.Addr(), c.conn.remote.Name)
	}
	c.conn.e.stats.Calls.Add(-1)
	c.tell(Ended, m, err)
	close(c.events)
	c.reply()
	c.conn.spare()
}

// reply frees who waits for the answer to our request; conn.mu is held.
func (c *Call) reply() {
	if c.replied == nil {
		return
	}
	select {
	case <-c.replied:
	default:
		close(c.replied)
	}
}

// tell puts an event where the owner finds it; conn.mu is held.
func (c *Call) tell(k EventKind, m pptp.Message, err error) {
	if (k == LinkInfo || k == Errors) && len(c.events) >= eventRoom-eventsKept {
		return
	}
	c.events <- Event{Kind: k, Message: m, Err: err}
	if c.told != nil {
		go c.told()
	}
}
