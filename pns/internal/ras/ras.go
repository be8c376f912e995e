// Package ras takes the calls that PACs bring, and those of clients: it says who
// may bring any, makes a session of each call, and knows all that run and the
// last that ended.
package ras

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"carrier/pns/internal/activity"
	"carrier/pns/internal/flow"
	"carrier/pns/internal/guard"
	"carrier/pns/internal/lan"
	"carrier/pns/internal/lease"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/session"
	"carrier/pns/internal/users"
	"carrier/shared/capture"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/quirk"
	"carrier/shared/record"
)

// recvWindow is the Packet Recv. Window Size that we advertise: data from a caller
// goes straight on to the LAN.
const recvWindow = 64

// ErrNoCall says that no running call has a name.
var ErrNoCall = errors.New("no such call")

// ErrNotOnline says that a call has not got so far, or is about to end.
var ErrNotOnline = errors.New("the call is not online")

// A PAC may bring calls from the addresses of From.
type PAC struct {
	Name string
	From []netip.Prefix
	// Remote's Addr is where it is when a number is to be dialled; without one it must
	// have connected. Name is filled here.
	Remote peer.Remote
	// MSSByRate: what her line takes long for is kept short.
	MSSByRate bool
	MRU       int // asked of its callers, and the most that they are sent, in octets; 0: the default
}

// Settings are what a reload may change. Calls keep those that they began with,
// but for Users.
type Settings struct {
	session.Settings // of every session
	PACs             []PAC
	Clients          Clients
	Users            *users.Table
	// Activity is what does not keep a call from being idle.
	Activity *activity.Filter
	// Drain is how long calls may go on after the end of Run's context; and, with
	// Drains, when their PAC may bring calls no more. Without it they last.
	Drain  time.Duration
	Drains bool
	// Lockout is what the guard lets pass.
	Lockout guard.Policy
}

// Options are what the sessions are made of, and for whom.
type Options struct {
	Settings
	LAN    lan.Network
	Pools  *pool.Pools
	Leases *lease.Leases  // of the LAN's DHCP server; nil: it is not asked
	Gate   Gate           // nil: callers always reach the LAN
	Prober session.Prober // nil: addresses are nobody else's
	// Delegator is needed where IPv6 is.
	Delegator session.Delegator
	MTU       int    // 0: the LAN's default
	Host      string // of the names of calls that we have dialled, as the endpoint's
	Serials   *record.Serials
	Guard     *guard.Guard // against who guesses passwords; it outlasts reloads
	// Passwords are those that users have changed.
	Passwords *users.Passwords

	History  int // how many calls that ended are kept
	Sessions *session.Stats
	Flows    *flow.Stats
	Meter    Meter
	// Callbacks is needed where users are called back.
	Callbacks Callbacks
	Hub       *capture.Hub
	Log       *slog.Logger
}

// A Meter is told of calls. App's metrics have it.
type Meter interface {
	// Ended counts a call that is over. pac is the configured name of who
	// brought it.
	Ended(pac string, c record.Call)
}

// A Gate is what callers go through; a tun.LAN is one.
type Gate interface {
	// Fault says why they would reach nothing; nil: they would, as far as is known.
	Fault() error
}

// Callbacks are told who is to be rung, when her call is over; a *callback.Desk is
// one. It is false, and she is not rung, when the program is about to end.
type Callbacks interface {
	Owe(user, number, pac string, delay time.Duration) bool
}

// A RAS takes calls; it is a peer.Handler. Its methods may be called from any
// goroutine.
type RAS struct {
	o       Options
	use     atomic.Pointer[use]
	online  *session.Online
	history *record.History

	network network // where Dial reaches PACs

	mu       sync.Mutex
	running  map[*peer.Call]*visit
	dialling map[*attempt]struct{}
	sessions sync.WaitGroup
	ctx      context.Context // of the sessions; nil once no call is taken any more
	end      context.CancelFunc
}

// A visit is a call that runs.
type visit struct {
	*session.Session
	from  origin
	until time.Time // when it must end, for its PAC or client may bring calls no more; zero: it need not
}

// An origin is where a call comes from; *peer.Conn is one.
type origin interface {
	PeerAddr() netip.AddrPort
	Remote() peer.Remote
}

