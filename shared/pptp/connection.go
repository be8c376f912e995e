package pptp

import "time"

// A ControlState is a state of a control connection (RFC 2637 §3.1.1, §3.1.2).
type ControlState uint8

// The states, in the RFC's words. Idle is a TCP connection that a receiver
// accepted and on which nothing has been said; Closed is one that is no longer
// ours to speak on, which the RFC calls idle too.
const (
	ControlIdle ControlState = iota
	WaitControlReply
	ControlEstablished
	WaitStopReply
	ControlClosed
	controlStates
)

// String is the RFC's name.
func (s ControlState) String() string {
	return word([]string{"idle", "wait_ctl_reply", "established", "wait_stop_reply", "closed"}, "state", uint8(s))
}

// A ControlEvent is what moves a control connection.
type ControlEvent uint8

// Events of a control connection: ours, those of the clock, and messages.
const (
	TCPOpened         ControlEvent = iota // by us: TCP Open Indication
	CollisionLost                         // the peer's connection stands instead (§3.1.3)
	LocalStop                             // Local Terminate
	StartTimedOut                         // no message to begin with (§3.1.4 1)
	Silence                               // nothing heard for as long as Timers.Echo (§3.1.4 2)
	EchoLost                              // no Echo-Reply (§3.1.4 2)
	StopTimedOut                          // no Stop-Control-Connection-Reply
	RecvStart                             // Start-Control-Connection-Request that we accept
	RecvStartRefused                      // one whose version or sender we refuse
	RecvStarted                           // Start-Control-Connection-Reply, result 1, version OK
	RecvStartedNot                        // with another result
	RecvStartedBadVer                     // version not OK
	RecvStop                              // Stop-Control-Connection-Request
	RecvStopped                           // Stop-Control-Connection-Reply
	RecvEcho                              // Echo-Request
	RecvEchoReply                         // Echo-Reply
	RecvCallMessage                       // any message of a call
	controlEvents
)

// A ControlAction is a set of things to do, in the order of their bits.
type ControlAction uint16

// Actions of a control connection. Close closes the TCP connection, after what
// was sent has left.
const (
	SendStartRequest ControlAction = 1 << iota
	SendStartReply                 // result 1
	SendStartRefusal               // the result that fits
	SendStopRequest
	SendStopReply
	SendEchoRequest
	SendEchoReply
	ControlUp                     // calls may begin
	Alive                         // the Echo-Reply that was waited for; nothing to send
	ForCall                       // the message goes to its call
	CloseTCP                      // all calls are over
	ControlNone ControlAction = 0 // the event has no place in this state: the message is left alone
)

type controlCell struct {
	do   ControlAction
	next ControlState
}

