// Package session is one caller's PPP at the PNS: LCP, authentication, an
// address, IPCP and IPV6CP, and the end; or ours, at a server that we call. A Session owns one goroutine, its Run, which
// decides everything; network data does not pass through it.
package session

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"carrier/pns/internal/dhcp"
	"carrier/pns/internal/flow"
	"carrier/pns/internal/guard"
	"carrier/pns/internal/lan"
	"carrier/pns/internal/lease"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/users"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/lqr"
	"carrier/shared/ppp/vj"
	"carrier/shared/record"
)

// A Call is the control half of the caller's PPTP call; a *peer.Call that a PAC
// brings is one. After Clear the event Ended comes within a bounded time.
type Call interface {
	Events() <-chan peer.Event
	SetLinkInfo(send, receive uint32)
	Clear()
}

// Data is the data half of the session; *flow.Flow is one. Next takes the frames
// that are not network data, in their order, each to be freed; nil: none waits.
type Data interface {
	lan.Receiver
	Next() *flow.Frame
	SendControl(frame []byte)
	SetNetwork(flow.Network) error
	SetNetwork6(flow.Network6)
	SetCoding(flow.Coding)
	SetBundle(flow.Bundle)
	StopVJ()
	SetQuality(o *lqr.Options, sends bool)
	Report() (next time.Time)
	Quality() (q lqr.Quality, ok bool)
	LastData() time.Time
	Stats() gre.Stats
	Close()
}

// LAN is the network behind us; a lan.Network is one.
type LAN interface {
	Attach(addr netip.Addr, mtu int, r lan.Receiver) (detach func(), err error)
	Local() netip.Addr
}

// A Delegator sends the packets for a network to a caller, behind whom it is; a
// lan.Network is one, lan/userspace for networks of IPv4 alone.
type Delegator interface {
	Delegate(network netip.Prefix, mtu int, r lan.Receiver) (detach func(), err error)
}

// A Prober asks whether a host of the LAN has an address already; lan/tun is
// one. The channel brings its hardware address, or "" within a short time when
// there is none; it is nil where there is nothing to ask.
type Prober interface {
	Probe(addr netip.Addr) <-chan string
}

// Users are those who may log in; *ras.RAS is one. Change keeps a user's new
// password, or says why not.
type Users interface {
	Lookup(name string) (users.User, bool)
	Change(u users.User, next auth.Secret) error
}

// A Namer is told who the caller is, as soon as she says; *capture.Hub is one.
type Namer interface {
	Name(call, user, peer string)
}

// Options are what one session works with. All of it is needed.
type Options struct {
	*Common
	Call Call // accepted, not necessarily connected yet
	// Connected says that the call is connected already: it was asked of us, and no
	// Incoming-Call-Connected follows.
	Connected bool
	Rate      int // of its line in bit/s then; 0 when unknown
	// Connect makes the data half once the call is connected; rate is that of the
	// caller's line in bit/s, 0 when unknown. It rings when there is something for
	// Next; any of its goroutines may.
	Connect  func(rate int, ring func()) Data
	Counters *record.Counters
	Source   guard.Source // where the call comes from
}

// Common is what sessions have in common: those that began under the same
// settings share one, and nobody changes it. Everything without a remark is
// needed.
type Common struct {
	Settings
	LAN    LAN
	Users  Users
	Pools  *pool.Pools
	Leases *lease.Leases // of the LAN's DHCP server; nil: no pool has its addresses from there
	Prober Prober        // nil: addresses are nobody else's
	// Delegator is needed where IPv6 is.
	Delegator Delegator
	Online    *Online      // shared by all sessions
	Guard     *guard.Guard // likewise
	MTU       int          // largest packet to the caller, in octets; 0: lan.DefaultMTU
	// Dial is of calls that we open: Users, Pools, Leases, Prober, Online, Guard, DHCP
	// and IPv6 are not needed then, and what is said of a caller holds for the server.
	Dial *Dial // nil: callers'

	Stats *Stats
	Namer Namer // nil: nobody asks
	Log   *slog.Logger
}

