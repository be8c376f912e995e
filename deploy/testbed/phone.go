package testbed

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"carrier/hardware/exchange"
)

// Number is what reaches the POP's modems.
const Number = "5551212"

// Phones is the telephone network of a scene: Number reaches the POP's modems,
// one each at the Unix sockets of Modems, and every subscriber's modem is where
// At says.
type Phones struct {
	*exchange.Exchange
	Modems []string // URLs for the POP
}

// NewPhones starts a telephone network with so many modems at the POP, the first
// of which have these chips. It ends with the test.
func NewPhones(t testing.TB, modems int, o exchange.Options, chips ...exchange.Chip) *Phones {
	t.Helper()
	dir := t.TempDir()
	p := &Phones{}
	for n := range modems {
		url := "unix://" + filepath.Join(dir, fmt.Sprintf("modem%d", n))
		p.Modems = append(p.Modems, url)
		chips = append(chips, exchange.Generic)
		o.Subscribers = append(o.Subscribers, exchange.Subscriber{Number: Number, At: url, Chip: chips[n]})
	}
	if o.Timing == (exchange.Timing{}) {
		o.Timing = exchange.Timing{Setup: 100 * time.Millisecond, RingEvery: time.Second, CallerID: 200 * time.Millisecond, Train: 300 * time.Millisecond}
	}
	o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	var err error
	if p.Exchange, err = exchange.New(o); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && ctx.Err() == nil {
			t.Errorf("exchange: %v", err)
		}
	})
	return p
}
