//go:build realtime

package scenario

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carrier/hardware/caller"
	"carrier/hardware/exchange"
)

// How a slow line is measured, in real time.
const (
	settling  = 20 * time.Second // until the download has found its speed, and pac the line's
	finding   = 40 * time.Second // where the far end must have been full before that
	measuring = 30 * time.Second
	pause     = 200 * time.Millisecond // between pings
)

// A gauge counts octets.
type gauge struct{ n atomic.Int64 }

func (g *gauge) Write(b []byte) (int, error) {
	g.n.Add(int64(len(b)))
	return len(b), nil
}

// figures are what a caller on a line has of it.
type figures struct {
	median, late time.Duration // of pings; late is the 99th percentile
	pings        int
	used         float64 // of what the line carries towards her: octets with framing and escapes, eight bits each
	payload      float64 // octets of the download a second
}

func (f figures) String() string {
	return fmt.Sprintf("%d pings: median %v, 99th percentile %v; %.1f %% of the line used, %.0f octets/s of the download",
		f.pings, f.median.Round(time.Millisecond), f.late.Round(time.Millisecond), 100*f.used, f.payload)
}

// downloads has a call download without end, until the test is over.
func (w *world) downloads(c *caller.Call) *gauge {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	got := new(gauge)
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_, _ = c.Download(ctx, "http://2.1.1.10/data?n=4000000", got) // ends with ctx or the call
		}
	}()
	w.t.Cleanup(func() {
		stop()
		<-done
	})
	return got
}

// measures pings beside a download, which began that long before.
func (w *world) measures(c *caller.Call, rate int, line, download *gauge, before time.Duration) figures {
	w.t.Helper()
	<-time.NewTimer(before).C // real time: the line is a slow one
	tick := time.NewTicker(pause)
	defer tick.Stop()
	var trips []time.Duration
	octets, payload, began := line.n.Load(), download.n.Load(), time.Now()
	for time.Since(began) < measuring {
		<-tick.C
		trip, err := c.Ping(within(w.t), c.Peer())
		if err != nil {
			w.t.Errorf("ping: %v", err)
			return figures{}
		}
		trips = append(trips, trip)
	}
	took := time.Since(began).Seconds()
	slices.Sort(trips)
	return figures{median: trips[len(trips)/2], late: trips[len(trips)*99/100], pings: len(trips),
		used:    float64(line.n.Load()-octets) * 8 / took / float64(rate),
		payload: float64(download.n.Load()-payload) / took}
}

// windows is how often a case is measured at most: a machine that stands still for a
// second or two spoils one.
const windows = 3

// within tells whether a ping took no longer than that, and the line was used.
func (f figures) within(median, late time.Duration) bool {
	return f.median <= median && f.late <= late && f.used >= 0.95
}

// recorded has an exchange count what goes to callers, by their number.
func recorded(s *setting, lines ...*gauge) {
	s.phones.Record = func(c exchange.Call) (io.Writer, io.Writer, error) {
		return io.Discard, lines[c.From[len(c.From)-1]-'1'], nil
	}
}

// TestPacing measures a ping beside a download at 28,800 bit/s, with all that
// keeps it short and without, which must show. The cases run side by side, and
// nothing else.
func TestPacing(t *testing.T) {
	const rate = 28800
	// vague are modems that tell how fast their ports are.
	vague := exchange.Options{Rules: []exchange.Rule{{Conditions: exchange.Conditions{Rate: rate, Connect: "115200"}}}}
	var mu sync.Mutex
	all := make(map[string]figures)
	t.Run("cases", func(t *testing.T) {
		t.Run("unlike rates", unlikeRates)
		for _, tt := range []struct {
			name         string
			s            setting
			median, late time.Duration // at most; 0: not asked for
		}{
			{"as it is", setting{}, 250 * time.Millisecond, 400 * time.Millisecond},
			{"a PNS that ignores the window", setting{denver: "window = false"}, 250 * time.Millisecond, 400 * time.Millisecond},
			{"a rate that nobody tells", setting{phones: vague, bank: "profile = \"auto\"", tcp: true}, 250 * time.Millisecond, 400 * time.Millisecond},
			{"a rate that nobody tells, at a port that only blocks", setting{phones: vague, bank: "line_rate = 33600"}, 250 * time.Millisecond, 400 * time.Millisecond},
			{"the port's rate for the line's", setting{phones: vague, tcp: true}, 0, 0},
			{"without the clamp", setting{denver: "mss_by_rate = false"}, 0, 0},
			{"without pacing", setting{denver: "window = false\nmss_by_rate = false", pac: "[pacing]\nenabled = false"}, 0, 0},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				line := new(gauge)
				tt.s.line.Rate = rate
				recorded(&tt.s, line)
				w := newWorld(t, tt.s)
				c := w.dial(0, sara())
				before := settling
				if tt.s.bank != "" {
					before = finding
				}
				download := w.downloads(c)
				got := w.measures(c, rate, line, download, before)
				t.Log(got)
				for n := 1; n < windows && tt.median > 0 && !got.within(tt.median, tt.late); n++ {
					got = w.measures(c, rate, line, download, settling)
					t.Log("once more:", got)
				}
				mu.Lock()
				all[tt.name] = got
				mu.Unlock()
				if tt.median == 0 {
					return
				}
				if !got.within(tt.median, tt.late) {
					t.Errorf("want a median of %v, a 99th percentile of %v and 95 %%", tt.median, tt.late)
				}
			})
		}
	})
	best := all["as it is"]
	for name, times := range map[string]float64{"without the clamp": 1.5, "without pacing": 3, "the port's rate for the line's": 3} {
		got := all[name]
		if got.median.Seconds() < times*best.median.Seconds() || got.late.Seconds() < times*best.late.Seconds() {
			t.Errorf("%s: %v; as it is: %v: what keeps it short does nothing", name, got, best)
		}
	}
}

// unlikeRates has two calls through the same tunnel, one of a modem and one
// of a fast line, both downloading.
func unlikeRates(t *testing.T) {
	t.Parallel()
	rates := []int{28_800, 1_000_000}
	lines := []*gauge{new(gauge), new(gauge)}
	s := setting{modems: 2, callers: 2}
	for i, rate := range rates {
		s.phones.Rules = append(s.phones.Rules, exchange.Rule{From: fmt.Sprint(4045550001 + i), Conditions: exchange.Conditions{Rate: rate}})
	}
	recorded(&s, lines...)
	w := newWorld(t, s)
	calls := []*caller.Call{w.dial(0, sara()), w.dial(1, bob())}
	var downloads []*gauge
	for _, c := range calls {
		downloads = append(downloads, w.downloads(c))
	}
	var undisturbed [2]bool
	for n := 0; n < windows && undisturbed != [2]bool{true, true}; n++ {
		got := make(chan figures, 1)
		go func() { got <- w.measures(calls[1], rates[1], lines[1], downloads[1], settling) }()
		slow, fast := w.measures(calls[0], rates[0], lines[0], downloads[0], settling), <-got
		t.Logf("%d bit/s: %v", rates[0], slow)
		t.Logf("%d bit/s: %v", rates[1], fast)
		undisturbed = [2]bool{slow.within(250*time.Millisecond, 400*time.Millisecond), fast.within(100*time.Millisecond, 250*time.Millisecond)}
	}
	if !undisturbed[0] {
		t.Error("the fast call disturbs the slow one")
	}
	if !undisturbed[1] {
		t.Error("the slow call disturbs the fast one")
	}
}
