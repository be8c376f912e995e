// Package ras takes the calls that PACs bring: it says who may bring any, makes
// a session of each call, and knows all that run and the last that ended.
package ras

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"carrier/pns/internal/activity"
	"carrier/pns/internal/flow"
	"carrier/pns/internal/guard"
	"carrier/pns/internal/lan"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/session"
	"carrier/pns/internal/users"
	"carrier/shared/capture"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/vj"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// window is the Packet Recv. Window Size that we advertise: data from a caller
// goes straight on to the LAN.
const window = 64

// ErrNoCall says that no running call has a name.
var ErrNoCall = errors.New("no such call")

// A PAC may bring calls from the addresses of From.
type PAC struct {
	Name   string
	From   []netip.Prefix
	Remote peer.Remote // Name and Addr are filled here
	// MSSByRate: what her line takes long for is kept short.
	MSSByRate bool
}

// Settings are what a reload may change. Calls keep those that they began with,
// but for Users.
type Settings struct {
	PACs  []PAC
	Users *users.Table
	Link  link.Options // of every session
	// Coding is how data may be coded.
	Coding   session.Coding
	VJ       vj.Slots // asked of callers, and done where they ask
	DNS      []netip.Addr
	IPv6     *session.IPv6 // nil: none
	NBNS     []netip.Addr
	Lossy    int           // of a hundred frames: more is counted and logged; 0: never
	Identify string        // what callers are told that we are; empty: nothing
	Idle     time.Duration // 0: none
	// Activity is what does not keep a call from being idle.
	Activity *activity.Filter
	Limit    time.Duration // of a call's length, 0: none
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
	Prober session.Prober // nil: addresses are nobody else's
	MTU    int            // 0: the LAN's default
	Guard  *guard.Guard   // against who guesses passwords; it outlasts reloads
	// Passwords are those that users have changed.
	Passwords *users.Passwords

	History  int // how many calls that ended are kept
	Sessions *session.Stats
	Flows    *flow.Stats
	Meter    Meter
	Hub      *capture.Hub
	Log      *slog.Logger
}

// A Meter is told of calls. App's metrics have it.
type Meter interface {
	// Ended counts a call that is over. pac is the configured name of who
	// brought it.
	Ended(pac string, c record.Call)
}

// A RAS takes calls; it is a peer.Handler. Its methods may be called from any
// goroutine.
type RAS struct {
	o       Options
	use     atomic.Pointer[use]
	online  *session.Online
	history *record.History

	mu       sync.Mutex
	running  map[*peer.Call]*visit
	sessions sync.WaitGroup
	ctx      context.Context // of the sessions; nil while no call is taken
}

// A visit is a call that runs.
type visit struct {
	*session.Session
	from  origin
	until time.Time // when it must end, for its PAC may bring calls no more; zero: it need not
}

// An origin is where a call comes from; *peer.Conn is one.
type origin interface {
	PeerAddr() netip.AddrPort
	Remote() peer.Remote
}

// New makes a RAS that refuses calls until Run.
func New(o Options) *RAS {
	r := &RAS{o: o, online: session.NewOnline(), history: record.NewHistory(o.History), running: map[*peer.Call]*visit{}}
	r.apply(o.Settings)
	return r
}

// Run takes calls until ctx ends. Those that run then may go on for a while;
// when it is over every caller is told so. Run returns when all calls have
// ended.
func (r *RAS) Run(ctx context.Context) error {
	calls, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	r.mu.Lock()
	r.ctx = calls
	r.mu.Unlock()
	<-ctx.Done()
	r.mu.Lock()
	r.ctx = nil
	r.mu.Unlock()
	defer time.AfterFunc(r.use.Load().Drain, end).Stop()
	r.sessions.Wait()
	return ctx.Err()
}

// Admit knows a PAC by its address.
func (r *RAS) Admit(from netip.AddrPort) (peer.Remote, error) {
	for _, p := range r.use.Load().PACs {
		for _, prefix := range p.From {
			if prefix.Contains(from.Addr()) {
				remote := p.Remote
				remote.Name = p.Name
				return remote, nil
			}
		}
	}
	return peer.Remote{}, fmt.Errorf("no [[pac]] has %v among its addresses", from.Addr())
}

