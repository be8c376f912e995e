package callback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// bells is a Ringer that notes when it is asked, and answers as told.
type bells struct {
	mu    sync.Mutex
	began time.Time
	rung  []string
	why   map[string][]error // by PAC, one after the other; then nil
	takes time.Duration      // until there is an answer
}

func (b *bells) Ring(ctx context.Context, pac, number, user string) (string, error) {
	b.mu.Lock()
	b.rung = append(b.rung, fmt.Sprintf("%v %s %s %s", time.Since(b.began), pac, number, user))
	var err error
	if all := b.why[pac]; len(all) > 0 {
		err, b.why[pac] = all[0], all[1:]
	}
	takes := b.takes
	b.mu.Unlock()
	select {
	case <-time.After(takes):
		return pac + "/1", err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (b *bells) want(t *testing.T, rung ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.rung, rung) {
		t.Errorf("rung\n%s\nwant\n%s", strings.Join(b.rung, "\n"), strings.Join(rung, "\n"))
	}
	b.rung = nil
}

// at runs a test with a Desk at work on a fake clock.
func at(t *testing.T, b *bells, f func(d *Desk)) {
	synctest.Test(t, func(t *testing.T) {
		d := New(b, new(Stats), slog.New(slog.NewTextHandler(io.Discard, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan error)
		go func() { over <- d.Run(ctx) }()
		synctest.Wait()
		b.began = time.Now()
		f(d)
		cancel()
		if err := <-over; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if len(d.Owed()) != 0 {
			t.Errorf("still owed: %+v", d.Owed())
		}
		if d.Owe("saran", "5551212", "atlanta", 0) {
			t.Error("a Desk that has ended owes something")
		}
	})
}

func (d *Desk) counts() string {
	return fmt.Sprintf("paid %d, replaced %d, given up %d", d.stats.Paid.Load(), d.stats.Replaced.Load(), d.stats.GivenUp.Load())
}

func wantCounts(t *testing.T, d *Desk, want string) {
	t.Helper()
	if got := d.counts(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The delay that the caller asked for is kept, and never shorter than a modem needs.
func TestDelay(t *testing.T) {
	for asked, kept := range map[time.Duration]string{0: "2s", time.Second: "2s", 12 * time.Second: "12s", 255 * time.Second: "4m15s", time.Hour: "4m15s"} {
		b := &bells{}
		at(t, b, func(d *Desk) {
			if !d.Owe("saran", "5551212", "atlanta", asked) {
				t.Error("nothing is owed")
			}
			time.Sleep(time.Hour)
			b.want(t, kept+" atlanta 5551212 saran")
			wantCounts(t, d, "paid 1, replaced 0, given up 0")
			if o := d.Owed(); len(o) != 0 {
				t.Errorf("still owed: %+v", o)
			}
		})
	}
}

// A caller who is not reached is rung again, for as long as the debt lasts.
func TestTries(t *testing.T) {
	busy := errors.New("busy")
	b := &bells{why: map[string][]error{"atlanta": slices.Repeat([]error{busy}, 20)}, takes: time.Second}
	at(t, b, func(d *Desk) {
		d.Use(Options{Every: time.Minute, Within: 2*time.Minute + 30*time.Second})
		d.Owe("saran", "5551212", "atlanta", 5*time.Second)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if o := d.Owed(); len(o) != 1 || o[0].Tries != 1 || o[0].Why != "busy" || time.Until(o[0].Due) != time.Minute || o[0].Until.Sub(b.began) != 155*time.Second {
			t.Errorf("owed %+v", o)
		}
		time.Sleep(time.Hour)
		b.want(t, "5s atlanta 5551212 saran", "1m6s atlanta 5551212 saran", "2m7s atlanta 5551212 saran")
		wantCounts(t, d, "paid 0, replaced 0, given up 1")
		if o := d.Owed(); len(o) != 0 {
			t.Errorf("still owed: %+v", o)
		}
	})
}

// PACs are asked in their order, each round anew, whichever she came by.
func TestThroughOthers(t *testing.T) {
	noLine := errors.New("no line is free")
	b := &bells{why: map[string][]error{"boston": {noLine, noLine}, "chicago": {noLine}}}
	at(t, b, func(d *Desk) {
		d.Use(Options{Through: []string{"boston", "chicago"}, Every: time.Minute, Within: time.Hour})
		d.Owe("saran", "5551212", "atlanta", 5*time.Second)
		time.Sleep(2 * time.Minute)
		b.want(t, "5s boston 5551212 saran", "5s chicago 5551212 saran", "1m5s boston 5551212 saran", "1m5s chicago 5551212 saran")
		wantCounts(t, d, "paid 1, replaced 0, given up 0")
	})
}

// Who asks again is rung once, at the number that she said last, also if she is being
// rung at that moment; others do not wait for her.
func TestAskedAgain(t *testing.T) {
	b := &bells{takes: 30 * time.Second}
	at(t, b, func(d *Desk) {
		d.Owe("saran", "5551212", "atlanta", 5*time.Second)
		d.Owe("bob", "5551313", "atlanta", 6*time.Second)
		if o := d.Owed(); len(o) != 2 || o[0].User != "saran" || o[1].User != "bob" {
			t.Errorf("owed %+v", o)
		}
		time.Sleep(4 * time.Second)
		d.Owe("saran", "030555", "boston", 5*time.Second)
		time.Sleep(10 * time.Second)
		d.Owe("saran", "030666", "boston", 5*time.Second)
		time.Sleep(time.Hour)
		b.want(t, "6s atlanta 5551313 bob", "9s boston 030555 saran", "19s boston 030666 saran")
		wantCounts(t, d, "paid 2, replaced 2, given up 0")
	})
}

// The end of the program ends what is being dialled, and what waits; nobody else is
// asked then.
func TestEnd(t *testing.T) {
	b := &bells{takes: time.Hour}
	at(t, b, func(d *Desk) {
		d.Use(Options{Through: []string{"atlanta", "boston"}, Every: time.Minute, Within: time.Hour})
		d.Owe("saran", "5551212", "atlanta", 0)
		d.Owe("bob", "5551313", "atlanta", time.Minute)
		time.Sleep(10 * time.Second)
		b.want(t, "2s atlanta 5551212 saran")
	})
	b.want(t)
}
