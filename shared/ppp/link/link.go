// Package link runs the phases of one PPP link (RFC 1661 §3), either role: LCP
// opens, each side authenticates if the other demands it, network control
// protocols open, LCP closes. It does no I/O and has no clock: its owner gives
// it the time, frames and expired deadlines, and fetches frames and events.
package link

import (
	"bytes"
	"crypto/tls"
	"io"
	"slices"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cbcp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/lcp"
)

// Options say what one end wants. Zero numbers and times take the defaults
// named.
type Options struct {
	LCP lcp.Options
	// Ask lists what we demand of the peer, in order: on a Nak the peer's own
	// suggestion follows if it is in the list, else the next. Empty: nothing.
	// EAP's methods are one to LCP, where the first of them stands; EAP tries them
	// in this order, and with none but auth.EAP itself it only learns the name.
	Ask []auth.Method
	TLS *tls.Config // of auth.EAPTLS in Ask: our certificate, and the users' authorities in ClientCAs
	LM  bool        // of auth.MSCHAP in Ask: as auth.ServerOptions
	// HoldTLS is auth.ServerOptions': a Claim that Begins comes before auth.EAPTLS.
	HoldTLS bool
	// NameOnly is for who only wants to learn the peer's name: a Claim may stay
	// unanswered for as long as the owner likes.
	NameOnly bool
	// Rechallenge is how often a peer that was accepted by CHAP must prove itself
	// again (RFC 1994 §2): each time there is another Claim. Zero: never. Methods
	// that cannot are not asked again.
	Rechallenge time.Duration
	Name        string     // ours, in Challenges
	Login       auth.Login // how we answer the peer's demand; zero: every demand is rejected

	Restart      time.Duration // RFC 1661 §4.6: 3 s
	MaxConfigure int           // 10
	MaxTerminate int           // 2
	MaxFailure   int           // 5
	AuthTimeout  time.Duration // from LCP's opening, and again from each Claim, until both sides are satisfied: 60 s
	Echo         EchoOptions
	Callback     cbcp.Want // where LCP.Callback asks for CBCP: what we would choose
	OnlyAck      bool      // never start our own LCP direction again (cp.Options)
	Rand         io.Reader // of Magic-Numbers, Identifiers and Challenges; nil: crypto/rand
}

// EchoOptions are LCP's Echo-Requests to the peer (RFC 1661 §5.8).
type EchoOptions = lcp.Echo

const defaultAuthTimeout = 60 * time.Second

// A Phase of RFC 1661 §3.2.
type Phase uint8

// The phases, and one more.
const (
	Dead Phase = iota
	Establish
	Authenticate
	Callback // between the two, where LCP agreed on it ([MS-CBCP])
	Network
	Terminate
)

// A Link is one PPP link, once: after Finished a new one is needed. It is not
// safe for concurrent use.
type Link struct {
	opt    *Options
	phase  Phase
	lcp    *lcp.LCP
	auth   authentication
	back   *callback // nil until there is anything of it
	ncps   []*ncp
	out    ppp.Outbox
	events []Event

	cause    Cause // why it ends; zero: it does not, or the peer ends it
	text     string
	finished bool
}

// New makes a link in phase Dead. Nothing is sent before Up. Many links may
// share one Options, which nobody changes then.
func New(o *Options) *Link {
	a := lcp.Authentication{Demand: values(o.Ask), Accept: values(o.Login.Methods())}
	c := o.machine()
	c.OnlyAck = o.OnlyAck
	return &Link{opt: o, lcp: lcp.New(&o.LCP, a, c, o.Echo, o.Rand)}
}

func (o *Options) authTimeout() time.Duration {
	if o.AuthTimeout <= 0 {
		return defaultAuthTimeout
	}
	return o.AuthTimeout
}

func (o *Options) machine() cp.Options {
	return cp.Options{Restart: o.Restart, MaxConfigure: o.MaxConfigure, MaxTerminate: o.MaxTerminate, MaxFailure: o.MaxFailure}
}

// values are the methods as the Authentication-Protocol option has them, each
// once.
func values(methods []auth.Method) [][]byte {
	v := make([][]byte, 0, len(methods))
	for _, m := range methods {
		same := func(b []byte) bool { return bytes.Equal(b, m.Option()) }
		if !slices.ContainsFunc(v, same) {
			v = append(v, m.Option())
		}
	}
	return v
}

// Up says that the lower layer is there: LCP starts.
func (l *Link) Up(now time.Time) {
	if l.finished {
		return
	}
	l.lcpDid(now, l.lcp.Open(now, &l.out))
	l.lcpDid(now, l.lcp.Up(now, &l.out))
}

// Down says that the lower layer is gone: the link is finished. A link must not
// be forgotten without it, for EAP-TLS has a coroutine that waits.
func (l *Link) Down(now time.Time) {
	if text, ok := l.lcp.PeerTerminated(); ok { // while LCP was not open
		l.because(PeerTerminated, printable(text))
	}
	l.lcp.Down(now, &l.out)
	l.linkDown(now)
	l.phase = Dead
	l.because(LowerDown, "")
	l.finish()
}

