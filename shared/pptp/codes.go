package pptp

import "fmt"

// A ControlType is the Control Message Type (RFC 2637 §1.4).
type ControlType uint16

// The fifteen control messages (RFC 2637 §1.4).
const (
	TypeStartControlConnectionRequest ControlType = iota + 1
	TypeStartControlConnectionReply
	TypeStopControlConnectionRequest
	TypeStopControlConnectionReply
	TypeEchoRequest
	TypeEchoReply
	TypeOutgoingCallRequest
	TypeOutgoingCallReply
	TypeIncomingCallRequest
	TypeIncomingCallReply
	TypeIncomingCallConnected
	TypeCallClearRequest
	TypeCallDisconnectNotify
	TypeWANErrorNotify
	TypeSetLinkInfo
)

func (t ControlType) known() bool { return t > 0 && int(t) < len(layouts) }

// String is the RFC's name of the message.
func (t ControlType) String() string {
	if t.known() {
		return layouts[t].name
	}
	return fmt.Sprintf("control message type %d", uint16(t))
}

// Framing is a set of PPP framings: Framing Capabilities or Framing Type (RFC
// 2637 §2.1, §2.7).
type Framing uint32

// Framings; both bits together mean either.
const (
	Asynchronous Framing = 1
	Synchronous  Framing = 2
)

// Bearer is a set of bearers: Bearer Capabilities or Bearer Type (RFC 2637
// §2.1, §2.7).
type Bearer uint32

// Bearers; both bits together mean any.
const (
	Analog  Bearer = 1
	Digital Bearer = 2
)

// An ErrorCode is the Error Code that goes with a result of General Error (RFC
// 2637 §2.16).
type ErrorCode uint8

// General error codes (RFC 2637 §2.16).
const (
	NoError ErrorCode = iota
	NotConnected
	BadFormat
	BadValue
	NoResource
	BadCallID
	PACError
)

// String is the RFC's word for the code.
func (c ErrorCode) String() string {
	return word([]string{"None", "Not-Connected", "Bad-Format", "Bad-Value", "No-Resource", "Bad-Call ID", "PAC-Error"},
		"error code", uint8(c))
}

// A StartResult is the Result Code of Start-Control-Connection-Reply (RFC 2637
// §2.2).
type StartResult uint8

// Results of opening a control connection (RFC 2637 §2.2).
const (
	StartOK StartResult = iota + 1
	StartGeneralError
	StartAlreadyExists
	StartNotAuthorized
	StartBadVersion
)

// String is the RFC's wording, shortened.
func (c StartResult) String() string {
	return word([]string{"", "successful", "General error", "command channel already exists",
		"requester is not authorized", "protocol version is not supported"}, "result code", uint8(c))
}

// A StopReason is the Reason of Stop-Control-Connection-Request (RFC 2637
// §2.3).
type StopReason uint8

// Reasons to close a control connection (RFC 2637 §2.3).
const (
	StopNone StopReason = iota + 1
	StopProtocol
	StopLocalShutdown
)

// String is the RFC's word for the reason.
func (c StopReason) String() string {
	return word([]string{"", "None", "Stop-Protocol", "Stop-Local-Shutdown"}, "reason", uint8(c))
}

// A ReplyResult is the Result Code of Stop-Control-Connection-Reply and
// Echo-Reply (RFC 2637 §2.4, §2.6).
type ReplyResult uint8

// Results of Stop-Control-Connection-Request and Echo-Request.
const (
	ReplyOK ReplyResult = iota + 1
	ReplyGeneralError
)

// String is the RFC's word for the result.
func (c ReplyResult) String() string {
	return word([]string{"", "OK", "General Error"}, "result code", uint8(c))
}

// An OutgoingResult is the Result Code of Outgoing-Call-Reply (RFC 2637 §2.8).
type OutgoingResult uint8

// Results of an outgoing call (RFC 2637 §2.8).
const (
	OutgoingConnected OutgoingResult = iota + 1
	OutgoingGeneralError
	OutgoingNoCarrier
	OutgoingBusy
	OutgoingNoDialTone
	OutgoingTimeout
	OutgoingDoNotAccept
)

// String is the RFC's word for the result.
func (c OutgoingResult) String() string {
	return word([]string{"", "Connected", "General Error", "No Carrier", "Busy", "No Dial Tone", "Time-out", "Do Not Accept"},
		"result code", uint8(c))
}

// An IncomingResult is the Result Code of Incoming-Call-Reply (RFC 2637 §2.10).
type IncomingResult uint8

// Results of an incoming call (RFC 2637 §2.10).
const (
	IncomingConnect IncomingResult = iota + 1
	IncomingGeneralError
	IncomingDoNotAccept
)

// String is the RFC's word for the result.
func (c IncomingResult) String() string {
	return word([]string{"", "Connect", "General Error", "Do Not Accept"}, "result code", uint8(c))
}

// A DisconnectResult is the Result Code of Call-Disconnect-Notify (RFC 2637
// §2.13).
type DisconnectResult uint8

// Why a call was disconnected (RFC 2637 §2.13).
const (
	LostCarrier DisconnectResult = iota + 1
	DisconnectGeneralError
	AdminShutdown
	Request
)

// String is the RFC's word for the result.
func (c DisconnectResult) String() string {
	return word([]string{"", "Lost Carrier", "General Error", "Admin Shutdown", "Request"}, "result code", uint8(c))
}

// A CauseCode gives further information on a failure; for ISDN calls it is the
// Q.931 cause (RFC 2637 §2.8, §2.13).
type CauseCode uint16

// String is the number: its meaning depends on the line.
func (c CauseCode) String() string { return fmt.Sprintf("cause code %d", uint16(c)) }

// word names a code, or numbers one that the RFC does not name.
func word(words []string, kind string, code uint8) string {
	if int(code) < len(words) && words[code] != "" {
		return words[code]
	}
	return fmt.Sprintf("%s %d", kind, code)
}
