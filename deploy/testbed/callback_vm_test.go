//go:build vm

package testbed

import (
	"fmt"
	"strings"
	"testing"

	"carrier/shared/record"
)

// recalled are users of Denver's who are called back, each in another way, and what
// Atlanta has to know.
const (
	recalled = `
[callback]
every = "2s"

[[user]]
name             = "hotel"
password         = "blue moon"
callback         = "caller"
callback_numbers = ["404*"]

[[user]]
name             = "home"
password         = "blue moon"
callback         = "number"
callback_numbers = ["%s"]
`
	recalls = `
[[pns]]
name = "denver"
at   = "2.1.1.60"
dial = ["404*"]
[default]
tunnel = ["2.1.1.60"]
`
)

// pppd asks for callback, is told that it will be called, hangs up, waits for the ring
// and answers: it is online. Where it must be called back and does not ask, it is told
// that; where there is no callback for its user, it is online at once.
func TestPppdIsCalledBack(t *testing.T) {
	w := newWorld(t, setting{pac: recalls, people: fmt.Sprintf(recalled, subscriber(1))})
	const answer = `
cat >/tmp/answer <<X
TIMEOUT 60 '' ATZ OK ATE0V1S12=10 OK '\c' RING ATA CONNECT ''
X
`
	for i, tt := range []struct{ user, number, chosen string }{
		{"hotel", subscriber(1), "cbcp_resp CONF_USER"},
		{"home", "0900666", "cbcp_resp CONF_ADMIN"}, // which is not what pppd was told
	} {
		out := w.run(answer + fmt.Sprintf(`
dial %[1]s "blue moon" callback %[2]s`+untilHungUp+`&& exit 1
cp /share/pppd1.log /share/asked.log
dial %[1]s "blue moon" defaultroute connect "chat -f /tmp/answer"`+untilHungUp+`|| exit 1
ping -c 3 -W 5 2.1.1.10 || exit 1
wget -q -O - http://2.1.1.10/ || exit 1
hangup
cat /share/asked.log
`, tt.user, tt.number))
		for _, want := range []string{"pppd ended with status 14", "3 packets transmitted, 3 received", Page, tt.chosen, "Call me back, please"} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in what the guest said:\n%s", want, out)
			}
		}
		Until(t, "the call's end at both ends", func() bool {
			return w.Calls(w.POP, "pac")[0].Reason != record.Running && w.Calls(w.Office, "pns")[0].Reason != record.Running
		})
		calls := w.Calls(w.Office, "pns")
		if c := calls[0]; !c.Outgoing || c.User != tt.user || c.Called != subscriber(1) || c.Reason != record.CallerHungUp || c.Up.IsZero() {
			t.Errorf("pns remembers %+v", c)
		}
		if n := w.Metric(w.Office, pnsPanel, `pns_callbacks_total{outcome="rung"}`); n != float64(i+1) {
			t.Errorf("%v callers were rung", n)
		}
		var asked record.Call
		for _, c := range calls {
			if !c.Outgoing {
				asked = c
				break
			}
		}
		if asked.Reason != record.CalledBack || asked.Text != "at "+subscriber(1) || !asked.Up.IsZero() {
			t.Errorf("pns remembers %+v", asked)
		}
	}
	out := w.run(`dial home "blue moon"` + untilHungUp + "&& exit 1\ncat /share/pppd1.log")
	if want := "you must be called back, and your machine does not ask for it"; !strings.Contains(out, want) {
		t.Errorf("%q is not in pppd's log:\n%s", want, out)
	}
	Until(t, "the end of the call", func() bool {
		c := w.Calls(w.Office, "pns")[0]
		return c.User == "home" && c.Reason == record.NoCallback && c.Up.IsZero()
	})
	out = w.run(`dial saran "blue moon" defaultroute callback 0900666` + untilHungUp + "|| exit 1\nping -c 3 -W 5 2.1.1.10 || exit 1\nhangup\ncat /share/pppd1.log")
	if want := "cbcp_resp CONF_NO"; !strings.Contains(out, want) {
		t.Errorf("%q is not in pppd's log:\n%s", want, out)
	}
	if n := w.Metric(w.Office, pnsPanel, "pns_callbacks_owed"); n != 0 {
		t.Errorf("%v callers are owed a call", n)
	}
}
