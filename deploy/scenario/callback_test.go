package scenario

import (
	"errors"
	"strings"
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/ppp/cbcp"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// recalled is a world in which Sara is called back, and rung until she answers, however
// long that takes.
func recalled(t *testing.T, user string) *world {
	timing := quick
	timing.NoAnswer = testbed.Patience
	return newWorld(t, setting{phones: exchange.Options{Timing: timing}, callers: 2, atlanta: permits, pns: "[callback]\nevery = \"1s\"\n", saran: user})
}

const (
	atHome   = "callback = \"number\"\ncallback_numbers = [\"4045550001\"]\n"
	anywhere = "callback = \"caller\"\ncallback_numbers = [\"404*\"]\ncallback_required = true\n"
)

// wants is Sara, who asks to be called back.
func wants(number string) caller.Options {
	o := sara()
	o.Callback = &cbcp.Want{Number: number}
	return o
}

// hungUp makes a call of Sara's that must end with a call back.
func (w *world) hungUp(number string) {
	w.t.Helper()
	_, err := w.try(0, wants(number))
	var end *caller.EndError
	if !errors.As(err, &end) || end.Cause != link.CalledBack {
		w.t.Fatalf("the caller hears %v", err)
	}
}

// Sara calls, says where she is, and is hung up on; the POP rings her there, and who
// answers is she: she is online, at the company's expense.
func TestCallback(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		user, number string
		phone        int
	}{
		"set":  {atHome, "", 0},
		"hers": {anywhere, "404-555-0002", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := recalled(t, tt.user)
			w.hungUp(tt.number)
			at := []string{"4045550001", "4045550002"}[tt.phone]
			w.pns.wants(w.pns.ended(1), record.CalledBack, "at "+at)
			c := <-w.listens(tt.phone).answers(sara())
			if c == nil {
				t.FailNow()
			}
			w.reads(c)
			for _, p := range []*program{w.pac, w.pns} {
				if one := p.calls()[0]; !one.Outgoing || one.Called != at || one.Stage == record.Dialling {
					t.Errorf("%s shows %+v", p.name, one)
				}
			}
			if got := c.Addr().String(); got != "2.1.1.129" {
				t.Errorf("address %s", got)
			}
			for metric, want := range map[string]float64{`pns_callbacks_total{outcome="rung"}`: 1, `pns_callbacks_total{outcome="given-up"}`: 0, "pns_callbacks_owed": 0,
				`pns_calls_total{outcome="called-back",pac="atlanta"}`: 1} {
				if n := w.pns.metric(metric); n != want {
					t.Errorf("%s is %v", metric, n)
				}
			}
			c.Close()
			testbed.Until(t, "her call is over", func() bool { return w.pns.calls()[0].Reason == record.CallerHungUp })
		})
	}
}

// Nobody else can take the call, though his password is right; and Sara, who must be
// called back, is not let in otherwise, nor at a number that is not hers.
func TestCallbackIsNotCheated(t *testing.T) {
	t.Parallel()
	w := recalled(t, anywhere)
	for i, tt := range []struct {
		o    caller.Options
		text string
	}{
		{sara(), "you must be called back, and your machine does not ask for it"},
		{wants("0900666"), "you are not called back at 0900666"},
		{wants("404W0900666"), "you are not called back at 404W0900666"},
	} {
		if _, err := w.try(0, tt.o); err == nil || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("she hears %v, want %s", err, tt.text)
		}
		if one := w.pns.ended(i + 1); one.Reason != record.NoCallback || !one.Up.IsZero() {
			t.Errorf("%+v", one)
		}
		w.ready("courier/1")
	}
	if n := w.pns.metric("pns_callbacks_owed"); n != 0 {
		t.Errorf("%v callers are owed a call", n)
	}

	w.hungUp("4045550001")
	testbed.Until(t, "the operator sees who is owed a call", func() bool {
		status, err := w.pns.Status(within(t))
		return err == nil && strings.Contains(string(status), `"callbacks":[{"user":"saran","number":"4045550001","due":`)
	})
	if c := <-w.listens(0).tries(bob()); c != nil {
		t.Error("somebody else is online")
	}
	testbed.Until(t, "the call that bob took is over", func() bool {
		one := w.pns.calls()[0]
		return one.Outgoing && one.User == "bob" && one.Reason == record.AuthFailed
	})
	if n := w.pns.metric(`pns_callbacks_total{outcome="rung"}`); n != 1 {
		t.Errorf("%v callers were rung", n)
	}
}