// Incoming makes a session of a call that a PAC brings.
func (r *RAS) Incoming(call *peer.Call) {
	req, _ := call.Request().(pptp.IncomingCallRequest)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx == nil {
		r.o.Log.Warn("call refused", "call", call.Name(), "reason", record.Shutdown)
		call.Refuse(uint8(pptp.IncomingGeneralError), uint8(pptp.NoResource))
		return
	}
	if r.Strange(call.Conn()) {
		r.o.Log.Warn("call refused: its PAC may bring calls no more", "call", call.Name(), "pac", call.Conn().Remote().Name)
		call.Refuse(uint8(pptp.IncomingGeneralError), uint8(pptp.NoResource)) // another PNS may take it
		r.dismiss(call.Conn())
		return
	}
	pac := call.Conn().Remote().Name
	r.o.Log.Info("incoming call", "call", call.Name(), "pac", pac, "called", req.DialedNumber, "calling", req.DialingNumber)
	s := r.session(call, pac, req)
	r.running[call] = &visit{Session: s, from: call.Conn()}
	call.Accept(window, 0)
	ctx := r.ctx
	r.sessions.Go(func() {
		s.Run(ctx)
		r.ended(call, s)
	})
}

// ended remembers a call that is over.
func (r *RAS) ended(call *peer.Call, s *session.Session) {
	c := s.Record()
	r.leave(call, c)
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

// Outgoing refuses: this program has no lines.
func (r *RAS) Outgoing(call *peer.Call) {
	r.o.Log.Warn("outgoing call refused: there are no lines here", "peer", call.Conn().Remote().Name)
	call.Refuse(uint8(pptp.OutgoingDoNotAccept), uint8(pptp.NoError))
}

func (r *RAS) session(call *peer.Call, pac string, req pptp.IncomingCallRequest) *session.Session {
	counters := new(record.Counters)
	r.o.Hub.Name(call.Name(), "", pac)
	use := r.use.Load()
	return session.New(session.Options{
		Common: use.common,
		Call:   call,
		Connect: func(m pptp.IncomingCallConnected, ring func()) session.Data {
			return r.connect(call, m, use, counters, ring)
		},
		Counters: counters,
		Source:   guard.From(call.Conn().PeerAddr().Addr(), req.DialingNumber),
	}, record.Call{Name: call.Name(), Started: time.Now(), Peer: pac, Called: req.DialedNumber, Calling: req.DialingNumber})
}

func (u *use) mssByRate(pac string) bool {
	return slices.ContainsFunc(u.PACs, func(p PAC) bool { return p.Name == pac && p.MSSByRate })
}

// connect ties the data half of a call to its tunnel.
func (r *RAS) connect(call *peer.Call, m pptp.IncomingCallConnected, use *use, counters *record.Counters, ring func()) session.Data {
	f := flow.New(flow.Options{Call: call.Name(), Tunnel: call, LAN: r.o.LAN,
		GRE: gre.Options{PeerCallID: call.PeerID(), Windowing: call.Conn().Remote().Windowing,
			SendWindow: int(m.Window), PeerDelay: call.PeerDelay(), RecvWindow: window},
		Rate: int(min(m.ConnectSpeed, math.MaxInt32)), MSSByRate: use.mssByRate(call.Conn().Remote().Name),
		Activity: use.Activity, Ring: ring, Counters: counters, Stats: r.o.Flows, Tap: r.o.Hub})
	call.Bind(f)
	return f
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
	all := make([]record.Call, 0, len(r.running))
	for _, s := range r.running {
		all = append(all, s.Record())
	}
	slices.SortFunc(all, func(a, b record.Call) int { return a.Started.Compare(b.Started) })
	return all
}

// Hangup ends a call by its name, for the operator. The error is ErrNoCall.
func (r *RAS) Hangup(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for call, s := range r.running {
		if call.Name() == name {
			s.End(record.Operator, "the operator ended the call")
			return nil
		}
	}
	return ErrNoCall
}
