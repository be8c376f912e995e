package cp

import (
	"math"
	"time"

	"carrier/shared/ppp"
)

// Options are the counters and the timer of RFC 1661 §4.6. A zero field takes
// the RFC's default.
type Options struct {
	Restart      time.Duration // Restart timer: 3 s
	MaxConfigure int           // Configure-Requests without a valid answer: 10
	MaxTerminate int           // Terminate-Requests without an answer: 2
	MaxFailure   int           // Configure-Naks sent without an Ack between them: 5
	// MaxRounds bounds a negotiation that does not converge (§4.5): as many
	// Naks and Rejects may be received, and as many sent: 20.
	MaxRounds int
	// OnlyAck makes a peer that never starts its own direction again: once its
	// Configure-Request has been acknowledged it only answers the other's, and
	// takes its own to stand. Some old dialers are like this.
	OnlyAck bool
	FirstID uint8 // Identifier before the first request's
}

// limits are Options with their defaults, in the room that they need: a call has a
// Machine for each of its protocols.
type limits struct {
	restart                               time.Duration
	configure, terminate, failure, rounds int16
}

func (o Options) limits() limits {
	def := func(n int, rfc int16) int16 {
		if n <= 0 {
			return rfc
		}
		return int16(min(n, math.MaxInt16))
	}
	l := limits{o.Restart, def(o.MaxConfigure, 10), def(o.MaxTerminate, 2), def(o.MaxFailure, 5), def(o.MaxRounds, 20)}
	if l.restart <= 0 {
		l.restart = 3 * time.Second
	}
	return l
}

// A Machine is one control protocol on one link: the automaton, its Restart
// timer and counters, identifiers, and the options of both sides. It is not
// safe for concurrent use. What it wants sent goes to the Outbox it is given.
//
// Methods return what the automaton did. Of that TLU, TLD, TLS and TLF concern
// the owner, who must act on TLD before TLU when both are there.
type Machine struct {
	protocol ppp.Protocol
	auto     Automaton
	onlyAck  bool
	limits   limits
	neg      Negotiator
	mru      int // the peer's

	deadline time.Time // Restart timer; zero when it does not run
	restarts int16     // Restart counter
	naks     int16     // sent since the last Ack
	sent     int16     // Naks and Rejects sent in this negotiation
	received int16     // and received
	id       uint8     // last Identifier used
	reqID    uint8     // that of our last Configure-Request
	answered bool      // the peer has answered it
	acked    bool      // the peer has acknowledged a request since the last Reset
	peerDone bool      // a Terminate-Request of the peer's came
	termID   uint8     // the Identifier of ours
	request  []byte    // options of our last Configure-Request
	text     []byte    // of our Terminate-Request
	peerText string    // of the peer's
	theirs   theirs
	asked    asked
	err      error
}

// NewMachine makes the machine of one protocol, in state Initial.
func NewMachine(p ppp.Protocol, n Negotiator, o Options) *Machine {
	return &Machine{protocol: p, onlyAck: o.OnlyAck, limits: o.limits(), neg: n, id: o.FirstID, answered: true, mru: ppp.DefaultMRU}
}

// State is the automaton's state.
func (m *Machine) State() State { return m.auto.State() }

// Err is why the negotiation was given up: what the Negotiator said, or nil.
func (m *Machine) Err() error { return m.err }

// PeerTerminated tells whether the peer sent a Terminate-Request since the
// protocol last opened or began to be negotiated, and its text as it came.
func (m *Machine) PeerTerminated() (text string, ok bool) { return m.peerText, m.peerDone }

// SetMRU says how many octets the peer can receive in an information field;
// rejected packets that are sent back are cut to it (RFC 1661 §5.6).
func (m *Machine) SetMRU(octets int) { m.mru = max(octets, 2*HeaderLength) }

// Deadline is when Expire wants to be called; zero when it does not.
func (m *Machine) Deadline() time.Time { return m.deadline }

// Up says that the lower layer can carry packets.
func (m *Machine) Up(now time.Time, out *ppp.Outbox) Action {
	return m.step(now, Up, Packet{}, nil, out)
}

// Down says that the lower layer carries no packets any more.
func (m *Machine) Down(now time.Time, out *ppp.Outbox) Action {
	return m.step(now, Down, Packet{}, nil, out)
}

// Open asks for the protocol to be opened, now or when the lower layer is up.
func (m *Machine) Open(now time.Time, out *ppp.Outbox) Action {
	return m.step(now, Open, Packet{}, nil, out)
}

// Close ends the protocol. text, cut to the peer's MRU, tells the peer why in
// the Terminate-Request, if one is to be sent.
func (m *Machine) Close(now time.Time, text string, out *ppp.Outbox) Action {
	if s := m.State(); s == Opened || s.Negotiating() {
		m.text = []byte(text[:min(len(text), m.mru-HeaderLength)])
	}
	return m.step(now, Close, Packet{}, nil, out)
}

// Expire is called at Deadline or later: TO+ or TO- (RFC 1661 §4.3).
func (m *Machine) Expire(now time.Time, out *ppp.Outbox) Action {
	if m.deadline.IsZero() || now.Before(m.deadline) {
		return 0
	}
	if m.restarts > 0 {
		return m.step(now, TOPlus, Packet{}, nil, out)
	}
	return m.step(now, TOMinus, Packet{}, nil, out)
}

// Again sends an open Configure-Request again before the Restart timer has it
// so: the peer may not have taken the first. It does nothing once the request has
// its answer.
func (m *Machine) Again(now time.Time, out *ppp.Outbox) Action {
	if s := m.State(); s != ReqSent && s != AckSent {
		return 0
	}
	m.deadline = now
	return m.Expire(now, out)
}

// Event steps the automaton for a packet that only the owner understands:
// RXJPlus, RXJMinus or RXR. SER is the owner's to do.
func (m *Machine) Event(now time.Time, e Event, out *ppp.Outbox) Action {
	return m.step(now, e, Packet{}, nil, out)
}
