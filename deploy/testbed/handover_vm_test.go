//go:build vm

package testbed

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"carrier/shared/record"
)

// pppd takes the PNS's first Configure-Request in whatever phase it comes: while
// it waits for the outcome of its authentication, has just sent its proof or
// sends it again, and, where the number decides, while its own LCP begins, or
// before it has. With a first endpoint that does not exist the PNS comes late,
// when the caller repeats what she is waiting with.
func TestHandoverToPPPD(t *testing.T) {
	t.Parallel()
	o := setting{ports: 4}
	users := []string{"silent-now", "silent-late", "restart-now", "restart-late"}
	for i, user := range users {
		handover, when, _ := strings.Cut(user, "-")
		endpoints := map[string]string{"now": `"2.1.1.60"`, "late": `"192.0.2.99", "2.1.1.60"`}[when]
		o.pac += fmt.Sprintf("[[user]]\nname = %q\ntunnel = [%s]\nhandover = %q\n", user, endpoints, handover)
		o.people += fmt.Sprintf("[[user]]\nname = %q\npassword = \"blue moon\"\naddress = \"2.1.1.%d\"\n", user, 140+i)
	}
	w := newWorld(t, o)
	for _, method := range []string{
		"refuse-chap refuse-mschap refuse-mschap-v2 refuse-eap",
		"refuse-pap refuse-mschap refuse-mschap-v2 refuse-eap",
		"refuse-pap refuse-chap refuse-mschap refuse-eap",
	} {
		w.reach(users, []string{method, method, method, method})
	}
	w.data["More"] = fmt.Sprintf("[[number]]\ncalled = %q\ntunnel = [\"2.1.1.60\"]\n", Number)
	w.Write(w.POP, "pac", pacConfig, w.data)
	w.Ask(w.POP, "pac", "reload")
	w.reach(users, []string{"", "silent", "passive", "lcp-restart 1"})
}

// reach has every port of the guest dial at once, each with a user and options
// of pppd, and read the page.
func (w *world) reach(users, options []string) {
	w.T.Helper()
	Until(w.T, "all modems are ready", w.idle)
	before := len(w.Calls(w.POP, "pac"))
	out, errs := make([]string, len(users)), make([]error, len(users))
	var dialling sync.WaitGroup
	for i := range users {
		dialling.Go(func() {
			out[i], errs[i] = w.alone(1+i, fmt.Sprintf(`
dial %s "blue moon" defaultroute %s || exit 1
wget -q -O - http://2.1.1.10/ || exit 1
hangup
`, users[i], options[i]))
		})
	}
	dialling.Wait()
	for i, user := range users {
		if errs[i] != nil || !strings.Contains(out[i], Page) {
			w.T.Errorf("%s with %q: %v, the guest said:\n%s\n%s", user, options[i], errs[i], out[i], w.Guest.Log(1+i))
		}
	}
	for program, h := range map[string]*Host{"pac": w.POP, "pns": w.Office} {
		var calls []record.Call
		Until(w.T, "end of the calls at "+program, func() bool {
			calls = w.Calls(h, program)
			calls = calls[:len(calls)-before]
			return !slices.ContainsFunc(calls, func(c record.Call) bool { return c.Reason == record.Running })
		})
		if len(calls) != len(users) {
			w.T.Errorf("%s remembers %d calls of %d", program, len(calls), len(users))
		}
		for _, c := range calls {
			if c.Reason != record.CallerHungUp {
				w.T.Errorf("%s remembers that %s from %s ended with %v: %s", program, c.User, c.Calling, c.Reason, c.Text)
			}
		}
	}
}
