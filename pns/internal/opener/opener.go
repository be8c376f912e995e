// Package opener keeps control connections open to PACs that are not to open them
// themselves: those that cannot reach us, for example because a NAT router hides us.
package opener

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"carrier/pns/internal/dial"
	"carrier/shared/peer"
)

// The pauses between attempts grow from the shortest to the longest. A connection that
// lasts no longer than that counts as an attempt that failed.
const (
	shortest = time.Second
	longest  = 30 * time.Second
)

// A Conn is a control connection; *peer.Conn is one.
type Conn interface {
	Done() <-chan struct{}
	Err() error
}

// Options are what an Opener is made of.
type Options struct {
	// Open opens a control connection, or finds the one that there is.
	Open func(context.Context, peer.Remote) (Conn, error)
	Log  *slog.Logger
}

// An Opener keeps a control connection to each of some PACs. Its methods may be
// called from any goroutine.
type Opener struct {
	o Options

	mu   sync.Mutex
	ctx  context.Context // nil while Run does not run
	pacs []*pac
	wg   sync.WaitGroup
}

// A pac is one of them.
type pac struct {
	remote peer.Remote
	stop   context.CancelFunc // nil: it has not begun
	state  State              // guarded by Opener.mu
}

// A State tells of one PAC whether it has the connection that we keep.
type State struct {
	Name      string
	Addr      netip.AddrPort
	Transport peer.Transport
	Up        bool
	Next      time.Time // of the next attempt; zero: it is under way, or not needed
	Text      string    // why there is no connection, once one has failed
}

// New makes an Opener that opens nothing until Run.
func New(o Options, pacs []peer.Remote) *Opener {
	p := &Opener{o: o}
	p.Use(pacs)
	return p
}

// Run keeps the connections until ctx ends. They last longer.
func (o *Opener) Run(ctx context.Context) error {
	o.mu.Lock()
	o.ctx = ctx
	for _, p := range o.pacs {
		o.start(p)
	}
	o.mu.Unlock()
	<-ctx.Done()
	o.mu.Lock()
	o.ctx = nil
	o.mu.Unlock()
	o.wg.Wait()
	return ctx.Err()
}

// Use keeps connections to other PACs from now on. What is open stays so.
func (o *Opener) Use(pacs []peer.Remote) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.pacs
	o.pacs = nil
	for _, r := range pacs {
		i := slices.IndexFunc(before, func(p *pac) bool {
			return p.remote.Name == r.Name && p.remote.Addr == r.Addr && p.remote.Transport == r.Transport
		})
		if i < 0 {
			o.pacs = append(o.pacs, &pac{remote: r, state: State{Name: r.Name, Addr: r.Addr, Transport: r.Transport}})
			continue
		}
		before[i].remote = r // with what is said of it now
		o.pacs = append(o.pacs, before[i])
		before = slices.Delete(before, i, i+1)
	}
	for _, p := range before {
		if p.stop != nil {
			p.stop()
		}
	}
	for _, p := range o.pacs {
		if o.ctx != nil && p.stop == nil {
			o.start(p)
		}
	}
}

// States tell of each PAC, by their names.
func (o *Opener) States() (all []State) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.pacs {
		all = append(all, p.state)
	}
	slices.SortFunc(all, func(a, b State) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// start keeps one connection; mu is held.
func (o *Opener) start(p *pac) {
	ctx, stop := context.WithCancel(o.ctx)
	p.stop = stop
	o.wg.Go(func() {
		defer stop()
		o.keep(ctx, p)
	})
}

// keep opens the connection again and again.
func (o *Opener) keep(ctx context.Context, p *pac) {
	for failed := 1; ; failed++ {
		lasted, err := o.once(ctx, p)
		if ctx.Err() != nil {
			return
		}
		if lasted > longest {
			failed = 1
		}
		wait := dial.Pause(failed, shortest, longest)
		o.lost(p, failed, err, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// once opens the connection, waits for its end, and returns how long it lasted.
func (o *Opener) once(ctx context.Context, p *pac) (lasted time.Duration, err error) {
	o.mu.Lock()
	remote := p.remote
	p.state.Next = time.Time{}
	o.mu.Unlock()
	c, err := o.o.Open(ctx, remote)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	o.mu.Lock()
	p.state.Up, p.state.Text = true, ""
	o.mu.Unlock()
	select {
	case <-c.Done():
	case <-ctx.Done():
	}
	return time.Since(began), c.Err()
}

// lost notes that there is no connection. Of attempts that fail alike the first is
// told.
func (o *Opener) lost(p *pac, failed int, err error, wait time.Duration) {
	text := err.Error()
	o.mu.Lock()
	news := failed == 1 || p.state.Text != text
	p.state.Up, p.state.Text, p.state.Next = false, text, time.Now().Add(wait)
	o.mu.Unlock()
	if news {
		o.o.Log.Warn("PAC has no control connection with us", "pac", p.remote.Name, "address", p.remote.Addr, "error", err)
	}
}
