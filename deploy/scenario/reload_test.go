package scenario

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
	"carrier/shared/console"
	"carrier/shared/record"
)

// reload has the PAC take its configuration with some text replaced.
func (w *world) reload(old, new string) {
	w.t.Helper()
	text := strings.Replace(w.atlanta, old, new, 1)
	if text == w.atlanta && old != new {
		w.t.Fatalf("the configuration has no %q", old)
	}
	restart, err := w.pac.reload("pac.toml", []byte(text))
	if err != nil || len(restart) > 0 {
		w.t.Fatalf("reload: %v, restart %v", err, restart)
	}
}

// line is one of the PAC's lines.
func (w *world) line(name string) console.Line {
	w.t.Helper()
	all, err := w.pac.Lines(within(w.t))
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(l console.Line) bool { return l.Line == name })
	if i < 0 {
		return console.Line{}
	}
	return all[i]
}

// port is the entry of a modem in the configuration.
func (w *world) port(n int) string { return fmt.Sprintf("%q, ", w.phones.Modems[n]) }

// A reload changes what calls that come meet, and touches none that runs.
func TestReloadTouchesNoCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{modems: 2, callers: 2})
	c := w.dial(0, sara())
	const bob1 = "[[user]]\nname   = \"bob\""
	w.reload(bob1, "[identify]\nmethods = [\"pap\"]\n[[user]]\nname   = \"carol\"")
	w.reads(c)
	if _, err := w.try(1, bob()); err == nil {
		t.Error("bob has a profile still")
	}
	w.pac.wants(w.pac.ended(1), record.NoProfile, `"bob"`)
	w.reload("", "") // as it was at the start
	again := w.dial(1, bob())
	w.reads(again)
	w.reads(c)

	for text, want := range map[string]string{
		"nonsense": "pac.toml:",
		strings.Replace(w.atlanta, "tunnel", "tunel", 1):                       "tunel: unknown key; would be right: tunnel",
		strings.Replace(w.atlanta, "courier", "new bank", 1):                   "new bank",
		w.atlanta + "[[bank]]\nname = \"x\"\nlisten = \"tcp://192.0.2.1:1\"\n": "bank x: ",
	} {
		if _, err := w.pac.reload("pac.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a mistake: %v, want %q", err, want)
		}
	}
	for _, one := range []*caller.Call{c, again} {
		w.reads(one)
	}
	text := strings.Replace(strings.Replace(w.atlanta, `name   = "atlanta"`, "name   = \"macon\"\nstate = \"/nowhere\"", 1), "panel  = ", "#", 1)
	if restart, err := w.pac.reload("pac.toml", []byte(text)); err != nil || !slices.Equal(restart, []string{"name", "state", "panel"}) {
		t.Errorf("what needs a restart is %v, %v", restart, err)
	}
	w.reads(c)
}

// A line that is configured no more ends after its call, which has the time
// that the configuration gives; the others go on.
func TestReloadRemovesALine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{modems: 2, callers: 2})
	calls := w.dialAll(sara(), bob())
	gone := w.lineOf("saran")
	n := int(gone[len(gone)-1] - '1')
	w.reload(w.port(n), "")
	if l := w.line(gone); l.Service != "removed" || l.State != "connected" {
		t.Errorf("the line is %+v", l)
	}
	w.reads(calls[0]) // without a limit it goes on
	if err := calls[0].Close(); err != nil {
		t.Error(err)
	}
	testbed.Until(t, "the line is forgotten", func() bool { return w.line(gone).Line == "" })
	w.reads(calls[1])

	w.atlanta = strings.Replace(w.atlanta, "[[pns]]", "[limits]\ndrain = \"200ms\"\n[[pns]]", 1)
	w.reload(w.port(1-n), "")
	w.told(calls[1], "the line is taken out of service")
	w.pac.wants(w.pac.ended(2), record.Drained, "the line is taken out of service")
	w.pns.wants(w.pns.ended(2), record.ClearedByPAC, "Admin Shutdown (drained")
	w.reload("", "")
	w.reads(w.dial(0, sara()))
}

