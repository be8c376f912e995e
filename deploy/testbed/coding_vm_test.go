//go:build vm

package testbed

import (
	"fmt"
	"strings"
	"testing"

	"carrier/shared/record"
)

// policy has the PNS go by more of a configuration from now on.
func (w *world) policy(more string) {
	w.T.Helper()
	w.data["People"] = more
	w.Write(w.Office, "pns", pnsConfig, w.data)
	w.Ask(w.Office, "pns", "reload")
}

// pppd proves who it is, encrypts and compresses as the PNS's policy and its own
// options have it; data pass both ways, and nothing is reset. pppd always asks
// for stateless mode itself; what it sends is stateful where we ask for that.
func TestPPPDCodes(t *testing.T) {
	const (
		acked    = "sent [CCP ConfAck id=0x1 <mppe %s -L -D -C>]"
		required = "[ppp]\nencryption = \"required\"\ncompression = []\n"
		alone    = "[ppp]\ncompression = []\n"
	)
	t.Parallel()
	w := newWorld(t, setting{pac: saran})
	for _, tt := range []struct {
		name, policy, options, method string
		logs                          []string
	}{
		{"128 bits, stateless, with TCP headers", required, "vj= require-mppe-128", "mschap-v2",
			[]string{fmt.Sprintf(acked, "+H -M +S"), "rcvd [IPCP ConfAck id=0x2 <compress VJ 0f 01> <addr 2.1.1.129>]"}},
		{"40 bits, by EAP's keys", alone + "strengths = [\"40\"]\n[auth]\nmethods = [\"eap-mschap-v2\"]", "require-mppe-40", "eap-mschap-v2",
			[]string{"sent [CCP ConfAck id=0x1 <mppe +H -M -S +L -D -C>]", "<auth eap>"}},
		{"128 bits, stateful, by MS-CHAP's keys", required + "stateless = false\n[auth]\nmethods = [\"mschap\"]", "require-mppe-128 mppe-stateful", "mschap",
			[]string{fmt.Sprintf(acked, "-H -M +S"), "<auth chap MS>"}},
		{"Deflate, after MD5 inside EAP", "[auth]\nmethods = [\"eap-md5\"]", "nomppe deflate 15,15 nobsdcomp", "eap-md5",
			[]string{"Deflate (15) compression enabled", "<auth eap>"}},
		{"BSD Compress", "", "nomppe nodeflate bsdcomp 12,12", "mschap-v2", []string{"BSD-Compress (12) compression enabled"}},
		{"TCP headers alone", alone, "vj= nomppe nodeflate nobsdcomp", "mschap-v2",
			[]string{"sent [CCP ConfRej id=0x1 <mppe +H -M +S -L -D -C>]", "sent [IPCP ConfAck id=0x1 <addr 2.1.1.61> <compress VJ 0f 00>]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.policy(tt.policy)
			set, options := "", ""
			for _, o := range strings.Fields(tt.options) {
				if strings.HasSuffix(o, "=") {
					set += o + "; "
				} else {
					options += " " + o
				}
			}
			const n = 256 << 10
			out := w.run("port=9; unset vj; ccp=; " + set + `dial saran "blue moon" defaultroute` + options + " || exit 1\nping -c 2 -W 5 2.1.1.10 || exit 1\nwget -q -O - http://2.1.1.10/ || exit 1\n" + transfer(n) + "hangup\n")
			hashes(t, out, n)
			if !strings.Contains(out, Page) {
				t.Errorf("no page:\n%s", out)
			}
			log := w.Guest.Log(FastPort)
			for _, want := range tt.logs {
				if !strings.Contains(log, want) || strings.Contains(log, "ResetReq") || strings.Contains(log, "ProtRej") {
					t.Errorf("pppd's log has no %q, or resets or Protocol-Rejects:\n%s", want, log)
				}
			}
			if c := w.Calls(w.Office, "pns")[0]; c.Method != tt.method {
				t.Errorf("pns remembers the method %q", c.Method)
			}
			for _, reason := range []string{"undecoded", "unsealed", "unexpanded"} {
				line := fmt.Sprintf("pns_frames_dropped_total{reason=%q}", reason)
				if v := w.Metric(w.Office, pnsPanel, line); v != 0 {
					t.Errorf("%s is %v", line, v)
				}
			}
		})
	}
	t.Run("a caller who does not encrypt", func(t *testing.T) {
		w.policy(required)
		if out := w.run(`port=9; ccp=; dial saran "blue moon" defaultroute nomppe && exit 1; echo refused`); !strings.Contains(out, "refused") {
			t.Error(out)
		}
		log := w.Guest.Log(FastPort)
		if want := "LCP terminated by peer (encryption is required: CCP"; !strings.Contains(log, want) || strings.Contains(log, "rcvd [IPCP") {
			t.Errorf("pppd's log has no %q, or IPCP's packets:\n%s", want, log)
		}
		Until(t, "the call's end", func() bool { return w.Calls(w.Office, "pns")[0].Reason == record.NotEncrypted })
	})
}
