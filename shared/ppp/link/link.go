// Package link runs the phases of one PPP link (RFC 1661 §3), either role: LCP
// opens, each side authenticates if the other demands it, network control
// protocols open, LCP closes. It does no I/O and has no clock: its owner gives
// it the time, frames and expired deadlines, and fetches frames and events.
package link

import (
	"io"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/lcp"
)

// Options say what one end wants. Zero numbers and times take the defaults
// named.
type Options struct {
	LCP lcp.Options // Demand and Accept are filled from Ask and Login
	// Ask lists what we demand of the peer, in order: on a Nak the peer's own
	// suggestion follows if it is in the list, else the next. Empty: nothing.
	Ask []auth.Method
	// NameOnly is for who only wants to learn the peer's name: a Claim may stay
	// unanswered for as long as the owner likes.
	NameOnly bool
	Name     string     // ours, in Challenges
	Login    auth.Login // how we answer the peer's demand; zero: every demand is rejected

	Restart      time.Duration // RFC 1661 §4.6: 3 s
	MaxConfigure int           // 10
	MaxTerminate int           // 2
	MaxFailure   int           // 5
	AuthTimeout  time.Duration // from LCP's opening until both sides are satisfied, while the owner owes no Answer: 60 s
	Echo         EchoOptions
	OnlyAck      bool // never start our own LCP direction again (cp.Options)
	Rand         io.Reader
}

// EchoOptions are LCP's Echo-Requests to the peer (RFC 1661 §5.8).
type EchoOptions struct {
	Interval time.Duration // between them; 0: none are sent
	Failures int           // unanswered in a row until the peer is dead: 3
}

// A Phase of RFC 1661 §3.2.
type Phase uint8

// The phases.
const (
	Dead Phase = iota
	Establish
	Authenticate
	Network
	Terminate
)

// A Link is one PPP link. It is not safe for concurrent use.
type Link struct {
	opt Options
}

// New makes a link in phase Dead. Nothing is sent before Up.
func New(o Options) *Link { return &Link{opt: o} }

// Up says that the lower layer is there: LCP starts.
func (l *Link) Up(now time.Time) {}

// Down says that the lower layer is gone: the link is finished.
func (l *Link) Down(now time.Time) {}

// Receive takes a frame without its FCS, in every form that ppp.Split knows; it
// is not kept. What may not come in this phase is dropped.
func (l *Link) Receive(now time.Time, frame []byte) {}

// Deadline is when Expire wants to be called; zero when it does not.
func (l *Link) Deadline() time.Time { return time.Time{} }

// Expire does what is due at now.
func (l *Link) Expire(now time.Time) {}

// Close ends the link: a Terminate-Request tells the peer the text, the event
// Finished follows within a bounded time.
func (l *Link) Close(now time.Time, text string) {}

// Answer gives the verdict on the last Claim. A refusal is sent, then the link
// closes.
func (l *Link) Answer(now time.Time, v auth.Verdict) {}

// Network adds a network control protocol. It opens as soon as the phase
// allows; other protocols are rejected.
func (l *Link) Network(now time.Time, p ppp.Protocol, n cp.Negotiator) {}

// Take returns the frames to send, from Address and Control on and without
// FCS, and forgets them: the caller owns them.
func (l *Link) Take() [][]byte { return nil }

// Events returns what happened since the last call, in order.
func (l *Link) Events() []Event { return nil }

// Phase is the link's phase.
func (l *Link) Phase() Phase { return Dead }

// LCP is what LCP agreed, the defaults while it is not Opened.
func (l *Link) LCP() lcp.Agreed { return lcp.Agreed{} }

// LastRequest is the peer's last LCP Configure-Request, as a frame; nil: none
// came. It belongs to the caller.
func (l *Link) LastRequest() []byte { return nil }
