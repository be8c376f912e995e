package peer

import (
	"time"

	"carrier/shared/pptp"
)

// A Call is one PPTP call. Its methods may be called from any goroutine; those
// that make no sense in the call's state do nothing.
type Call struct{}

// Conn is the control connection that the call belongs to.
func (c *Call) Conn() *Conn { return nil }

// Name is HOST/SERIAL: the host name of who assigned the Call Serial Number,
// and that number. It is the same at both ends.
func (c *Call) Name() string { return "" }

// Request is the pptp.IncomingCallRequest or pptp.OutgoingCallRequest that
// began the call.
func (c *Call) Request() pptp.Message { return nil }

// ID is the Call ID that we gave.
func (c *Call) ID() uint16 { return 0 }

// PeerID is the Call ID that the peer gave, as far as known; 0 is a valid one.
func (c *Call) PeerID() uint16 { return 0 }

// PeerWindow is the peer's Packet Recv. Window Size as it said it, 0 included;
// known once the peer has accepted or connected the call.
func (c *Call) PeerWindow() uint16 { return 0 }

// PeerDelay is the peer's Packet Processing Delay.
func (c *Call) PeerDelay() time.Duration { return 0 }

// Accept takes an incoming call (we are its PNS): Incoming-Call-Reply with our
// Packet Recv. Window Size, and delay in tenths of a second. Connected or Ended
// follows in Events.
func (c *Call) Accept(window, delay uint16) {}

// Answer says that an outgoing call (we are its PAC) has been connected:
// Outgoing-Call-Reply with result 1. The Call IDs and the result are filled
// here. After it data may flow.
func (c *Call) Answer(pptp.OutgoingCallReply) {}

// Refuse refuses a call that was offered to us, with the codes of
// Incoming-Call-Reply or Outgoing-Call-Reply. The call is over.
func (c *Call) Refuse(result, errorCode uint8) {}

// Connected says that a call which the peer accepted has been answered (we are
// its PAC): Incoming-Call-Connected. Peer's Call ID is filled here. After it
// data may flow.
func (c *Call) Connected(pptp.IncomingCallConnected) {}

// SetLinkInfo tells the PAC the ACCMs agreed with the caller (we are the PNS).
func (c *Call) SetLinkInfo(send, receive uint32) {}

// ErrorNotify tells the PNS of errors on the caller's line (we are the PAC).
// Peer's Call ID is filled here. To send it at most once in 60 seconds is the
// caller's care (RFC 2637 §2.14).
func (c *Call) ErrorNotify(pptp.WANErrorNotify) {}

// Clear ends the call (we are its PNS): Call-Clear-Request. Ended follows in
// Events when the PAC has notified us, or did not in time.
func (c *Call) Clear() {}

// Disconnect ends the call (we are its PAC): Call-Disconnect-Notify, whose Call
// ID is filled here. The call is over.
func (c *Call) Disconnect(pptp.CallDisconnectNotify) {}

// Events tells what the peer did. It is closed after Ended, which is always the
// last. Line errors and link information are left out while nobody reads.
func (c *Call) Events() <-chan Event { return nil }

// An Event is what the peer did to a call.
type Event struct {
	Kind    EventKind
	Message pptp.Message // the message that said it; nil if none did
	Err     error        // of Ended: why; nil when we ended it
}

// An EventKind says what happened.
type EventKind uint8

// Kinds of events. Clearing is the PNS's wish that the PAC end the call:
// Disconnect answers it, and if that takes too long it is answered all the same.
const (
	Connected EventKind = iota + 1 // pptp.IncomingCallConnected: data may flow
	LinkInfo                       // pptp.SetLinkInfo
	Errors                         // pptp.WANErrorNotify
	Cleared                        // pptp.CallClearRequest
	Ended                          // the last
)

// Bind gives the call's data half to r. Packets that came before are handed to
// it first, by Bind itself: the caller must not hold a lock that r takes.
// Packets are held, up to a bound, until the call is both bound and connected.
func (c *Call) Bind(r Receiver) {}

// Send sends GRE packets, octets from the GRE header on, which it does not
// keep. After Ended it sends nothing and returns ErrCallEnded.
func (c *Call) Send(packets ...[]byte) error { return ErrCallEnded }

// WakeAt has the Receiver's Wake called at t, once. A later WakeAt replaces it;
// a zero t takes it back.
func (c *Call) WakeAt(t time.Time) {}
