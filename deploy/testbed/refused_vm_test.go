//go:build vm

package testbed

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"carrier/shared/record"
)

// destinations of callers who meet trouble: 192.0.2.99 does not exist, and on
// the LAN's host nobody listens.
const destinations = saran + `
[[user]]
name   = "bob"
tunnel = ["192.0.2.99", "2.1.1.60"]

[[user]]
name   = "eve"
tunnel = ["2.1.1.60"]

[[user]]
name   = "stranger"
tunnel = ["2.1.1.60"]

[[user]]
name   = "orphan"
tunnel = ["192.0.2.99"]

[[user]]
name   = "deserted"
tunnel = ["192.0.2.1"]
`

// told is pppd's line of the packet that refuses its user by a method. The same
// text comes again in the Terminate-Request, which is no answer to a login.
func told(method, text string) *regexp.Regexp {
	packet := `CHAP Failure`
	if method == "pap" {
		packet = `PAP AuthNak`
	}
	return regexp.MustCompile(`rcvd \[` + packet + ` id=0x[0-9a-f]+ "[^"]*` + regexp.QuoteMeta(text))
}

// Every caller who is not served reads why in the answer to her login, within
// 15 s of CONNECT, and every end that the call reached remembers it.
func TestWhoIsNotServedReadsWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{ports: 2, pac: destinations})
	const pap, chap = "pap", "mschap-v2"
	options := map[string]string{pap: "refuse-chap refuse-mschap refuse-mschap-v2 refuse-eap", chap: "refuse-pap"}
	for _, tt := range []struct {
		name, user, password, method string
		reads                        string // in what pppd is answered
		pac, pns                     record.EndReason
		outcome                      string // of pns_auth_total
	}{
		{"no profile", "nobody", "x", chap, `no destination is known`, record.NoProfile, record.Running, ""},
		{"no profile, PAP", "nobody", "x", pap, `no destination is known`, record.NoProfile, record.Running, ""},
		{"no such PNS", "orphan", "x", chap, `cannot be reached`, record.NoTunnel, record.Running, ""},
		{"PNS refuses connections, PAP", "deserted", "x", pap, `connection refused`, record.NoTunnel, record.Running, ""},
		{"wrong password", "saran", "red rose", chap, "wrong user name or password", record.ClearedByPNS, record.AuthFailed, "wrong-password"},
		{"wrong password, PAP", "saran", "red rose", pap, "wrong user name or password", record.ClearedByPNS, record.AuthFailed, "wrong-password"},
		{"the PNS does not know her", "stranger", "x", chap, "wrong user name or password", record.ClearedByPNS, record.AuthFailed, "unknown-user"},
		{"full pool", "eve", "red rose", chap, "no address is free", record.ClearedByPNS, record.NoAddress, "no-address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			setup, after := "", ""
			if tt.outcome == "no-address" { // bob has the only one, by his second endpoint
				setup, after = `port=2; dial bob "green grass" || exit 1; port=1`+"\n", "port=2 hangup\n"
			}
			counted := func(h *Host, panel, line string) float64 { return w.Metric(h, panel, line) }
			pacLine := `pac_calls_total{bank="courier",outcome="` + tt.pac.String() + `"}`
			pnsLine := `pns_calls_total{outcome="` + tt.pns.String() + `",pac="atlanta"}`
			authLine := fmt.Sprintf("pns_auth_total{method=%q,outcome=%q}", tt.method, tt.outcome)
			pacBefore, pnsBefore := counted(w.POP, pacPanel, pacLine), counted(w.Office, pnsPanel, pnsLine)
			authBefore := counted(w.Office, pnsPanel, authLine)
			out := w.run(setup + `dial ` + tt.user + ` "` + tt.password + `" ` + options[tt.method] + " && exit 1\ntrue\n")
			if log, line := w.Guest.Log(1), told(tt.method, tt.reads); !line.MatchString(log) {
				t.Errorf("pppd's log has no %s:\n%s\n%s", line, out, log)
			}
			newest := func(h *Host, program string) record.Call {
				var c record.Call
				Until(t, "end of the call at "+program, func() bool {
					for _, c = range w.Calls(h, program) {
						if c.User == tt.user {
							return c.Reason != record.Running
						}
					}
					return false
				})
				return c
			}
			c := newest(w.POP, "pac")
			if c.Reason != tt.pac || !strings.Contains(c.Text, tt.reads) && tt.pns == record.Running {
				t.Errorf("pac remembers %v: %q", c.Reason, c.Text)
			}
			if took := c.Ended.Sub(c.Started); took > 15*time.Second {
				t.Errorf("it took %v from the first ring", took)
			}
			if n := counted(w.POP, pacPanel, pacLine) - pacBefore; n != 1 {
				t.Errorf("%s grew by %v", pacLine, n)
			}
			if tt.pns != record.Running {
				if c := newest(w.Office, "pns"); c.Reason != tt.pns {
					t.Errorf("pns remembers %v: %q", c.Reason, c.Text)
				}
				if n := counted(w.Office, pnsPanel, pnsLine) - pnsBefore; n != 1 {
					t.Errorf("%s grew by %v", pnsLine, n)
				}
				if n := counted(w.Office, pnsPanel, authLine) - authBefore; n != 1 {
					t.Errorf("%s grew by %v", authLine, n)
				}
				if c.Text == "" || strings.HasPrefix(c.Text, "the PNS cleared") {
					t.Errorf("pac did not learn the PNS's reason: %q", c.Text)
				}
			}
			if after != "" {
				w.run(after)
			}
		})
	}
}

// Two users of one POP reach two companies at the same time.
func TestTwoCompanies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{ports: 2, pac: saran + `
[[user]]
name   = "tomw"
tunnel = ["192.0.2.3"]
`})
	second, lan := NewHost(t, "second"), NewHost(t, "lan2")
	Join(w.POP, "wan2", "192.0.2.1/32", second, "wan", "192.0.2.3/24")
	w.POP.IP("route", "add", "192.0.2.3", "dev", "wan2")
	Join(second, "lan", "10.9.0.1/24", lan, "eth0", "10.9.0.10/24")
	Web(lan, "10.9.0.10")
	w.data["Dir"] = t.TempDir()
	w.Start(second, "pns", `
name   = "boston"
socket = "{{.Dir}}/pns.sock"
[[pac]]
name = "atlanta"
from = ["192.0.2.1/32"]
[lan]
local     = "10.9.0.1"
addresses = ["10.9.0.100-10.9.0.101"]
[[user]]
name     = "tomw"
password = "tea party"
`, w.data)
	out := w.run(`
dial saran "blue moon" || exit 1
port=2
dial tomw "tea party" || exit 1
ip route add 2.1.1.10 dev ppp1; ip route add 10.9.0.10 dev ppp2
ip -4 -o addr show dev ppp1; ip -4 -o addr show dev ppp2
wget -q -O - http://2.1.1.10/ && wget -q -O - http://10.9.0.10/ || exit 1
wget -q -O - http://2.1.1.10/data?n=100000 | sha256sum & wget -q -O - http://10.9.0.10/data?n=100000 | sha256sum; wait $!
hangup; port=1 hangup
`)
	if !strings.Contains(out, "inet 2.1.1.129 peer 2.1.1.61") || !strings.Contains(out, "inet 10.9.0.100 peer 10.9.0.1") ||
		strings.Count(out, Page) != 2 || strings.Count(out, Hash(Data(100000))) != 2 {
		t.Errorf("the guest said:\n%s", out)
	}
}
