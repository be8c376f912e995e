// Package callback rings back the callers to whom that was promised. It keeps who is
// owed a call until a line has reached her, or it has lasted too long.
package callback

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"carrier/shared/ppp/cbcp"
)

// A Debt is a call that a user is owed.
type Debt struct {
	User   string
	Number string
	PAC    string    // by which she came
	Due    time.Time // she is not to be rung before
	Until  time.Time // after that it is given up
	Tries  int       // that came to nothing
	Why    string    // the last of them; "": there was none
}

// Options say how callers are rung.
type Options struct {
	Through []string      // the PACs that are asked to ring, one after the other; none: the one by which she came
	Every   time.Duration // between two rounds of them
	Within  time.Duration // so long a call is owed, from when she may be rung
}

// Defaults of Options, in an empty table of the configuration.
const (
	DefaultEvery  = 30 * time.Second
	DefaultWithin = 5 * time.Minute
)

// A Ringer has a PAC dial a number. It returns when the line is connected, and the
// call's name, or why it was not. Whoever answers can be nobody but user.
type Ringer interface {
	Ring(ctx context.Context, pac, number, user string) (call string, err error)
}

// leastDelay is how long a caller's modem and that of the PAC have at least, to hang up
// and be ready, whatever she asks for.
const leastDelay = 2 * time.Second

// Stats count debts, by what became of them. Any goroutine may read them.
type Stats struct {
	Paid     atomic.Uint64 // a line reached her
	Replaced atomic.Uint64 // she asked once more meanwhile
	GivenUp  atomic.Uint64
}

// A Desk keeps the debts. Any goroutine may use it. A program that ends forgets them.
type Desk struct {
	ringer Ringer
	log    *slog.Logger
	stats  *Stats

	mu    sync.Mutex
	o     Options
	ctx   context.Context  // of the ringing; nil while there is none
	debts map[string]*debt // by user
	wg    sync.WaitGroup
}

type debt struct {
	Debt
	cancel context.CancelFunc
}

// New makes a Desk that takes no debts until Run.
func New(r Ringer, s *Stats, log *slog.Logger) *Desk {
	return &Desk{ringer: r, log: log, stats: s, o: Options{Every: DefaultEvery, Within: DefaultWithin}, debts: map[string]*debt{}}
}

// Use lets other options hold, for the debts that there are, too; but how long each is
// owed was decided when it was made.
func (d *Desk) Use(o Options) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.o = o
}

// Run rings until ctx ends. Calls that are being dialled then are given up.
func (d *Desk) Run(ctx context.Context) error {
	d.mu.Lock()
	d.ctx = ctx
	d.mu.Unlock()
	<-ctx.Done()
	d.mu.Lock()
	d.ctx = nil
	d.mu.Unlock()
	d.wg.Wait()
	return ctx.Err()
}

// Owe has a user rung after a delay, in place of what she was owed before. It is
// false, and nothing is owed, where nobody rings: the program is about to end.
func (d *Desk) Owe(user, number, pac string, delay time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx == nil {
		return false
	}
	if old := d.debts[user]; old != nil {
		old.cancel()
		d.stats.Replaced.Add(1)
	}
	due := time.Now().Add(min(max(delay, leastDelay), cbcp.MaxDelay))
	ctx, cancel := context.WithCancel(d.ctx)
	one := &debt{Debt{User: user, Number: number, PAC: pac, Due: due, Until: due.Add(d.o.Within)}, cancel}
	d.debts[user] = one
	d.log.Info("a caller is to be rung", "user", user, "number", number, "after", delay)
	d.wg.Go(func() {
		defer cancel()
		d.pay(ctx, one)
	})
	return true
}

// Owed lists the debts, the first that is due first.
func (d *Desk) Owed() []Debt {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]Debt, 0, len(d.debts))
	for _, one := range d.debts {
		all = append(all, one.Debt)
	}
	slices.SortFunc(all, func(a, b Debt) int {
		if c := a.Due.Compare(b.Due); c != 0 {
			return c
		}
		return strings.Compare(a.User, b.User)
	})
	return all
}

// pay rings until a line reaches the user, the time is over, or ctx ends.
func (d *Desk) pay(ctx context.Context, one *debt) {
	due := one.Due
	for {
		timer := time.NewTimer(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			d.forget(one)
			return
		}
		call, err := d.round(ctx, one)
		switch {
		case err == nil:
			d.forget(one)
			d.stats.Paid.Add(1)
			d.log.Info("rung back", "user", one.User, "number", one.Number, "call", call)
			return
		case ctx.Err() != nil:
			d.forget(one)
			return
		}
		if due = d.failed(one, err); due.IsZero() {
			d.stats.GivenUp.Add(1)
			d.log.Warn("a caller is rung no more", "user", one.User, "number", one.Number, "tries", one.Tries, "error", err)
			return
		}
	}
}

// round asks each PAC once, until one has reached the user. The error is the last
// one's.
func (d *Desk) round(ctx context.Context, one *debt) (call string, err error) {
	d.mu.Lock()
	through := d.o.Through
	d.mu.Unlock()
	if len(through) == 0 {
		through = []string{one.PAC}
	}
	for _, pac := range through {
		if call, err = d.ringer.Ring(ctx, pac, one.Number, one.User); err == nil || ctx.Err() != nil {
			return call, err
		}
		d.log.Warn("a caller was not reached", "user", one.User, "number", one.Number, "pac", pac, "error", err)
	}
	return "", err
}

// failed notes a round that came to nothing, and when the next is due; zero: there
// is none any more.
func (d *Desk) failed(one *debt, err error) (due time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one.Tries, one.Why = one.Tries+1, err.Error()
	if due = time.Now().Add(d.o.Every); due.After(one.Until) {
		d.drop(one)
		return time.Time{}
	}
	one.Due = due
	return due
}

func (d *Desk) forget(one *debt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drop(one)
}

// drop takes a debt off the list, if no other stands there for it; mu is held.
func (d *Desk) drop(one *debt) {
	if d.debts[one.User] == one {
		delete(d.debts, one.User)
	}
}
