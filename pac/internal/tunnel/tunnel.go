// Package tunnel places callers' calls at PNSs: it knows how each is reached,
// tries a profile's endpoints in order, and leaves alone for a while what just
// proved dead.
package tunnel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/quirk"
)

// A PNS is how one PNS is reached, where that differs from the defaults.
type PNS struct {
	Name      string // for logs and metrics
	At        string // as profiles name it, besides Name
	Connect   string // host or host:port where it really is; empty: At
	Transport peer.Transport
	UDPPort   uint16 // 0: the default
	OneCall   bool   // each call has a control connection of its own
	Opens     bool   // it opens the control connection, and we never do
	// From is where it may open a control connection from; none: nowhere.
	From     []netip.Prefix
	Settings quirk.Settings
	Limits   peer.Limits
}

// Options of the tunnels. Zero durations and counts take the defaults.
type Options struct {
	PNS      []PNS
	Resolver resolver
	// Attempts bounds how many addresses one call tries (default 4), Attempt how
	// long each may take (4 s), and both together how long a caller waits.
	Attempts int
	Attempt  time.Duration
	// LockOut is how long an endpoint that failed is asked last (30 s).
	LockOut time.Duration
	Log     *slog.Logger
	Stats   *Stats
}

// resolver is what of *net.Resolver is needed.
type resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Tunnels places calls through one endpoint. Its methods may be called from any
// goroutine.
type Tunnels struct {
	o        Options
	endpoint *peer.Endpoint
	dead     *lockOut
}

// New places calls through e.
func New(e *peer.Endpoint, o Options) *Tunnels {
	o.Attempts = cmp.Or(o.Attempts, 4)
	o.Attempt = cmp.Or(o.Attempt, 4*time.Second)
	o.LockOut = cmp.Or(o.LockOut, 30*time.Second)
	for _, p := range o.PNS {
		o.Stats.add(p.Name, Count{}) // zeros before its first call
	}
	return &Tunnels{o: o, endpoint: e, dead: &lockOut{until: map[netip.AddrPort]time.Time{}}}
}

// Anew places calls as other options say, and knows which endpoints failed
// lately.
func (t *Tunnels) Anew(o Options) *Tunnels {
	n := New(t.endpoint, o)
	n.dead = t.dead
	return n
}

// Place offers a call to the endpoints, each address of each in order, until
// one takes it. A PNS that is full or cannot be reached leads to the next; one
// that does not want the call ends the search. The error is a *PlaceError, or
// ctx's cause.
func (t *Tunnels) Place(ctx context.Context, endpoints []string, req pptp.IncomingCallRequest) (*peer.Call, error) {
	caller := ctx
	total := time.Duration(t.o.Attempts) * t.o.Attempt
	ctx, cancel := context.WithTimeoutCause(ctx, total, fmt.Errorf("no PNS was found within %v", total))
	defer cancel()
	remotes, tried := t.remotes(ctx, endpoints)
	for _, r := range remotes[:min(len(remotes), t.o.Attempts)] {
		call, err := t.offer(ctx, r, req)
		if err == nil {
			t.dead.clear(r.Addr)
			t.o.Stats.placed(r.Name)
			return call, nil
		}
		if caller.Err() != nil {
			return nil, context.Cause(caller)
		}
		final := unwanted(err)
		t.o.Stats.failed(r.Name)
		t.o.Log.Warn("PNS did not take the call", "pns", r.Name, "address", r.Addr, "error", err)
		tried = append(tried, Attempt{PNS: r.Name, Addr: r.Addr, Err: err})
		if final {
			return nil, &PlaceError{Attempts: tried, Refused: true}
		}
		if !errors.Is(err, errAbsent) { // who comes back is asked at once
			t.dead.note(r.Addr, time.Now().Add(t.o.LockOut))
		}
	}
	return nil, &PlaceError{Attempts: tried}
}

// Treatment is what is configured of the peer that an endpoint led to.
func (t *Tunnels) Treatment(r peer.Remote) peer.Remote { return t.pns(r.Name).remote(r.Addr) }

// Failed notes that a call that was placed there showed the endpoint to be of
// no use: no GRE came through.
func (t *Tunnels) Failed(r peer.Remote) {
	t.dead.note(r.Addr, time.Now().Add(t.o.LockOut))
	t.o.Stats.failed(r.Name)
}

func (t *Tunnels) offer(ctx context.Context, r peer.Remote, req pptp.IncomingCallRequest) (*peer.Call, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, t.o.Attempt, fmt.Errorf("no answer within %v", t.o.Attempt))
	defer cancel()
	conn, err := t.reach(ctx, r)
	if err != nil {
		return nil, explain(ctx, err)
	}
	call, err := conn.Offer(ctx, req)
	if err != nil {
		return nil, explain(ctx, err)
	}
	return call, nil
}

// errAbsent is that a PNS which opens the control connection has none with us.
var errAbsent = errors.New("the PNS opens the control connection, and there is none now")

// reach is the control connection to a PNS.
func (t *Tunnels) reach(ctx context.Context, r peer.Remote) (*peer.Conn, error) {
	if !t.pns(r.Name).Opens {
		return t.endpoint.Dial(ctx, r)
	}
	if c := t.endpoint.Of(r.Name); c != nil {
		return c, nil
	}
	return nil, errAbsent
}

// explain prefers why a context ended to the fact that it did.
func explain(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return cmp.Or(context.Cause(ctx), err)
	}
	return err
}

// unwanted tells a PNS that does not want this call (RFC 2637 §2.10) from one
// that cannot take it.
func unwanted(err error) bool {
	var refused *peer.RefusedError
	return errors.As(err, &refused) && !(refused.Result == uint8(pptp.IncomingGeneralError) && refused.Code == pptp.NoResource)
}
