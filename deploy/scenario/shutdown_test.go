package scenario

import (
	"runtime"
	"testing"
	"time"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
	"carrier/shared/record"
)

// SIGTERM in the middle of calls, at either program: every caller is told, both
// ends remember why, and nothing is left running. It counts goroutines, so no
// other test may run beside it.
func TestShutdown(t *testing.T) {
	for name, tt := range map[string]struct {
		ends     func(*world) *program
		text     string // what callers who are online are told
		pac, pns record.EndReason
	}{
		"pac": {func(w *world) *program { return w.pac }, "the switch is shutting down", record.Shutdown, record.ClearedByPAC},
		"pns": {func(w *world) *program { return w.pns }, "the server is shutting down", record.ClearedByPNS, record.Shutdown},
	} {
		before := runtime.NumGoroutine()
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, setting{modems: 4, callers: 4})
			calls := w.dialAll(sara(), bob(), bob())
			late := make(chan error, 1) // in the middle of being answered
			go func() {
				_, err := w.try(3, bob())
				late <- err
			}()
			testbed.Until(t, "the fourth call comes", func() bool { return len(w.pac.calls()) == 4 })
			began := time.Now()
			tt.ends(w).stop()
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("%s ended after %v", name, took)
			}
			for _, c := range calls {
				w.told(c, tt.text)
			}
			if err := <-late; err == nil {
				t.Error("the call that came last succeeded")
			}
			w.pac.ended(4)
			w.pns.ended(3)
			for _, c := range w.pac.calls() {
				if !c.Up.IsZero() {
					w.pac.wants(c, tt.pac, "shutting down")
				}
			}
			for _, c := range w.pns.calls() {
				w.pns.wants(c, tt.pns, "shut")
			}
		})
		testbed.Until(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= before })
	}
}

// dialAll makes calls at the same time, from a telephone each.
func (w *world) dialAll(all ...caller.Options) []*caller.Call {
	w.t.Helper()
	calls := make([]*caller.Call, len(all))
	errs := make(chan error)
	for i, o := range all {
		go func() {
			var err error
			calls[i], err = w.try(i, o)
			errs <- err
		}()
	}
	for range all {
		if err := <-errs; err != nil {
			w.t.Fatal(err)
		}
	}
	for _, c := range calls {
		w.reads(c)
	}
	return calls
}