// controlTable is RFC 2637 §3.1.1 and §3.1.2 in one: a TCP connection is opened
// by one side only, so their states do not meet. A cell that is not there does
// nothing; those of Idle and WaitControlReply that would be are violations ("a
// control connection must be established before any other PPTP messages can be
// issued", §2.1) and close.
var controlTable = [controlStates][controlEvents]controlCell{
	ControlIdle: {
		CollisionLost:     {CloseTCP, ControlClosed}, // before our own request is out
		TCPOpened:         {SendStartRequest, WaitControlReply},
		LocalStop:         {CloseTCP, ControlClosed},
		StartTimedOut:     {CloseTCP, ControlClosed},
		RecvStart:         {SendStartReply | ControlUp, ControlEstablished},
		RecvStartRefused:  {SendStartRefusal | CloseTCP, ControlClosed},
		RecvStop:          {SendStopReply | CloseTCP, ControlClosed},
		RecvStarted:       {CloseTCP, ControlClosed},
		RecvStartedNot:    {CloseTCP, ControlClosed},
		RecvStartedBadVer: {CloseTCP, ControlClosed},
		RecvStopped:       {CloseTCP, ControlClosed},
		RecvEcho:          {CloseTCP, ControlClosed},
		RecvEchoReply:     {CloseTCP, ControlClosed},
		RecvCallMessage:   {CloseTCP, ControlClosed},
	},
	WaitControlReply: {
		CollisionLost:     {CloseTCP, ControlClosed},
		LocalStop:         {CloseTCP, ControlClosed},
		StartTimedOut:     {CloseTCP, ControlClosed},
		RecvStarted:       {ControlUp, ControlEstablished},
		RecvStartedNot:    {CloseTCP, ControlClosed},
		RecvStartedBadVer: {SendStopRequest, WaitStopReply},
		RecvStop:          {SendStopReply | CloseTCP, ControlClosed},
		RecvStart:         {CloseTCP, ControlClosed},
		RecvStartRefused:  {CloseTCP, ControlClosed},
		RecvStopped:       {CloseTCP, ControlClosed},
		RecvEcho:          {CloseTCP, ControlClosed},
		RecvEchoReply:     {CloseTCP, ControlClosed},
		RecvCallMessage:   {CloseTCP, ControlClosed},
	},
	ControlEstablished: {
		LocalStop:       {SendStopRequest, WaitStopReply},
		Silence:         {SendEchoRequest, ControlEstablished},
		EchoLost:        {CloseTCP, ControlClosed},
		RecvStop:        {SendStopReply | CloseTCP, ControlClosed},
		RecvEcho:        {SendEchoReply, ControlEstablished},
		RecvEchoReply:   {Alive, ControlEstablished},
		RecvCallMessage: {ForCall, ControlEstablished},
	},
	WaitStopReply: {
		StopTimedOut: {CloseTCP, ControlClosed},
		RecvStop:     {SendStopReply | CloseTCP, ControlClosed}, // both stop at once
		RecvStopped:  {CloseTCP, ControlClosed},
		RecvEcho:     {SendEchoReply, WaitStopReply},
	},
}

// A Control is one control connection: its state and what it waits for. It is
// plain data; NewControl makes one in state idle.
type Control struct {
	state    ControlState
	timers   Timers
	deadline time.Time // of the state, or of silence
	echo     bool      // an Echo-Request is out
}

// NewControl begins with a TCP connection that is open at now.
func NewControl(t Timers, now time.Time) Control {
	t = t.WithDefaults()
	return Control{timers: t, deadline: now.Add(t.Start)}
}

// State is the present state.
func (c *Control) State() ControlState { return c.state }

// Deadline is when Expire wants to be called; zero: never.
func (c *Control) Deadline() time.Time { return c.deadline }

// Heard notes that a message came: silence begins anew.
func (c *Control) Heard(now time.Time) {
	if c.state == ControlEstablished && !c.echo {
		c.deadline = now.Add(c.timers.Echo)
	}
}

// Step takes an event and says what is to be done.
func (c *Control) Step(now time.Time, e ControlEvent) ControlAction {
	cell := controlTable[c.state][e]
	if cell.do == ControlNone {
		return ControlNone
	}
	was := c.state
	c.state = cell.next
	switch {
	case cell.do&SendEchoRequest != 0:
		c.echo, c.deadline = true, now.Add(c.timers.EchoReply)
	case cell.do&Alive != 0:
		c.echo, c.deadline = false, now.Add(c.timers.Echo)
	case c.state != was:
		c.deadline = c.limit(now)
	}
	return cell.do
}

// limit is when the state just entered has lasted too long.
func (c *Control) limit(now time.Time) time.Time {
	switch c.state {
	case WaitControlReply:
		return now.Add(c.timers.Start)
	case ControlEstablished:
		return now.Add(c.timers.Echo)
	case WaitStopReply:
		return now.Add(c.timers.Stop)
	default:
		return time.Time{}
	}
}

// Expire does what is due at now; called early it does nothing.
func (c *Control) Expire(now time.Time) ControlAction {
	if c.deadline.IsZero() || now.Before(c.deadline) {
		return ControlNone
	}
	switch {
	case c.state == WaitStopReply:
		return c.Step(now, StopTimedOut)
	case c.state != ControlEstablished:
		return c.Step(now, StartTimedOut)
	case c.echo:
		return c.Step(now, EchoLost)
	default:
		return c.Step(now, Silence)
	}
}
