//go:build vm

package testbed

import (
	"fmt"
	"strings"
	"testing"

	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// transfer moves n octets each way between the guest and the LAN's web server
// and prints both hashes as they arrived.
func transfer(n int) string { return transferAt("2.1.1.10", n) }

// transferAt is transfer at an address of that server's, as a URL has it.
func transferAt(server string, n int) string {
	return fmt.Sprintf(`
wget -q -O /tmp/data 'http://%[1]s/data?n=%[2]d' || exit 1
sha256sum /tmp/data | cut -d' ' -f1
post /tmp/data http://%[1]s/hash || exit 1
`, server, n)
}

func hashes(t *testing.T, out string, n int) {
	t.Helper()
	if got, want := strings.Count(out, Hash(Data(n))), 2; got != want {
		t.Errorf("the right hash of %d octets came %d times of %d:\n%s", n, got, want, out)
	}
}

// Sara's call as the book has it, at the speed of her modem: pppd in the guest
// dials, pac learns her name and tunnels over raw GRE, pns lets her into the
// LAN. When she ends PPP, the switch hangs up.
func sarasCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{line: exchange.Conditions{Rate: 28800}, pac: saran})
	const n = 64 << 10
	out := w.run(`
dial saran "blue moon" defaultroute usepeerdns` + untilHungUp + `|| exit 1
ip -4 -o addr show dev ppp1
ping -c 3 -W 5 2.1.1.10 || exit 1
wget -q -O - http://2.1.1.10/ || exit 1
` + transfer(n) + "hangup\n")
	for _, want := range []string{"inet 2.1.1.129 peer 2.1.1.61", "3 packets transmitted, 3 received", Page} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in what the guest said:\n%s", want, out)
		}
	}
	hashes(t, out, n)
	for _, want := range []string{"primary   DNS address 2.1.1.53", "Serial link disconnected"} {
		if log := w.Guest.Log(1); !strings.Contains(log, want) {
			t.Errorf("pppd's log has no %q:\n%s", want, log)
		}
	}
	Until(t, "the call's end at both ends", func() bool {
		return w.Calls(w.POP, "pac")[0].Reason != record.Running && w.Calls(w.Office, "pns")[0].Reason != record.Running
	})
	at, theirs := w.Calls(w.POP, "pac")[0], w.Calls(w.Office, "pns")[0]
	if at.Name != "atlanta/1" || theirs.Name != at.Name {
		t.Errorf("the call's name is %q and %q", at.Name, theirs.Name)
	}
	if at.User != "saran" || at.Called != Number || at.Calling != subscriber(1) || at.Rate != 28800 || at.Reason != record.CallerHungUp {
		t.Errorf("pac remembers %+v", at)
	}
	if theirs.Address.String() != "2.1.1.129" || theirs.Reason != record.CallerHungUp || theirs.Called != Number {
		t.Errorf("pns remembers %+v", theirs)
	}
}

// Each way to prove who one is carries a mebibyte both ways when the telephone
// network sets no limit.
func TestEveryMethodCarriesData(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{pac: saran})
	for _, m := range []struct{ name, options, log string }{
		{"pap", "refuse-chap refuse-mschap refuse-mschap-v2 refuse-eap", "PAP AuthAck"},
		{"chap-md5", "refuse-pap refuse-mschap refuse-mschap-v2 refuse-eap", "<auth chap MD5>"},
		{"mschap-v2", "refuse-pap refuse-chap refuse-mschap refuse-eap", "<auth chap MS-v2>"},
	} {
		t.Run(m.name, func(t *testing.T) {
			const n = 1 << 20
			hashes(t, w.run(`port=9; dial saran "blue moon" defaultroute `+m.options+" || exit 1\n"+transfer(n)+"hangup\n"), n)
			if log := w.Guest.Log(FastPort); !strings.Contains(log, m.log) {
				t.Errorf("pppd's log has no %q:\n%s", m.log, log)
			}
			for program, h := range map[string]*Host{"pac": w.POP, "pns": w.Office} {
				if c := w.Calls(h, program)[0]; c.Method != m.name {
					t.Errorf("%s remembers the method %q", program, c.Method)
				}
			}
			line := fmt.Sprintf("pns_auth_total{method=%q,outcome=\"accepted\"}", m.name)
			if v := w.Metric(w.Office, pnsPanel, line); v != 1 {
				t.Errorf("%s is %v", line, v)
			}
		})
	}
}
