package scenario

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
	"carrier/shared/console"
	"carrier/shared/record"
)

// A carrier that is lost ends the call at both ends, and the line takes the
// next one.
func TestDroppedCarrier(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{})
	c := w.dial(0, sara())
	w.reads(c)
	dropped := time.Now()
	if n := w.phones.Drop(testbed.Number); n != 1 {
		t.Fatalf("%d calls dropped", n)
	}
	w.told(c, caller.ErrCarrier.Error())
	w.pac.wants(w.pac.ended(1), record.CarrierLost, "carrier")
	w.pns.wants(w.pns.ended(1), record.CarrierLost, "arrier")
	for _, p := range []*program{w.pac, w.pns} {
		if took := p.ended(1).Ended.Sub(dropped); took > 5*time.Second {
			t.Errorf("%s noticed after %v", p.name, took)
		}
	}
	again := w.dial(0, sara())
	w.reads(again)
}

// A caller who never says anything does not keep the line.
func TestSilentCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{pac: "[identify]\ntimeout = \"1s\"\ntext = false\n"})
	if _, err := w.try(0, caller.Options{Silent: true}); err == nil || !strings.Contains(err.Error(), caller.ErrCarrier.Error()) {
		t.Errorf("the silent caller was told %v", err)
	}
	w.pac.wants(w.pac.ended(1), record.CallerSilent, "nothing")
	if n := w.pac.metric(`pac_calls_total{bank="courier",outcome="caller-silent"}`); n != 1 {
		t.Errorf("%v silent callers were counted", n)
	}
	w.reads(w.dial(0, sara()))
}

// An operator at either end ends a call; both ends remember it, the caller is
// told, and the line takes the next call.
func TestOperatorHangsUp(t *testing.T) {
	t.Parallel()
	const text = "the operator ended the call"
	for name, tt := range map[string]struct {
		at       func(*world) *program
		pac, pns record.EndReason
		told     string // to the other end
	}{
		"pac": {func(w *world) *program { return w.pac }, record.Operator, record.ClearedByPAC, "Admin Shutdown (operator; "},
		"pns": {func(w *world) *program { return w.pns }, record.ClearedByPNS, record.Operator, text},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{})
			c := w.dial(0, sara())
			p := tt.at(w)
			if err := p.Hangup(within(t), "atlanta/99"); !errors.Is(err, console.ErrNoCall) {
				t.Errorf("a call that does not exist: %v", err)
			}
			if err := p.Hangup(within(t), p.calls()[0].Name); err != nil {
				t.Fatal(err)
			}
			w.told(c, text)
			for _, end := range []struct {
				*program
				reason record.EndReason
			}{{w.pac, tt.pac}, {w.pns, tt.pns}} {
				want := text
				if end.program != p {
					want = tt.told
				}
				end.wants(end.ended(1), end.reason, want)
			}
			w.reads(w.dial(0, sara()))
		})
	}
}

// The PNS's limits end calls, and the caller reads which. Her machine asks for the
// time over and over, which is nobody at work.
func TestLimits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		saran  string
		reason record.EndReason
		text   string
	}{
		"session": {`session = "2s"`, record.SessionTimeout, "the time limit of this session is over"},
		"idle":    {`idle = "2s"`, record.IdleTimeout, "no data for 2s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{saran: tt.saran})
			c := w.dial(0, sara())
			began := time.Now()
			var machine sync.WaitGroup
			machine.Go(func() { chatter(t, c) })
			w.told(c, tt.text)
			machine.Wait()
			if took := time.Since(began); took < time.Second || took > 10*time.Second {
				t.Errorf("the call ended after %v", took)
			}
			w.pns.wants(w.pns.ended(1), tt.reason, tt.text)
			w.pac.wants(w.pac.ended(1), record.ClearedByPNS, tt.text)
		})
	}
}

// chatter sends requests for the time until the call ends.
func chatter(t *testing.T, c *caller.Call) {
	clock, err := c.DialContext(t.Context(), "udp", netip.AddrPortFrom(c.Peer(), 123).String())
	if err != nil {
		t.Error(err)
		return
	}
	defer clock.Close()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_, _ = clock.Write(make([]byte, 48)) // refused, at times: there is no clock
		case <-c.Done():
			return
		}
	}
}

// A second call of a user whose address is fixed is refused, or replaces the
// first.
func TestSecondCallOfAUser(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		first, second record.EndReason // of the first and the second call at the PNS
		text          string           // what the one that ends is told
	}{
		"refuse":  {record.Running, record.AddressInUse, "is connected already"},
		"replace": {record.Replaced, record.Running, "a newer call of saran took over"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{modems: 2, callers: 2, saran: `simultaneous = "` + name + `"`})
			first := w.dial(0, sara())
			second, err := w.try(1, sara())
			if tt.second == record.Running {
				if err != nil {
					t.Fatal(err)
				}
				w.told(first, tt.text)
				w.pns.wants(w.pns.ended(1), tt.first, tt.text)
				w.reads(second)
			} else {
				if err == nil || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("the second caller was told %v", err)
				}
				w.pns.wants(w.pns.ended(1), tt.second, tt.text)
				w.reads(first)
			}
			w.pac.wants(w.pac.ended(1), record.ClearedByPNS, tt.text)
		})
	}
}

// A PNS that does not know this PAC takes no call of it. The caller reads that,
// and the PAC remembers it.
func TestPNSRefusesThisPAC(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{from: "192.0.2.0/24"})
	const text = "your company's server cannot be reached"
	if _, err := w.try(0, sara()); err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("the caller was told %v", err)
	}
	c := w.pac.ended(1)
	w.pac.wants(c, record.NoTunnel, text)
	if !strings.Contains(c.Text, "authorized") {
		t.Errorf("pac remembers %q, which does not tell that it has no permission", c.Text)
	}
	if n := len(w.pns.calls()); n != 0 {
		t.Errorf("the PNS knows %d calls", n)
	}
}
