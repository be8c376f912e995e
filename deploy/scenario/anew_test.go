package scenario

import (
	"errors"
	"sync"
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
	"carrier/shared/console"
	"carrier/shared/record"
)

// An operator has a call negotiated afresh: pac stays out of it, the caller logs in
// once more and goes on with the address that she has.
func TestOperatorRenegotiates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{})
	var mu sync.Mutex
	var ups []caller.Event
	o := sara()
	o.Story = func(e caller.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Kind == caller.NetworkUp {
			ups = append(ups, e)
		}
	}
	c := w.dial(0, o)
	w.reads(c)
	for name, want := range map[string]error{"atlanta/99": console.ErrNoCall, w.pns.calls()[0].Name: nil} {
		if err := w.pns.Renegotiate(within(t), name); !errors.Is(err, want) {
			t.Fatalf("%s: %v, want %v", name, err, want)
		}
	}
	testbed.Until(t, "the network is up again", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(ups) == 2
	})
	if ups[0].Addr != ups[1].Addr {
		t.Errorf("first %v, then %v", ups[0].Addr, ups[1].Addr)
	}
	w.reads(c)
	if now := w.pns.calls()[0]; now.Stage != record.Online || now.Reason != record.Running {
		t.Errorf("pns shows %+v", now)
	}
	if err := w.pac.Renegotiate(within(t), w.pac.calls()[0].Name); err == nil || errors.Is(err, console.ErrNoCall) {
		t.Errorf("pac, which is no end of PPP: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	name := w.pns.ended(1).Name
	testbed.Until(t, "a call that is over is none", func() bool {
		return errors.Is(w.pns.Renegotiate(within(t), name), console.ErrNoCall)
	})
}
