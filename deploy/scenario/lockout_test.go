package scenario

import (
	"encoding/json"
	"strings"
	"testing"

	"carrier/shared/record"
)

// Who guesses at a password by telephone is locked out by his number; the user
// herself calls from another one and gets in. The operator sees it and ends it.
func TestLockOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{modems: 2, callers: 2, pns: "[auth.lockout]\nattempts = 2\n"})
	refused := func(password, want string) {
		t.Helper()
		if _, err := w.try(0, login("saran", password)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the caller is told %v, want %q", err, want)
		}
	}
	refused("guess", "wrong user name or password")
	refused("guess 2", "wrong user name or password")
	refused("blue moon", "too many wrong passwords: try again in 15 minutes")
	w.pns.wants(w.pns.ended(3), record.AuthFailed, "this user is locked out from 4045550001@127.0.0.1 for 14m")
	w.reads(w.dial(1, sara()))

	v, err := w.pns.Status(within(t))
	var s struct {
		Locked []struct{ User, Source string } `json:"locked_out"`
	}
	if err != nil || json.Unmarshal(v, &s) != nil || len(s.Locked) != 1 || s.Locked[0].User != "saran" || s.Locked[0].Source != "4045550001@127.0.0.1" {
		t.Errorf("status shows %s, %v", v, err)
	}
	for line, want := range map[string]float64{`pns_locked_out{kind="user"}`: 1, `pns_locked_out{kind="source"}`: 0, `pns_lockouts_total{kind="user"}`: 1,
		`pns_auth_total{method="mschap-v2",outcome="locked"}`: 1} {
		if got := w.pns.metric(line); got != want {
			t.Errorf("%s is %v, want %v", line, got, want)
		}
	}
	if n, err := w.pns.Unlock(within(t), "4045550001"); n != 1 || err != nil {
		t.Errorf("%d locks ended, %v", n, err)
	}
	refused("blue moon", "saran is connected already") // it is right
}

// A reload that disables a user ends her call.
func TestADisabledUsersCallEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{})
	c := w.dial(0, sara())
	if _, err := w.pns.reload("pns.toml", w.with("password = \"blue moon\"", "password = \"blue moon\"\ndisabled = true")); err != nil {
		t.Fatal(err)
	}
	w.told(c, "the user saran may log in no more")
	if _, err := w.try(0, sara()); err == nil || !strings.Contains(err.Error(), "the account is disabled") {
		t.Errorf("then she is told %v", err)
	}
}
