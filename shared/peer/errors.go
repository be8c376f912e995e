package peer

import (
	"errors"
	"fmt"

	"carrier/shared/pptp"
)

// Errors of connections and calls, some with more words around them.
var (
	ErrClosed      = errors.New("this endpoint is closed")
	ErrCallEnded   = errors.New("the call has ended")
	ErrNoCallID    = errors.New("every Call ID is in use")
	ErrTimeout     = errors.New("the peer did not answer in time")
	ErrControlLost = errors.New("control connection lost") // of a call, with the reason
	ErrStopped     = errors.New("stopped by the peer")     // a reason: Stop-Control-Connection-Request
	ErrPeerClosed  = errors.New("closed by the peer")      // likewise: it closed the TCP connection
	ErrCleared     = errors.New("cleared by the PNS")      // Call-Clear-Request before the call was connected
)

var (
	errBroken    = errors.New("the peer broke the protocol")
	errStalled   = errors.New("the peer does not read")
	errCrowded   = errors.New("too many connections that have said nothing")
	errCollision = errors.New("gave way to the connection that the peer opened (RFC 2637 §3.1.3)")
	errRefused   = errors.New("refused")
	errTooEarly  = errors.New("a message before the control connection was established")
	errVersion   = errors.New("the peer's protocol version is not supported")
)

// A StartError says how a peer refused a control connection
// (Start-Control-Connection-Reply, RFC 2637 §2.2).
type StartError struct {
	Result pptp.StartResult
	Code   pptp.ErrorCode // with StartGeneralError
}

func (e *StartError) Error() string {
	if e.Result == pptp.StartGeneralError {
		return fmt.Sprintf("control connection refused: %v: %v", e.Result, e.Code)
	}
	return fmt.Sprintf("control connection refused: %v", e.Result)
}

// A RefusedError says how a peer refused a call: the codes of its
// Incoming-Call-Reply or Outgoing-Call-Reply (RFC 2637 §2.8, §2.10).
type RefusedError struct {
	Type   pptp.ControlType // whose Result it is
	Result uint8            // pptp.IncomingResult or pptp.OutgoingResult
	Code   pptp.ErrorCode   // with General Error, which is 2 in both
	Cause  pptp.CauseCode   // of Outgoing-Call-Reply
}

func (e *RefusedError) Error() string {
	var result fmt.Stringer = pptp.IncomingResult(e.Result)
	if e.Type == pptp.TypeOutgoingCallReply {
		result = pptp.OutgoingResult(e.Result)
	}
	if e.Code != pptp.NoError {
		return fmt.Sprintf("call refused: %v: %v", result, e.Code)
	}
	return fmt.Sprintf("call refused: %v", result)
}

// A DisconnectError is the end of a call as the peer's Call-Disconnect-Notify
// said it (RFC 2637 §2.13).
type DisconnectError struct {
	Result     pptp.DisconnectResult
	Code       pptp.ErrorCode // with DisconnectGeneralError
	Cause      pptp.CauseCode
	Statistics string
}

// Error ends with what the peer's own statistics say: some name the reason
// there, for which the codes have no room.
func (e *DisconnectError) Error() string {
	s := fmt.Sprintf("disconnected by the peer: %v", e.Result)
	if e.Code != pptp.NoError {
		s += fmt.Sprintf(": %v", e.Code)
	}
	if e.Statistics != "" {
		s += " (" + e.Statistics + ")"
	}
	return s
}