// A bank that gets another name touches no call of its lines, which are called
// otherwise once they have none; whoever drains the bank by its new name means
// that call too.
func TestReloadRenamesABank(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{pac: "[limits]\ndrain = \"0s\"\n"})
	if err := w.pac.TakeOut(within(t), []string{"courier/1"}, "smoke"); err != nil {
		t.Fatal(err)
	}
	w.reload("courier", "usr")
	if l := w.line("usr/1"); l.Service != "out" || l.Why != "smoke" {
		t.Errorf("the line out of service is %+v", l)
	}
	if err := w.pac.PutIn(within(t), []string{"usr/1"}); err != nil {
		t.Fatal(err)
	}
	testbed.Until(t, "usr/1 waits", func() bool { return w.line("usr/1").State == "idle" })
	c := w.dial(0, sara())
	w.reload("", "") // courier again
	w.reads(c)
	if l := w.line("usr/1"); l.User != "saran" || l.Bank != "usr" || l.Service != "" {
		t.Errorf("in its call the line is %+v", l)
	}
	if got := w.pac.metric(`pac_lines{bank="usr",state="connected"}`); got != 1 {
		t.Errorf("%v lines of usr have calls", got)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	w.pac.wants(w.pac.ended(1), record.CallerHungUp, "")
	if got := w.pac.metric(`pac_calls_total{bank="usr",outcome="caller-hung-up"}`); got != 1 {
		t.Errorf("%v calls of usr ended", got)
	}
	testbed.Until(t, "courier/1 waits", func() bool { return w.line("courier/1").State == "idle" })
	c = w.dial(0, sara())
	w.reload("courier", "usr")
	if n, err := w.pac.Drain(within(t), "usr", 0); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	w.told(c, "the line is taken out of service")
	if last := w.pac.ended(2); last.Line != "courier/1" || last.Reason != record.Drained {
		t.Errorf("the call on %s ended by %v", last.Line, last.Reason)
	}
	testbed.Until(t, "usr/1 is drained", func() bool { return w.line("usr/1").Service == "drained" && w.line("courier/1").Line == "" })
}

// lineOf is the line of a user's running call.
func (w *world) lineOf(user string) string {
	for _, c := range w.pac.calls() {
		if c.User == user && c.Reason == record.Running {
			return c.Line
		}
	}
	w.t.Fatalf("%s has no call", user)
	return ""
}

// So it is with a PNS.
func TestReloadRemovesAPNS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{})
	c := w.dial(0, sara())
	w.atlanta = strings.NewReplacer(`name      = "denver"`, `name      = "boulder"`, "2.1.1.60", "2.1.1.61", w.denver, loopback()).Replace(w.atlanta)
	w.reload("", "")
	w.reads(c)
	w.reload("[[pns]]", "[limits]\ndrain = \"0s\"\n[[pns]]")
	w.told(c, "taken out of service")
	w.pac.wants(w.pac.ended(1), record.Drained, "taken out of service")
	w.pac.noTunnel("its PNS is configured no more")
}

// A call that was on its way when a reload took its host away has no more time
// than one that had come there.
func TestReloadRemovesAHostOnTheWay(t *testing.T) {
	t.Parallel()
	b := newBBS(t)
	host := fmt.Sprintf("host = %q\n", b.url)
	w := newWorld(t, setting{pac: "[[user]]\nname = \"guest\"\npassword = \"welcome\"\n" + host})
	c := w.terminal(0)
	c.types("\r")
	c.expects("login: ")
	w.reload(host, "tunnel = [\"2.1.1.60\"]\n[limits]\ndrain = \"0s\"\n")
	c.types("guest\rwelcome\r")
	c.expects("You are? ")
	if got := c.rest(); !strings.Contains(got, "taken out of service") {
		t.Errorf("she is told %q", got)
	}
	w.pac.wants(w.pac.ended(1), record.Drained, "taken out of service")
}

// An operator drains: no more calls, and those that run end when she says.
func TestDrainABank(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{})
	c := w.dial(0, sara())
	if n, err := w.pac.Drain(within(t), "courier", -1); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	w.reads(c)
	if l := w.line("courier/1"); l.Service != "draining" || l.Call != "atlanta/1" || l.User != "saran" {
		t.Errorf("%+v", l)
	}
	if n, err := w.pac.Drain(within(t), "all", 100*time.Millisecond); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	w.told(c, "the line is taken out of service")
	w.pac.wants(w.pac.ended(1), record.Drained, "the line is taken out of service")
	w.pns.wants(w.pns.ended(1), record.ClearedByPAC, "Admin Shutdown (drained")
	testbed.Until(t, "the line is drained", func() bool {
		l := w.line("courier/1")
		return l.Service == "drained" && l.State == "out-of-service"
	})
	if got := w.pac.metric(`pac_lines{bank="courier",state="out-of-service"}`); got != 1 {
		t.Errorf("%v lines are out of service", got)
	}
	if err := w.pac.TakeOut(within(t), []string{"courier/1"}, "smoke"); err != nil {
		t.Error(err)
	}
	w.reload("", "") // changes nothing of it
	if l := w.line("courier/1"); l.Service != "out" || l.Why != "smoke" {
		t.Errorf("%+v", l)
	}
	if err := w.pac.PutIn(within(t), []string{"courier/1"}); err != nil {
		t.Error(err)
	}
	w.reads(w.dial(0, sara()))
}
