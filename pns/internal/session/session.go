// Package session is one caller's PPP at the PNS: LCP, authentication, an
// address, IPCP, and the end. A Session owns one goroutine, its Run, which
// decides everything; network data does not pass through it.
package session

import (
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"carrier/pns/internal/flow"
	"carrier/pns/internal/lan"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/users"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/ppp/link"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// A Call is the control half of the caller's PPTP call; *peer.Call is one.
// After Clear the event Ended comes within a bounded time.
type Call interface {
	Events() <-chan peer.Event
	SetLinkInfo(send, receive uint32)
	Clear()
}

// Data is the data half of the session; *flow.Flow is one. Frames brings the
// frames that are not network data; each goes back with Free.
type Data interface {
	lan.Receiver
	Frames() <-chan []byte
	Free(frame []byte)
	SendControl(frame []byte)
	SetNetwork(flow.Network)
	LastData() time.Time
	Stats() gre.Stats
	Close()
}

// LAN is the network behind us; a lan.Network is one.
type LAN interface {
	Attach(addr netip.Addr, mtu int, r lan.Receiver) (detach func(), err error)
	Local() netip.Addr
}

// A Prober asks whether a host of the LAN has an address already; lan/tun is
// one. The channel brings its hardware address, or "" within a short time when
// there is none; it is nil where there is nothing to ask.
type Prober interface {
	Probe(addr netip.Addr) <-chan string
}

// Users are those who may log in; *users.Table is one.
type Users interface {
	Lookup(name string) (users.User, bool)
}

// A Namer is told who the caller is, as soon as she says; *capture.Hub is one.
type Namer interface {
	Name(call, user, peer string)
}

// Options are what a session works with. Everything without a remark is
// needed.
type Options struct {
	Call Call // accepted, not necessarily connected yet
	// Connect makes the data half once the call is connected.
	Connect func(pptp.IncomingCallConnected) Data
	LAN     LAN
	Users   Users
	Pools   *pool.Pools
	Prober  Prober  // nil: addresses are nobody else's
	Online  *Online // shared by all sessions

	Link  link.Options // Ask must not be empty: nobody gets an address without a name
	DNS   []netip.Addr // given to callers who ask; may be empty
	NBNS  []netip.Addr // as DNS
	MTU   int          // largest packet to the caller, in octets; 0: lan.DefaultMTU
	Idle  time.Duration
	Limit time.Duration // of a call's length; this and Idle: where the user has no own limit; 0: none

	Record   record.Call // what is known when the call comes: name, peer, numbers
	Counters *record.Counters
	Stats    *Stats
	Namer    Namer        // nil: nobody asks
	Log      *slog.Logger // labelled with the call's name
}

// A Session is one caller's PPP. End and Record may be called from any
// goroutine; everything else belongs to Run.
type Session struct {
	o    Options
	link *link.Link
	data Data                        // nil until the call is connected
	last atomic.Pointer[record.Call] // what Record shows
	user atomic.Pointer[string]      // what Account shows
	end  chan ending                 // what End asks for; one is enough
	left chan struct{}               // closed once the session has given back its seat and address

	rec     record.Call
	login   login
	detach  func()    // from the LAN; nil: not attached
	idle    time.Time // when to look whether the caller is idle
	limit   time.Time // when the call has lasted too long
	until   time.Time // when Run stops waiting: the program ends
	cleared bool      // we have asked the PAC to end the call
	over    bool      // the PPTP call is over
	lost    error     // and why
}

// An ending is why a session shall end.
type ending struct {
	reason record.EndReason
	text   string
}

// New makes a session. Its call is the session's from now on: Run must follow.
func New(o Options) *Session {
	if o.MTU <= 0 {
		o.MTU = lan.DefaultMTU
	}
	s := &Session{o: o, link: link.New(o.Link), end: make(chan ending, 1), left: make(chan struct{}), rec: o.Record}
	s.rec.Stage = record.Incoming
	s.publish()
	return s
}

// End ends the session: the caller is told the text, in an LCP
// Terminate-Request, and the call is cleared. It does not wait. The first
// reason given counts.
func (s *Session) End(reason record.EndReason, text string) {
	select {
	case s.end <- ending{reason, text}:
	default:
	}
}

// Record is what is known of the call at this moment.
func (s *Session) Record() record.Call {
	r := *s.last.Load()
	r.Traffic = s.o.Counters.Snapshot()
	return r
}

// Account is the name of the caller's user in the configuration, once her
// password was right; "" before that.
func (s *Session) Account() string {
	if name := s.user.Load(); name != nil {
		return *name
	}
	return ""
}

// publish shows the record to Record.
func (s *Session) publish() {
	r := s.rec
	s.last.Store(&r)
}

// stage notes how far the call came; one that was online once stays so.
func (s *Session) stage(to record.Stage) {
	if s.rec.Up.IsZero() {
		s.rec.Stage = to
	}
	s.publish()
}
