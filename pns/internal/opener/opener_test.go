package opener

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/peer"
	"carrier/shared/quirk"
)

// A fake connection ends when it is told.
type fake struct {
	remote peer.Remote
	done   chan struct{}
	err    error // set before done is closed
}

func (f *fake) Done() <-chan struct{} { return f.done }

func (f *fake) Err() error {
	select {
	case <-f.done:
		return f.err
	default:
		return nil
	}
}

func (f *fake) end(err error) {
	f.err = err
	close(f.done)
}

// A network is where PACs are reached, or not.
type network struct {
	mu       sync.Mutex
	down     error
	attempts []time.Time
	conns    []*fake
}

func (n *network) open(_ context.Context, r peer.Remote) (Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.attempts = append(n.attempts, time.Now())
	if n.down != nil {
		return nil, n.down
	}
	f := &fake{remote: r, done: make(chan struct{})}
	n.conns = append(n.conns, f)
	return f, nil
}

// fails has all attempts fail so from now on; nil: none.
func (n *network) fails(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = err
}

// seen is when there were attempts, and what came of them.
func (n *network) seen() ([]time.Time, []*fake) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.attempts), slices.Clone(n.conns)
}

func remote(name, addr string) peer.Remote {
	return peer.Remote{Name: name, Addr: netip.MustParseAddrPort(addr)}
}

var atlanta, macon = remote("atlanta", "192.0.2.1:1723"), remote("macon", "192.0.2.9:1723")

// started is an Opener that runs in a bubble.
func started(t *testing.T, n *network, log *strings.Builder, pacs ...peer.Remote) *Opener {
	o := New(Options{Open: n.open, Log: slog.New(slog.NewTextHandler(log, nil))}, pacs)
	if tried, _ := n.seen(); len(tried) > 0 {
		t.Error("it opens before it runs")
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	t.Cleanup(func() {
		end()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
	synctest.Wait()
	return o
}

// While a PAC is not there it is tried ever less often; once it is there, that is
// over.
func TestAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, log := new(network), new(strings.Builder)
		n.fails(errors.New("refused"))
		o := started(t, n, log, atlanta)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		tried, _ := n.seen()
		for i, at := range tried[1:] {
			most := min(shortest<<min(i, 8), longest)
			if took := at.Sub(tried[i]); took > most || took < most/2 {
				t.Errorf("attempt %d comes after %v, want from %v to %v", i+2, took, most/2, most)
			}
		}
		if s := o.States()[0]; s.Up || s.Text != "refused" || s.Next.Before(time.Now()) || s.Next.After(time.Now().Add(longest)) {
			t.Errorf("%+v", s)
		}
		if said := strings.Count(log.String(), "pac=atlanta"); said != 1 {
			t.Errorf("it is told %d times:\n%s", said, log)
		}
		n.fails(nil)
		time.Sleep(longest)
		synctest.Wait()
		tried, conns := n.seen()
		if s := o.States()[0]; len(conns) != 1 || !s.Up || s.Text != "" {
			t.Fatalf("%d connections, %+v", len(conns), s)
		}
		time.Sleep(time.Hour)
		conns[0].end(errors.New("no Echo-Reply"))
		synctest.Wait()
		if s := o.States()[0]; s.Up || s.Text != "no Echo-Reply" {
			t.Errorf("%+v", s)
		}
		time.Sleep(shortest)
		synctest.Wait()
		if again, _ := n.seen(); len(again) != len(tried)+1 || !o.States()[0].Up {
			t.Errorf("%d attempts within %v of the end", len(again)-len(tried), shortest)
		}
	})
}

// A PAC that lets nobody stay is not asked again and again.
func TestConnectionsThatDoNotLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(network)
		started(t, n, new(strings.Builder), atlanta)
		for range 600 {
			if _, conns := n.seen(); conns[len(conns)-1].Err() == nil {
				conns[len(conns)-1].end(errors.New("stopped by the peer"))
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if _, conns := n.seen(); len(conns) < 20 || len(conns) > 50 {
			t.Errorf("%d connections in ten minutes", len(conns))
		}
	})
}

// A reload leaves alone what stays, with what is new of its treatment; it begins what
// is new, and tries no more what is there no more.
func TestUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(network)
		o := started(t, n, new(strings.Builder), atlanta)
		treated := atlanta
		treated.Settings.Window, treated.Limits.Rate = quirk.NoWindow, 7
		o.Use([]peer.Remote{macon, treated})
		synctest.Wait()
		_, conns := n.seen()
		if s := o.States(); len(conns) != 2 || conns[1].remote != macon || len(s) != 2 || s[0].Name != "atlanta" || !s[1].Up {
			t.Fatalf("%d connections, %+v", len(conns), s)
		}
		conns[0].end(errors.New("gone"))
		time.Sleep(shortest)
		synctest.Wait()
		if _, conns = n.seen(); len(conns) != 3 || conns[2].remote != treated {
			t.Fatalf("%d connections, the last %+v", len(conns), conns[len(conns)-1].remote)
		}
		o.Use([]peer.Remote{macon})
		conns[2].end(errors.New("gone"))
		time.Sleep(time.Hour)
		synctest.Wait()
		if _, conns = n.seen(); len(conns) != 3 || len(o.States()) != 1 || o.States()[0].Addr != macon.Addr {
			t.Errorf("%d connections, %+v", len(conns), o.States())
		}
	})
}