// New makes a RAS that takes calls: an endpoint may bring the first before Run.
func New(o Options) *RAS {
	r := &RAS{o: o, online: session.NewOnline(), history: record.NewHistory(o.History), running: map[*peer.Call]*visit{}, dialling: map[*attempt]struct{}{}}
	r.ctx, r.end = context.WithCancel(context.Background())
	r.apply(o.Settings)
	return r
}

// Run lets calls come until ctx ends. Those that run then may go on for a while;
// when it is over every caller is told so. Run returns when all calls have
// ended.
func (r *RAS) Run(ctx context.Context) error {
	defer r.end()
	<-ctx.Done()
	r.mu.Lock()
	r.ctx = nil
	for one := range r.dialling {
		one.cancel(errEnding)
	}
	r.mu.Unlock()
	defer time.AfterFunc(r.use.Load().Drain, r.end).Stop()
	r.sessions.Wait()
	return ctx.Err()
}

// Admit knows a PAC, or a client, by its address. Where one is both, it is
// treated as the PAC.
func (r *RAS) Admit(from netip.AddrPort) (peer.Remote, error) {
	u := r.use.Load()
	if p, ok := u.pac(from.Addr()); ok {
		remote := p.Remote
		remote.Name = p.Name
		return remote, nil
	}
	if u.client(from.Addr()) {
		remote := u.Clients.Remote
		remote.Name = Client
		return remote, nil
	}
	return peer.Remote{}, fmt.Errorf("neither a [[pac]] nor [clients] has %v among its addresses", from.Addr())
}

// Incoming makes a session of a call that a PAC brings.
func (r *RAS) Incoming(call *peer.Call) {
	req, _ := call.Request().(pptp.IncomingCallRequest)
	u, remote, from := r.use.Load(), call.Conn().Remote(), call.Conn().PeerAddr().Addr()
	pac, known := u.pac(from)
	v := r.visitor(call, pac)
	v.allowed, v.never = known, uint8(pptp.IncomingDoNotAccept)
	v.answer = func() { call.Accept(recvWindow, 0) }
	v.common, v.source = u.commons[pac.MRU], guard.From(from, req.DialingNumber)
	v.record = record.Call{Peer: remote.Name, Called: req.DialedNumber, Calling: req.DialingNumber}
	r.take(call, v)
}

// visitor is what the calls of a PAC have in common, those that it brings and those
// that it has dialled.
func (r *RAS) visitor(call *peer.Call, pac PAC) visitor {
	to := call.Conn().Settings()
	return visitor{Call: session.Telling(call, to.LinkInfo), window: cmp.Or(to.Window, quirk.Full), strip: to.Strip.Or(false), mssByRate: pac.MSSByRate}
}

// A visitor is a call that waits for our answer.
type visitor struct {
	session.Call
	allowed   bool  // whoever it comes from may have such calls
	never     uint8 // the Result Code that says no to those who may not
	answer    func()
	connected bool // by the answer, or already
	rate      int  // of its line in bit/s, as far as that is known then
	window    quirk.Window
	strip     bool
	mssByRate bool
	source    guard.Source // of log-ins
	common    *session.Common
	record    record.Call // what is known of it
}

// take makes a session of a call, or refuses it.
func (r *RAS) take(call *peer.Call, v visitor) {
	who := v.record.Peer
	r.mu.Lock()
	defer r.mu.Unlock()
	switch err := r.closed(); {
	case err != nil:
		r.o.Log.Warn("call refused", "call", call.Name(), "pac", who, "reason", err)
		call.Refuse(generalError, uint8(pptp.NoResource)) // another PNS may take it
		return
	case r.Strange(call.Conn()):
		r.o.Log.Warn("call refused: who brings it may bring calls no more", "call", call.Name(), "pac", who)
		call.Refuse(generalError, uint8(pptp.NoResource)) // another PNS may take it
		r.dismiss(call.Conn())
		return
	case !v.allowed:
		r.o.Log.Warn("call refused: not of the kind that may come from there", "call", call.Name(), "from", call.Conn().PeerAddr(), "peer", who)
		call.Refuse(v.never, uint8(pptp.NoError))
		return
	}
	v.record.Name, v.record.Started = call.Name(), time.Now()
	r.o.Log.Info("incoming call", "call", call.Name(), "pac", who, "called", v.record.Called, "calling", v.record.Calling)
	r.serve(call, v)
}

