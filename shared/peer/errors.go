package peer

import (
	"errors"
	"fmt"

	"carrier/shared/pptp"
)

// Errors of connections and calls.
var (
	ErrClosed    = errors.New("endpoint is closed")              // Run has ended
	ErrCallEnded = errors.New("call has ended")                  // of Send
	ErrNoCallID  = errors.New("every Call ID is in use")         // of Offer and Place
	ErrTimeout   = errors.New("the peer did not answer in time") // wraps nothing
	ErrStopped   = errors.New("the peer stopped the control connection")
	ErrCollision = errors.New("gave way to the connection that the peer opened") // RFC 2637 §3.1.3
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

func (e *DisconnectError) Error() string {
	if e.Code != pptp.NoError {
		return fmt.Sprintf("disconnected by the peer: %v: %v", e.Result, e.Code)
	}
	return fmt.Sprintf("disconnected by the peer: %v", e.Result)
}
