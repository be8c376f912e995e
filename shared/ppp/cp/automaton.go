// Package cp is what every PPP control protocol has in common: the automaton
// of RFC 1661 §4, the packets and options of §5 and §6, and a Machine that
// joins them with counters and timers. LCP, IPCP, IPV6CP and CCP each add a
// Negotiator: what their options mean.
//
// Nothing here does I/O or reads a clock.
package cp

// A State is a column of the table of RFC 1661 §4.1, with its number there.
type State uint8

// The states (RFC 1661 §4.2). The zero value is Initial.
const (
	Initial State = iota
	Starting
	Closed
	Stopped
	Closing
	Stopping
	ReqSent
	AckRcvd
	AckSent
	Opened
	states
)

var stateNames = [states]string{"Initial", "Starting", "Closed", "Stopped", "Closing", "Stopping",
	"Req-Sent", "Ack-Rcvd", "Ack-Sent", "Opened"}

// String is the state's name as the RFC prints it.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "unknown"
}

// Negotiating tells the states in which Configure-Requests go to and fro.
func (s State) Negotiating() bool { return s >= ReqSent && s <= AckSent }

// An Event is a row of the table (RFC 1661 §4.3).
type Event uint8

// The events, in the order of the table.
const (
	Up       Event = iota // lower layer is Up
	Down                  // lower layer is Down
	Open                  // administrative Open
	Close                 // administrative Close
	TOPlus                // TO+: Timeout with counter > 0
	TOMinus               // TO-: Timeout with counter expired
	RCRPlus               // RCR+: Receive-Configure-Request (Good)
	RCRMinus              // RCR-: Receive-Configure-Request (Bad)
	RCA                   // Receive-Configure-Ack
	RCN                   // Receive-Configure-Nak/Rej
	RTR                   // Receive-Terminate-Request
	RTA                   // Receive-Terminate-Ack
	RUC                   // Receive-Unknown-Code
	RXJPlus               // RXJ+: Receive-Code-Reject (permitted) or Receive-Protocol-Reject
	RXJMinus              // RXJ-: Receive-Code-Reject (catastrophic) or Receive-Protocol-Reject
	RXR                   // Receive-Echo-Request, Echo-Reply or Discard-Request
	events
)

// An Action is a set of the actions of RFC 1661 §4.4, possibly empty.
type Action uint16

// The actions. Illegal stands alone: the table's dash, an event that cannot
// occur in this state.
const (
	TLU Action = 1 << iota // This-Layer-Up
	TLD                    // This-Layer-Down
	TLS                    // This-Layer-Started
	TLF                    // This-Layer-Finished
	IRC                    // Initialize-Restart-Count
	ZRC                    // Zero-Restart-Count
	SCR                    // Send-Configure-Request
	SCA                    // Send-Configure-Ack
	SCN                    // Send-Configure-Nak/Rej
	STR                    // Send-Terminate-Request
	STA                    // Send-Terminate-Ack
	SCJ                    // Send-Code-Reject
	SER                    // Send-Echo-Reply
	Illegal
)

// Has tells whether any action of b is in a.
func (a Action) Has(b Action) bool { return a&b != 0 }

// An Automaton is the option negotiation automaton of RFC 1661 §4, without its
// counters and timer. The zero value is in Initial. Neither the restart option
// [r] nor the passive option [p] is taken.
type Automaton struct {
	state State
}

// State is the state after the last Step.
func (a *Automaton) State() State { return a.state }

// Step takes an event, stores the new state and returns what to do. An event
// that cannot occur changes nothing and returns Illegal.
func (a *Automaton) Step(e Event) Action {
	c := table[e][a.state]
	if c.do != Illegal {
		a.state = c.next
	}
	return c.do
}

// TimerRuns tells the states in which the Restart timer runs: those that know
// TO events.
func (a *Automaton) TimerRuns() bool { return table[TOPlus][a.state].do != Illegal }
