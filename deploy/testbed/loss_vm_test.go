//go:build vm

package testbed

import (
	"strings"
	"testing"
)

// postText uploads what compresses well, which what transfer moves does not.
const postText = `
seq 100000 | head -c 524288 >/tmp/text
post /tmp/text http://2.1.1.10/hash | grep $(sha256sum /tmp/text | cut -d' ' -f1) || exit 1
`

// The way loses one GRE packet of a hundred and changes the order of others, once a
// call is up and coded, for pppd ends one that loses an answer of CCP's: all arrives
// as it was. What depends on what was before is begun anew by resets, which we ask
// of pppd and pppd of us; what does not asks for none. Nor do TCP headers: that of what
// TCP sends again comes whole (RFC 1144 §4.2). pppd receives statelessly where it
// encrypts; what it sends with a key that depends on what was before begins anew with
// another key, which RFC 3078 §8.2 does not. Of BSD Compress only what Linux sends is
// here: its receiver takes nothing (see losesBSD).
func TestPPPDLosesWhatIsCoded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{pac: saran})
	bridge := w.trouble(1) // none yet
	w.POP.IP("route", "add", "2.1.1.60", "via", "192.0.2.2")
	w.run("echo 0 >/proc/sys/net/ipv4/tcp_timestamps\n") // with them nearly no header is compressed
	const required = "[ppp]\nencryption = \"required\"\ncompression = []\n"
	for _, tt := range []struct {
		name, policy, options, enabled string
		ways                           // in which there is a history for resets
	}{
		{"128 bits, stateless", required, "require-mppe-128", "128-bit stateless", ways{}},
		{"TCP headers", "[ppp]\ncompression = []\n", "vj= nomppe nodeflate nobsdcomp", vjAgreed, ways{}},
		{"128 bits, stateful", required + "stateless = false\n", "require-mppe-128 mppe-stateful", "128-bit state", ways{from: true}},
		{"Deflate", "", "nomppe deflate 15,15 nobsdcomp", "Deflate (15)", bothWays},
		{"BSD Compress from pppd", "", "nomppe nodeflate bsdcomp 0,12", "BSD-Compress (12) transmit", ways{from: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.policy(tt.policy)
			w.run(coded(tt.options))
			log := func() string { return w.Guest.Log(FastPort) }
			Until(t, "coding "+tt.enabled, func() bool { return strings.Contains(log(), tt.enabled) })
			before := bridge.Seen()
			bridge.Set(Trouble{Loss: 0.01, Reorder: 3})
			defer bridge.Set(Trouble{})
			const n = 1 << 20
			out := w.run("port=9\n" + transfer(n) + postText + counted)
			hashes(t, out, n)
			bridge.Set(Trouble{})
			w.run("port=9; hangup\n")
			for side, now := range bridge.Seen() {
				if now.Lost == before[side].Lost || now.Reordered == before[side].Reordered {
					t.Errorf("no trouble from side %d: %+v, then %+v", side, before[side], now)
				}
			}
			if s := stats(out, "COMPRESSED"); tt.from && s[6] == 0 || tt.to && s[1] == 0 {
				t.Errorf("nothing is coded:\n%s", out)
			}
			if tt.enabled == vjAgreed {
				wholeAgain(t, out)
			}
			c := w.Calls(w.Office, "pns")[0].Traffic
			t.Logf("lost %d, asked %d, obeyed %d", c.HistoriesLost, c.ResetsAsked, c.ResetsObeyed)
			if (c.HistoriesLost > 0) != tt.from || (c.ResetsObeyed > 0) != tt.to || c.ResetsAsked < c.HistoriesLost {
				t.Errorf("pns has %+v", c)
			}
			for way, want := range map[string]bool{"rcvd": tt.from, "sent": tt.to} {
				if strings.Contains(log(), way+" [CCP ResetReq") != want {
					t.Errorf("pppd has %s Reset-Requests: %v; want %v:\n%s", way, !want, want, log())
				}
			}
			if v := w.Metric(w.Office, pnsPanel, "pns_ccp_histories_lost_total"); v < float64(c.HistoriesLost) {
				t.Errorf("the panel shows %v losses", v)
			}
		})
	}
}

// vjAgreed is in pppd's log when it is to be sent compressed TCP headers.
const vjAgreed = "<compress VJ 0f 01>"

// wholeAgain looks whether TCP's headers were compressed both ways, and came whole more
// often than the three connections of this test begin.
func wholeAgain(t *testing.T, out string) {
	t.Helper()
	heads := stats(out, "VJCOMP")
	for way, at := range map[string]int{"to pppd": 2, "from it": 7} {
		if compressed, whole := heads[at], heads[at+1]; compressed == 0 || whole <= 3 {
			t.Errorf("%s came %v compressed headers and %v whole ones:\n%s", way, compressed, whole, out)
		}
	}
}
