package link

import (
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cbcp"
)

// An Event is something that the link's owner wants to know.
type Event struct {
	Kind     Kind
	Claim    *auth.Claim  // of Claimed and Unproven
	Choice   cbcp.Choice  // of CallbackAsked and CallbackAgreed
	Protocol ppp.Protocol // of NetworkUp, NetworkDown, NetworkOver and ProtocolRejected
	Cause    Cause        // of Finished
	// Text is what the peer said: of LoginRefused, Identified and Remaining its
	// message, of Finished its Terminate-Request's, or our own reason. It is
	// printable and came from outside.
	Text      string
	Remaining time.Duration // of Remaining; may be lcp.Forever
}

// A Kind of event.
type Kind uint8

// The kinds.
const (
	LinkUp           Kind = iota + 1 // LCP opened
	LinkDown                         // LCP left Opened: it is negotiated anew, or ends
	Claimed                          // the peer names itself: verify, then Answer
	Unproven                         // the peer could not prove who it is, as Text says: no verdict is asked for, the link closes
	Authenticated                    // the peer is accepted, or nothing was asked of it
	LoggedIn                         // the peer accepted us
	LoginRefused                     // the peer refused us
	CallbackAsked                    // the peer chooses how it is to be called back, or not: AnswerCallback
	CallbackCheated                  // it chose what was not offered, as Text says: the link closes
	CallbackAgreed                   // the peer will call us back, or not; if so, the link closes
	NetworkUp                        // a network control protocol opened
	NetworkDown                      // and left Opened
	NetworkOver                      // it will not open any more, unless the peer begins anew; Text says why
	ProtocolRejected                 // the peer knows nothing of this protocol of data, which none of the network control protocols has for its own
	Identified                       // the peer says what it is (RFC 1570 §1.1), in any phase
	Remaining                        // the peer says how long the session may go on (RFC 1570 §1.2)
	Finished                         // the link is over; the last event
	kinds
)

var kindNames = [kinds]string{LinkUp: "link up", LinkDown: "link down", Claimed: "claimed", Unproven: "unproven", Authenticated: "authenticated",
	LoggedIn: "logged in", LoginRefused: "login refused", CallbackAsked: "callback asked", CallbackCheated: "callback cheated",
	CallbackAgreed: "callback agreed", NetworkUp: "network up", NetworkDown: "network down", NetworkOver: "network over", ProtocolRejected: "protocol rejected",
	Identified: "identified", Remaining: "time remaining", Finished: "finished"}

// String is the kind in words.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "unknown"
}

// A Cause is why a link finished.
type Cause uint8

// The causes.
const (
	Closed          Cause = iota + 1 // by us: Close
	PeerTerminated                   // by the peer's Terminate-Request; Text is its
	Timeout                          // LCP did not converge, or nobody answered
	EchoFailed                       // the peer answers no Echo-Request
	Loopback                         // we hear ourselves: perhaps a modem that echoes in command mode
	AuthRefused                      // we refused the peer, or it refused to authenticate
	RefusedLogin                     // the peer refused us
	AuthTimeout                      // authentication was not done in time
	NetworkTimeout                   // no network control protocol opened
	LowerDown                        // Down
	CalledBack                       // so that one end calls the other back
	CallbackRefused                  // we do not call the peer back as it wants, and no other way will do
	CallbackFailed                   // no callback was agreed, for which one end had asked
	Rejected                         // the peer answers LCP with Code-Reject or Protocol-Reject
	causes
)

var causeNames = [causes]string{Closed: "closed", PeerTerminated: "terminated by the peer", Timeout: "LCP time-out", EchoFailed: "no echo",
	Loopback: "loopback", AuthRefused: "peer refused", RefusedLogin: "login refused", AuthTimeout: "authentication time-out",
	CalledBack: "to be called back", CallbackRefused: "callback refused", CallbackFailed: "no agreement on callback",
	NetworkTimeout: "no network protocol", LowerDown: "lower layer down", Rejected: "LCP rejected"}

// String is the cause in words.
func (c Cause) String() string {
	if c < causes {
		return causeNames[c]
	}
	return "unknown"
}