// Settings are what an administrator says of sessions.
type Settings struct {
	Link   link.Options   // of callers' calls Ask must not be empty: nobody gets an address without a name
	DNS    []netip.Addr   // given to callers who ask; may be empty
	NBNS   []netip.Addr   // as DNS
	DHCP   *dhcp.Settings // what a DHCPINFORM is answered with; nil: it goes to the LAN
	IPv6   *IPv6          // nil: IPV6CP is rejected
	Coding Coding
	VJ     vj.Slots // asked of callers, and done where they ask
	Idle   time.Duration
	Limit  time.Duration // of a call's length; this and Idle: where the user has no own limit; 0: none

	// Identify is what we say that we are (RFC 1570 §1.1); empty: nothing.
	Identify string
	// Lossy is how many of a hundred frames may be lost on a line before that is
	// counted and logged; 0: all.
	Lossy int
}

// A Session is one caller's PPP. End, Renegotiate and Record may be called from any
// goroutine; everything else belongs to Run.
type Session struct {
	o    Options
	bell chan struct{} // there is something to look for
	link *link.Link
	data Data // nil until the call is connected

	mu     sync.Mutex
	record record.Call // changed by note alone; Run may read it without the lock
	user   users.User  // the caller's, once her password was right; as record
	asked  *ending     // what End asks for; nil: nothing yet
	anew   bool        // Renegotiate was called

	cleared  bool // we have ended the call, or asked the PAC to
	over     bool // the PPTP call is over
	plainTCP bool // TCP headers go as they are, whatever the caller's machine asks for
	login    login
	coding   coding
	six      *six
	ip       *ipcp.IPCP    // nil: not offered
	left     chan struct{} // closed once the session has given back its seat; nil: it has had none
	detach   func()        // from the LAN; nil: not attached
	wanting  time.Time     // when a network must be up; zero: one is, or was
	idle     time.Time     // when to look whether the caller is idle
	limit    time.Time     // when the call has lasted too long
	report   time.Time     // when to see whether our Link-Quality-Report is due
	warn     time.Time     // when to tell the caller that it will
	until    time.Time     // when Run stops waiting: the program ends
	lost     error         // why the PPTP call is over
	owed     Owed          // zero: nothing
}

// An ending is why a session shall end.
type ending struct {
	reason record.EndReason
	text   string
}

// New makes a session of what is known when the call comes: its name, its peer
// and the numbers. The call is the session's from now on: Run must follow.
func New(o Options, call record.Call) *Session {
	call.Stage = cmp.Or(call.Stage, record.Incoming)
	settings := &o.Link
	if call.Outgoing { // it is the callback
		own := o.Link
		own.LCP.CallsBack = false
		settings = &own
	}
	return &Session{o: o, bell: make(chan struct{}, 1), link: link.New(settings), six: new(six), record: call}
}

// ring has Run look for what there is to do.
func (s *Session) ring() {
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

// End ends the session: the caller is told the text, in an LCP
// Terminate-Request, and the call is cleared. It does not wait. The first
// reason given counts.
func (s *Session) End(reason record.EndReason, text string) {
	s.mu.Lock()
	if s.asked == nil {
		s.asked = &ending{reason, text}
	}
	s.mu.Unlock()
	s.ring()
}

// Record is what is known of the call at this moment; once Run is over it is
// all that there is to remember.
func (s *Session) Record() record.Call {
	s.mu.Lock()
	r := s.record
	s.mu.Unlock()
	r.Traffic = s.o.Counters.Snapshot()
	return r
}

// Account is the name of the caller's user in the configuration, once her
// password was right; "" before that.
func (s *Session) Account() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user.Name
}

// log writes a line with the call's name.
func (s *Session) log(level slog.Level, msg string, args ...any) {
	s.o.Log.Log(context.Background(), level, msg, append([]any{"call", s.record.Name}, args...)...)
}

// note changes the record.
func (s *Session) note(change func(*record.Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.record)
}

// stage notes how far the call came; one that was online once stays so.
func (s *Session) stage(to record.Stage) {
	s.note(func(r *record.Call) {
		if r.Up.IsZero() {
			r.Stage = to
		}
	})
}

// running tells that nothing has ended the session yet.
func (s *Session) running() bool { return s.record.Reason == record.Running }

// because notes why the session ends; the first reason counts.
func (s *Session) because(reason record.EndReason, text string) {
	if s.running() {
		s.note(func(r *record.Call) { r.Reason, r.Text = reason, text })
	}
}