// serve begins the session of a call; mu is held.
func (r *RAS) serve(call *peer.Call, v visitor) {
	s := r.session(call, v)
	r.running[call] = &visit{Session: s, from: call.Conn()}
	if v.answer != nil {
		v.answer()
	}
	ctx := r.ctx
	r.sessions.Go(func() {
		s.Run(ctx)
		r.ended(call, s)
	})
}

// Closed says why no call is taken now; nil: calls are taken. Those that run go on.
func (r *RAS) Closed() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed()
}

// closed is Closed; mu is held.
func (r *RAS) closed() error {
	switch {
	case r.ctx == nil:
		return errEnding
	case r.o.Gate != nil:
		return r.o.Gate.Fault()
	}
	return nil
}

// generalError is the Result Code of both Call-Replies that goes with an Error
// Code.
const generalError = uint8(pptp.IncomingGeneralError)

// ended remembers a call that is over.
func (r *RAS) ended(call *peer.Call, s *session.Session) {
	c := s.Record()
	r.leave(call, c)
	if o := s.Owed(); o != (session.Owed{}) && !r.o.Callbacks.Owe(o.User, o.Number, c.Peer, o.Delay) {
		r.o.Log.Warn("a caller is not rung: the server is shutting down", "call", c.Name, "user", o.User)
	}
	r.o.Hub.Forget(c.Name)
	r.o.Meter.Ended(c.Peer, c)
}

func (r *RAS) leave(call *peer.Call, ended record.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, call)
	r.history.Add(ended)
	r.dismiss(call.Conn())
}

func (r *RAS) session(call *peer.Call, v visitor) *session.Session {
	counters := new(record.Counters)
	r.o.Hub.Name(call.Name(), "", v.record.Peer)
	// What Connect keeps, the session keeps.
	activity, window, strip, mssByRate := r.use.Load().Activity, v.window, v.strip, v.mssByRate
	return session.New(session.Options{
		Common: v.common,
		Call:   v.Call, Connected: v.connected, Rate: v.rate,
		Connect: func(rate int, ring func()) session.Data {
			windowing, sendWindow := window.Use(call.PeerWindow())
			f := flow.New(flow.Options{Call: call.Name(), Tunnel: call, LAN: r.o.LAN, Strip: strip,
				GRE: gre.Options{PeerCallID: call.PeerID(), Windowing: windowing,
					SendWindow: sendWindow, PeerDelay: call.PeerDelay(), RecvWindow: recvWindow},
				Rate: rate, MSSByRate: mssByRate, Activity: activity,
				Ring: ring, Counters: counters, Stats: r.o.Flows, Tap: r.o.Hub})
			call.Bind(f)
			return f
		},
		Counters: counters,
		Source:   v.source,
	}, v.record)
}

// Calls lists the calls that run, then those that ended, latest first.
func (r *RAS) Calls() []record.Call {
	r.mu.Lock() // a call that ends goes from one to the other under it
	defer r.mu.Unlock()
	return append(r.list(), r.history.Latest()...)
}

// Running lists the calls that run, the oldest first.
func (r *RAS) Running() []record.Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list()
}

// list is Running; mu is held.
func (r *RAS) list() []record.Call {
	all := make([]record.Call, 0, len(r.running)+len(r.dialling))
	for _, s := range r.running {
		all = append(all, s.Record())
	}
	for one := range r.dialling {
		all = append(all, one.record)
	}
	slices.SortFunc(all, func(a, b record.Call) int { return a.Started.Compare(b.Started) })
	return all
}

// Hangup ends a call by its name, for the operator. The error is ErrNoCall.
func (r *RAS) Hangup(name string) error {
	if r.giveUp(name) {
		return nil
	}
	v := r.find(name)
	if v == nil {
		return ErrNoCall
	}
	v.End(record.Operator, "the operator ended the call")
	return nil
}

// Renegotiate has a call's PPP negotiated afresh, for the operator. The error is
// ErrNoCall or ErrNotOnline.
func (r *RAS) Renegotiate(name string) error {
	v := r.find(name)
	switch {
	case v == nil:
		return ErrNoCall
	case !v.Renegotiate():
		return ErrNotOnline
	}
	return nil
}

// find is the running call of that name; nil: there is none.
func (r *RAS) find(name string) *visit {
	r.mu.Lock()
	defer r.mu.Unlock()
	for call, v := range r.running {
		if call.Name() == name {
			return v
		}
	}
	return nil
}