// Restart negotiates LCP afresh, with a new Magic-Number, and everything above
// it (RFC 1661 §4.3, the implementation option of Open).
func (l *Link) Restart(now time.Time) {
	if l.finished || l.phase == Dead || l.phase == Terminate {
		return
	}
	l.lcpDid(now, l.lcp.Down(now, &l.out))
	l.lcpDid(now, l.lcp.Up(now, &l.out))
}

// Identify tells the peer's people what we are (lcp.LCP), in any phase but Dead.
func (l *Link) Identify(text string) { l.lcp.Identify(text, &l.out) }

// TellRemaining tells them how long the session may go on, or lcp.Forever; it is
// sent only while LCP is open.
func (l *Link) TellRemaining(d time.Duration, text string) { l.lcp.TellRemaining(d, text, &l.out) }

// Close ends the link: a Terminate-Request tells the peer the text. The event
// Finished follows within MaxTerminate times Restart.
func (l *Link) Close(now time.Time, text string) { l.close(now, Closed, text) }

func (l *Link) close(now time.Time, c Cause, text string) {
	if l.finished || l.cause != 0 {
		return
	}
	l.because(c, text)
	l.lcpDid(now, l.lcp.Close(now, text, &l.out))
	if l.lcp.State() == cp.Initial {
		l.finish()
	}
}

// because notes why the link ends; the first reason counts.
func (l *Link) because(c Cause, text string) {
	if l.cause == 0 {
		l.cause, l.text = c, text
	}
}

// lcpDid follows LCP's automaton: phases, events and the layers above.
func (l *Link) lcpDid(now time.Time, n lcp.Notice) {
	if n.Do.Has(cp.TLD) {
		l.linkDown(now)
	}
	switch s := l.lcp.State(); {
	case s <= cp.Starting:
		l.phase = Dead
	case s.Negotiating():
		l.phase = Establish
	case s != cp.Opened:
		l.phase = Terminate
		l.ending(s)
	}
	if n.Do.Has(cp.TLU) {
		l.linkUp(now)
	}
	if n.Do.Has(cp.TLF) {
		l.over(now)
	}
}

// ending notes why LCP leaves Opened or negotiation, if we did not ask for it.
func (l *Link) ending(s cp.State) {
	switch text, ok := l.lcp.PeerTerminated(); {
	case ok:
		l.because(PeerTerminated, printable(text))
	case l.lcp.Err() == lcp.ErrLoopback:
		l.because(Loopback, l.lcp.Err().Error())
	case l.lcp.Err() != nil:
		l.because(AuthRefused, l.lcp.Err().Error())
	case s == cp.Stopping:
		l.because(Rejected, "peer rejects LCP itself")
	default:
		l.because(Timeout, "")
	}
}

// over is LCP's This-Layer-Finished.
func (l *Link) over(now time.Time) {
	l.finish()
	// From Stopped, where a Configure-Request would begin anew, to Closed: the
	// peer's Terminate-Requests are still acknowledged.
	l.lcp.Close(now, "", &l.out)
}

func (l *Link) finish() {
	if !l.finished {
		l.finished = true
		l.tell(Event{Kind: Finished, Cause: l.cause, Text: l.text})
	}
}

// linkUp begins the Authentication phase.
func (l *Link) linkUp(now time.Time) {
	l.phase = Authenticate
	l.tell(Event{Kind: LinkUp})
	for _, n := range l.ncps {
		n.machine.SetMRU(int(l.lcp.Agreed().Theirs.MRU))
		n.opened, n.rejected = false, false
	}
	l.authenticate(now)
}

// linkDown takes down what stood on LCP.
func (l *Link) linkDown(now time.Time) {
	if l.phase != Authenticate && l.phase != Callback && l.phase != Network {
		return
	}
	for _, n := range l.ncps {
		n.early = nil
		l.ncpDid(now, n, n.machine.Down(now, &l.out))
	}
	l.auth.end()
	l.auth = authentication{}
	l.back.end()
	l.tell(Event{Kind: LinkDown})
}

func (l *Link) tell(e Event) { l.events = append(l.events, e) }

// Take returns the frames to send, from Address and Control on and without
// FCS, and forgets them: the caller owns them.
func (l *Link) Take() [][]byte { return l.out.Take() }

// Events returns what happened since the last call, in order.
func (l *Link) Events() []Event {
	e := l.events
	l.events = nil
	return e
}

// Phase is the link's phase.
func (l *Link) Phase() Phase { return l.phase }

// LCP is what LCP agreed, the defaults while it is not Opened.
func (l *Link) LCP() lcp.Agreed { return l.lcp.Agreed() }

// LastRequest is the peer's last LCP Configure-Request, as a frame; nil: none
// came. It belongs to the caller.
func (l *Link) LastRequest() []byte {
	info := l.lcp.LastRequest()
	if info == nil {
		return nil
	}
	return ppp.Append(nil, ppp.LCP, info)
}
