package scenario

import (
	"testing"

	"carrier/hardware/caller"
	"carrier/shared/ppp/auth"
)

// An expired password is changed in the call that it opens. The new one holds
// through a reload and a restart, until somebody edits the old one, and is
// forgotten then.
func TestAChangedPasswordLasts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{saran: "expired = true\n", state: t.TempDir()})
	logsIn := func(o caller.Options, ended int) {
		t.Helper()
		c := w.dial(0, o)
		w.reads(c)
		c.Close()
		w.pns.ended(ended)
	}
	logsIn(caller.Options{Login: auth.Login{Name: "saran", Secret: auth.NewPassword("blue moon"), Next: auth.NewPassword("green cheese")}}, 1)
	if n := w.pns.metric(`pns_auth_total{method="mschap-v2",outcome="expired"}`); n != 1 {
		t.Errorf("%v were told that their password has expired", n)
	}
	if _, err := w.pns.reload("pns.toml", []byte(w.office)); err != nil {
		t.Fatal(err)
	}
	w.pns.stop()
	w.pns = startPNS(t, []byte(w.office), w.socket)
	logsIn(login("saran", "green cheese"), 1)
	if _, err := w.pns.reload("pns.toml", w.with(`"blue moon"`, `"red sun"`, "expired = true", "")); err != nil {
		t.Fatal(err)
	}
	logsIn(login("saran", "red sun"), 2)
	if _, err := w.pns.reload("pns.toml", w.with("expired = true", "")); err != nil {
		t.Fatal(err)
	}
	logsIn(login("saran", "blue moon"), 3)
}
