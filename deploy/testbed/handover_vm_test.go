//go:build vm

package testbed

import (
	"fmt"
	"strings"
	"testing"

	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// pppd takes the PNS's first Configure-Request in whatever phase it comes: while
// it waits for the outcome of its authentication, has just sent its proof or
// sends it again, and, where the number decides, while its own LCP begins, or
// before it has. With a first endpoint that does not exist the PNS comes late,
// when the caller repeats what she is waiting with.
func TestHandoverToPPPD(t *testing.T) {
	t.Run("decided by name", func(t *testing.T) {
		more, people := "", ""
		for _, handover := range []string{"silent", "restart"} {
			for when, endpoints := range map[string]string{"now": `"2.1.1.60"`, "late": `"192.0.2.99", "2.1.1.60"`} {
				name := handover + "-" + when
				more += fmt.Sprintf("[[user]]\nname = %q\ntunnel = [%s]\nhandover = %q\n", name, endpoints, handover)
				people += fmt.Sprintf("[[user]]\nname = %q\npassword = \"blue moon\"\n", name)
			}
		}
		w := newWorldWith(t, 1, exchange.Conditions{}, more, people)
		for _, user := range []string{"silent-now", "silent-late", "restart-now", "restart-late"} {
			for _, method := range []string{
				"refuse-chap refuse-mschap refuse-mschap-v2 refuse-eap",
				"refuse-pap refuse-mschap refuse-mschap-v2 refuse-eap",
				"refuse-pap refuse-chap refuse-mschap refuse-eap",
			} {
				w.reaches(t, user, method)
			}
		}
	})
	t.Run("decided by number", func(t *testing.T) {
		w := newWorld(t, 1, exchange.Conditions{}, `
[[number]]
called = "5551212"
tunnel = ["2.1.1.60"]
`)
		for _, options := range []string{"", "silent", "passive", "lcp-restart 1"} {
			w.reaches(t, "saran", options)
		}
	})
}

// reaches has the guest dial with options of pppd and read the page.
func (w *world) reaches(t *testing.T, user, options string) {
	t.Helper()
	out := w.run(fmt.Sprintf(`
dial %s "blue moon" defaultroute %s || exit 1
wget -q -O - http://2.1.1.10/ || exit 1
hangup
`, user, options))
	if !strings.Contains(out, Page) {
		t.Errorf("%s with %q: the guest said:\n%s", user, options, out)
	}
	Until(t, "the call's end at both ends", func() bool {
		return w.Calls(w.POP, "pac")[0].Reason != record.Running && w.Calls(w.Office, "pns")[0].Reason != record.Running
	})
	if c := w.Calls(w.POP, "pac")[0]; c.Reason != record.CallerHungUp {
		t.Errorf("%s with %q: pac remembers %v: %s", user, options, c.Reason, c.Text)
	}
}
