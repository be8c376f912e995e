package pptp

// A CallKind is one of the four sides of a call (RFC 2637 §3.2.3, §3.2.4).
type CallKind uint8

// The sides of a call.
const (
	IncomingPAC CallKind = iota
	IncomingPNS
	OutgoingPAC
	OutgoingPNS
	callKinds
)

// String names the side.
func (k CallKind) String() string {
	return word([]string{"incoming call, PAC", "incoming call, PNS", "outgoing call, PAC", "outgoing call, PNS"}, "call kind", uint8(k))
}

// PAC tells if we are the call's PAC, else we are its PNS.
func (k CallKind) PAC() bool { return k == IncomingPAC || k == OutgoingPAC }

// A CallState is a state of a call.
type CallState uint8

// The states, in the RFC's words. Deciding, Answering and Clearing stand where
// the RFC's figures have one arrow but time passes: the PNS decides on an
// Incoming-Call-Request, the PAC answers its line after an accepting reply, and
// the PAC hangs up and counts after a Call-Clear-Request.
const (
	CallIdle CallState = iota
	Deciding
	WaitReply
	Answering
	WaitConnect
	WaitAnswer // wait_cs_ans
	CallEstablished
	Clearing
	WaitDisconnect
	callStates
)

// String is the RFC's name.
func (s CallState) String() string {
	return word([]string{"idle", "deciding", "wait_reply", "answering", "wait_connect", "wait_cs_ans", "established",
		"clearing", "wait_disconnect"}, "state", uint8(s))
}

// A CallEvent is what moves a call.
type CallEvent uint8

// Events of a call: ours, the clock's, and messages.
const (
	Begin          CallEvent = iota // PAC: Ring; PNS: Open Indication
	Accept                          // PNS: the request is acceptable
	Refuse                          // of a request, or PAC: the call could not be placed
	Connect                         // PAC: the line has a carrier; Telco Answer
	Terminate                       // Local Terminate; PAC: telco call dropped
	CallTimedOut                    // the state lasted too long
	RecvRequest                     // Incoming- or Outgoing-Call-Request
	RecvAccept                      // Incoming- or Outgoing-Call-Reply, result 1
	RecvRefuse                      // with another result
	RecvConnected                   // Incoming-Call-Connected
	RecvClear                       // Call-Clear-Request
	RecvDisconnect                  // Call-Disconnect-Notify
	RecvErrors                      // WAN-Error-Notify
	RecvLinkInfo                    // Set-Link-Info
	callEvents
)

// A CallAction is a set of things to do, in the order of their bits.
type CallAction uint16

// Actions of a call. Those from Offered on tell its owner.
const (
	SendRequest    CallAction = 1 << iota
	SendReply                 // accepting
	SendRefusal               // a reply that refuses
	SendConnected             // Incoming-Call-Connected
	SendClear                 // Call-Clear-Request
	SendDisconnect            // Call-Disconnect-Notify
	Offered                   // the peer asks for this call
	Accepted                  // the peer took it
	DataUp                    // GRE may flow
	TellClear                 // the PNS wants it ended
	TellErrors
	TellLinkInfo
	CallOver
	CallNone CallAction = 0 // the event has no place in this state
)
