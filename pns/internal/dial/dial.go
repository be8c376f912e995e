// Package dial keeps calls open, a branch office's to its head office: to PPTP servers,
// or to telephone numbers that a PAC dials. For these we are the caller: we log in, are
// given an address, and what is behind the other end is routed there.
package dial

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"carrier/pns/internal/activity"
	"carrier/pns/internal/flow"
	"carrier/pns/internal/session"
	"carrier/shared/capture"
	"carrier/shared/conf"
	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// An Entry is one call to be open, all the time or while it is wanted.
type Entry struct {
	Name    string
	Servers []Server    // they are tried in this order, each at all its addresses
	Remote  peer.Remote // how they are reached; Name and Addr are filled here
	Number  *Number     // in place of Servers; nil: none
	// Settings are those of the session: Link has our Login, and is said what to demand
	// of the server in Ask.
	Settings session.Settings
	MTU      int // as session.Common's
	Dial     session.Dial
	OnDemand bool // it is opened by the first packet for Dial.Routes
	// Retry is how long to wait after the first failure, and twice as long after each
	// that follows, up to RetryMax; up to half of it, at random, is left out.
	Retry, RetryMax time.Duration
	Activity        *activity.Filter // what does not open the call, nor keep it from being idle
	Sum             conf.Sum         // of what the configuration says: an entry with another is another
}

// A Number is a telephone number, and how a PAC is to dial it.
type Number struct {
	PAC       string                   // its configured name
	Request   pptp.OutgoingCallRequest // CallSerialNumber and Window are filled here
	MSSByRate bool                     // as flow.Options has it
}

// Options are what the calls are made of.
type Options struct {
	Endpoint  *peer.Endpoint
	LAN       LAN
	Delegator session.Delegator
	Serials   *record.Serials
	Resolver  resolver // finds the addresses of servers
	Pinner    Pinner   // needed where a network of length 0 is among some Routes
	PACs      PACs     // of entries with a Number
	History   int      // how many calls that ended are kept

	Sessions *session.Stats
	Flows    *flow.Stats
	Meter    Meter
	Hub      *capture.Hub
	Log      *slog.Logger
}

// A Pinner keeps the way to a server as it is, until release, so that a tunnel that has
// everything does not lead into itself; lan/tun is one.
type Pinner interface {
	Pin(server netip.Addr) (release func(), err error)
}

// LAN is what is to be reached from behind the servers; a lan.Network is one.
type LAN interface {
	session.LAN
	flow.LAN
}

// PACs dial numbers; a *ras.RAS has them do so.
type PACs interface {
	// Place has one dial, and waits until the line is connected: the call is the asker's
	// then. Without a call why is the reason, and err its text.
	Place(ctx context.Context, pac string, r pptp.OutgoingCallRequest) (call *peer.Call, why record.EndReason, err error)
}

// A Meter is told of calls. App's metrics have it.
type Meter interface {
	// Dialled counts an attempt at an entry's call that is over, whether or not there
	// was a call.
	Dialled(entry string, c record.Call)
}

// A Dialler keeps the calls of its entries. Its methods may be called from any
// goroutine.
type Dialler struct {
	o       Options
	history *record.History

	mu    sync.Mutex
	ctx   context.Context // of the lines; nil while Run does not run
	lines []*line         // in the order of the entries
	wg    sync.WaitGroup
}

// ErrNoCall says that no running call has a name.
var ErrNoCall = errors.New("no such call")

// New makes a Dialler that calls nobody until Run.
func New(o Options, entries []Entry) *Dialler {
	d := &Dialler{o: o, history: record.NewHistory(o.History)}
	d.Use(entries)
	return d
}

// Run keeps the calls until ctx ends, and then ends them.
func (d *Dialler) Run(ctx context.Context) error {
	d.mu.Lock()
	d.ctx = ctx
	for _, l := range d.lines {
		d.start(l)
	}
	d.mu.Unlock()
	<-ctx.Done()
	d.mu.Lock()
	d.ctx = nil
	d.mu.Unlock()
	d.wg.Wait()
	return ctx.Err()
}

// start runs a line; mu is held.
func (d *Dialler) start(l *line) {
	ctx, stop := context.WithCancel(d.ctx)
	l.stop = stop
	d.wg.Go(func() {
		defer stop()
		l.run(ctx)
	})
}

// Use keeps the calls of other entries from now on. Of an entry that is the same as
// before, or differs in what is not its own, the call goes on; others end. Numbers that
// may not be dialled are dialled once more.
func (d *Dialler) Use(entries []Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.lines
	d.lines = nil
	for _, e := range entries {
		i := slices.IndexFunc(before, func(l *line) bool { return l.is(e) })
		if i >= 0 {
			before[i].use(e)
			d.lines = append(d.lines, before[i])
			before = slices.Delete(before, i, i+1)
			continue
		}
		d.lines = append(d.lines, newLine(&d.o, d.history, e))
	}
	var ended []<-chan struct{}
	for _, l := range before {
		ended = append(ended, l.retire())
	}
	if d.ctx == nil {
		return
	}
	for _, l := range d.lines {
		if l.stop == nil {
			l.after = ended
			d.start(l)
		}
	}
}

// Running lists the calls that run, in the order of the entries.
func (d *Dialler) Running() (all []record.Call) {
	for _, l := range d.list() {
		if s := l.session(); s != nil {
			all = append(all, s.Record())
		}
	}
	return all
}

// Ended lists the calls that ended, and the attempts at some, the latest first.
func (d *Dialler) Ended() []record.Call { return d.history.Latest() }

// States tells of each entry what its call does.
func (d *Dialler) States() []State {
	var all []State
	for _, l := range d.list() {
		all = append(all, l.state())
	}
	return all
}

// Find is the session of the running call of that name. The error is ErrNoCall.
func (d *Dialler) Find(name string) (*session.Session, error) {
	for _, l := range d.list() {
		if s := l.session(); s != nil && s.Record().Name == name {
			return s, nil
		}
	}
	return nil, ErrNoCall
}

func (d *Dialler) list() []*line {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}
