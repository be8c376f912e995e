// Package call takes calls, from the first ring to the record of how they
// ended: the caller is identified, her profile found, a PNS takes the call, her
// PPP is handed over and relayed.
package call

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"carrier/hardware/line"
	"carrier/pac/internal/host"
	"carrier/pac/internal/identify"
	"carrier/pac/internal/profile"
	"carrier/pac/internal/relay"
	"carrier/pac/internal/tunnel"
	"carrier/shared/capture"
	"carrier/shared/gre"
	"carrier/shared/record"
)

// ErrNoCall says that no running call has a name.
var ErrNoCall = errors.New("no such call")

// Settings are what a reload may change. A call keeps those that it began with.
type Settings struct {
	Profiles *profile.Table
	Tunnels  *tunnel.Tunnels
	Identify identify.Options // Log, Spoiled and Tap are each call's own
	Hosts    host.Options
	Permits  map[string]profile.Permit // what PNSs may have dialled, by their names
	Unpaced  bool                      // lines are given what they take, whatever their rate
}

// Options are what all calls work with.
type Options struct {
	Host    string // of the calls' names
	Serials *record.Serials
	Settings
	// Deaf is how long a PNS that took a call may be silent before it is taken
	// for granted that GRE does not pass; 0: 20 s.
	Deaf time.Duration

	History int // how many calls that ended are kept
	Errors  *relay.LineErrors
	Packets *gre.Counters
	Drops   *relay.Drops
	Meter   Meter
	Hub     *capture.Hub
	Log     *slog.Logger
}

// A Meter is told of calls. App's metrics have it.
type Meter interface {
	// Stage says how long a call stayed at one stage.
	Stage(s record.Stage, took time.Duration)
	// Ended counts a call that is over; bank is empty where it had no line.
	Ended(bank string, c record.Call)
}

// Calls are all calls of the program. Its methods may be called from any
// goroutine.
type Calls struct {
	o       Options
	use     atomic.Pointer[Settings]
	history *record.History
	mu      sync.Mutex
	running map[*call]struct{}
}

// New makes the table of calls.
func New(o Options) *Calls {
	o.Deaf = cmp.Or(o.Deaf, 20*time.Second)
	c := &Calls{o: o, history: record.NewHistory(o.History), running: map[*call]struct{}{}}
	c.Use(o.Settings)
	return c
}

// Use has the calls that come from now on work with other settings.
func (c *Calls) Use(s Settings) { c.use.Store(&s) }

// A Taker takes the calls of one bank.
type Taker struct {
	calls *Calls
	bank  string
}

// For is what takes the calls of a bank.
func (c *Calls) For(bank string) Taker { return Taker{c, bank} }

// Take takes one call, from ring to where only data passes, and returns what
// carries it from there to its end. ctx is the call's; it ends with a cause that
// Ended makes, or that end is given here; without one the program is shutting
// down. The line is not hung up: that is the bank's.
func (t Taker) Take(ctx context.Context, end context.CancelCauseFunc, l line.Line, ring line.Ring) (carry func()) {
	c := t.begin(l, ring, end)
	err := c.run(ctx, ring)
	return func() {
		if c.then != nil {
			err = c.then(ctx)
		}
		c.finish(err)
		c.leave(c)
	}
}

// begin makes a call of the ring.
func (t Taker) begin(l line.Line, ring line.Ring, cancel context.CancelCauseFunc) *call {
	all := t.calls
	serial, err := all.o.Serials.Next()
	now := time.Now()
	c := &call{Calls: all, use: all.use.Load(), bank: t.bank, line: l, serial: serial, cancel: cancel, since: now}
	rec := &record.Call{Name: all.o.Host + "/" + strconv.Itoa(int(serial)), Started: now, Stage: record.Ringing,
		Line: l.Name(), Called: ring.Called, Calling: ring.Calling}
	c.rec.Store(rec)
	if err != nil {
		c.log().Error("the call's serial number could not be noted", "error", err)
	}
	all.enter(c)
	return c
}

// log writes with the call's name.
func (c *call) log() *slog.Logger { return c.o.Log.With("call", c.known().Name) }

// finish makes the record of a call that is over. Whoever sees that it is finds
// it counted.
func (c *call) finish(err error) {
	r := *c.known()
	r.Ended = time.Now()
	r.Reason, r.Text = reason(err), text(err)
	r.Traffic = c.counters.Snapshot()
	c.o.Meter.Stage(r.Stage, r.Ended.Sub(c.since))
	c.o.Meter.Ended(c.bank, r)
	c.rec.Store(&r)
	c.o.Hub.Forget(r.Name)
	c.log().Info("call ended", "reason", r.Reason, "text", r.Text, "stage", r.Stage, "user", r.User,
		"pns", r.Peer, "duration", r.Ended.Sub(r.Started).Round(time.Millisecond),
		"up", r.Traffic.OctetsUp, "down", r.Traffic.OctetsDown)
	if r.Report != nil {
		c.log().Info("modem's report", "line", r.Line, "report", *r.Report)
	}
}

func (c *Calls) enter(one *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running[one] = struct{}{}
}

func (c *Calls) leave(one *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.running, one)
	c.history.Add(*one.known())
}

// Running lists the calls that run, the oldest first.
func (c *Calls) Running() []record.Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list()
}

// list is Running; mu is held.
func (c *Calls) list() []record.Call {
	all := make([]record.Call, 0, len(c.running))
	for one := range c.running {
		all = append(all, one.record())
	}
	slices.SortFunc(all, func(a, b record.Call) int { return a.Started.Compare(b.Started) })
	return all
}

// Calls lists the calls that run, then those that ended, latest first.
func (c *Calls) Calls() []record.Call {
	c.mu.Lock() // a call that ends goes from one to the other under it
	defer c.mu.Unlock()
	return append(c.list(), c.history.Latest()...)
}

// End ends the running calls for which is holds, and says how many they were.
// The caller and her PNS are told the text.
func (c *Calls) End(is func(record.Call) bool, why record.EndReason, text string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for one := range c.running {
		if is(one.record()) {
			one.cancel(&ending{why, text})
			n++
		}
	}
	return n
}

// Hangup ends a call by its name, for the operator. The error is ErrNoCall.
func (c *Calls) Hangup(name string) error {
	named := func(r record.Call) bool { return r.Name == name }
	if c.End(named, record.Operator, "the operator ended the call") == 0 {
		return ErrNoCall
	}
	return nil
}
