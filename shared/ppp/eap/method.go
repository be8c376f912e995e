package eap

// A Method is the authenticator's side of one authentication method: one
// conversation at a time.
type Method interface {
	Type() Type
	// Begin returns the Type-Data of the first Request, whose Identifier is id.
	// After an error the method is passed over.
	Begin(id byte) ([]byte, error)
	// Receive takes the Type-Data of the Response to the last Request, which is
	// not kept, and says what comes next.
	Receive(data []byte) Step
	// End gives up what the method holds. It may be called at any time, also
	// twice.
	End()
}

// A Do is what a Step does.
type Do uint8

// What a method's side can do.
const (
	Drop    Do = iota // the packet is not valid, as if it had not come (RFC 3748 §4.2)
	Ask               // Data goes out in the next Request
	Decide            // the owner decides, and goes on with Server.Continue
	Succeed           // the conversation ends with Success
	Fail              // and with Failure
)

// A Step is what a Method wants done.
type Step struct {
	Do   Do
	Data []byte // of Ask
	Text string // of Fail: words for the person at the other end, sent as a Notification before the Failure; empty: none
	Err  error  // of Fail: why, for the log; nil: the owner decided so
}

// A PeerMethod is the peer's side of one method.
type PeerMethod interface {
	Type() Type
	// Begin starts afresh.
	Begin()
	// Receive takes the Identifier and the Type-Data of a Request, which is not
	// kept.
	Receive(id byte, data []byte) PeerStep
	// End gives up what the method holds. It may be called at any time, also
	// twice.
	End()
}

// A PeerStep is what a PeerMethod makes of a Request.
type PeerStep struct {
	Answer bool   // a Response goes out; else the Request is dropped
	Data   []byte // its Type-Data
	Standing
	Text string // the other side's message, or why it is not believed
}

// A Standing is what a method of the peer's side knows about the outcome, and
// so which of Success and Failure is to be believed (RFC 3748 §4.2).
type Standing uint8

// The standings.
const (
	Going   Standing = iota // the method has not ended: a Success is not believed
	Ended                   // the other side may say either
	Assured                 // it has shown, protected, that it accepts us: a Failure is not believed
	Lost                    // we, or the other side, have given up: a Success is not believed
)
