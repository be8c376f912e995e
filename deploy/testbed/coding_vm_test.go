//go:build vm

package testbed

import (
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
// options have it; data pass both ways, before and after all is negotiated afresh.
// pppd always asks for stateless mode itself; what it sends is stateful where we
// ask for that. Linux reads nothing of what BSD Compress makes (losesBSD), so we deflate
// for it.
func TestPPPDCodes(t *testing.T) {
	const (
		required = "[ppp]\nencryption = \"required\"\ncompression = []\n"
		alone    = "[ppp]\ncompression = []\n"
		short    = "strengths = [\"40\"]\n"
		stateful = "stateless = false\n"
	)
	t.Parallel()
	w := newWorld(t, setting{pac: saran})
	for _, tt := range []struct {
		name, policy, options string
		as                    trial
	}{
		{"128 bits, stateless, with TCP headers", required, "vj= require-mppe-128", trial{coded: bothWays, heads: true,
			logs: []string{acked("+H -M +S -L"), "rcvd [IPCP ConfAck <compress VJ 0f 01> <addr 2.1.1.129>]"}}},
		{"128 bits, stateful, by MS-CHAP's keys", required + stateful + by("mschap"), "require-mppe-128 mppe-stateful", trial{method: "mschap", coded: bothWays,
			logs: []string{acked("-H -M +S -L"), "<auth chap MS>"}}},
		{"40 bits, stateless, by EAP's keys", required + short + by("eap-mschap-v2"), "require-mppe-40", trial{method: "eap-mschap-v2", coded: bothWays,
			logs: []string{acked("+H -M -S +L"), "<auth eap>"}}},
		{"40 bits, stateful", required + short + stateful, "require-mppe-40 mppe-stateful", trial{coded: bothWays,
			logs: []string{acked("-H -M -S +L"), "<auth chap MS-v2>"}}},
		{"Deflate, after MD5 inside EAP", by("eap-md5"), "nomppe deflate 15,15 nobsdcomp", trial{method: "eap-md5", coded: bothWays, again: deflated,
			logs: []string{"<auth eap>"}}},
		{"BSD Compress from pppd, Deflate to it", "", "nomppe deflate 15,0 bsdcomp 0,12", trial{coded: bothWays, again: bsdSent, logs: []string{bsdSent}}},
		{"in clear, with TCP headers, after PAP", alone + by("pap"), "vj= nomppe nodeflate nobsdcomp", trial{method: "pap", heads: true,
			logs: []string{"PAP AuthAck", "sent [IPCP ConfAck <addr 2.1.1.61> <compress VJ 0f 00>]"}}},
		{"in clear, after CHAP", "[ppp]\nencryption = \"none\"\ncompression = []\n" + by("chap-md5"), "ccp=noccp", trial{method: "chap-md5",
			logs: []string{"<auth chap MD5>"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.policy(tt.policy)
			w.codes(t, tt.options, tt.as)
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
	t.Run("an expired password", func(t *testing.T) { expiredPassword(t, w) })
}

// by is the policy that one method proves who callers are.
func by(method string) string { return "[auth]\nmethods = [\"" + method + "\"]\n" }

// acked is what pppd logs when it agrees to encrypt with these bits; deflated when
// it deflates, and bsdSent when it sends what BSD Compress makes and receives what is
// deflated.
func acked(bits string) string { return "sent [CCP ConfAck <mppe " + bits + " -D -C>]" }

const (
	deflated = "Deflate (15) compression enabled"
	bsdSent  = "Deflate (15) / BSD-Compress (12) compression enabled"
)

// codes has Sara call as a trial has it, with options of pppd's and, with a =,
// variables of Dial.
func (w *world) codes(t *testing.T, options string, c trial) {
	t.Helper()
	c.Scene, c.guest, c.port, c.run = w.Scene, w.Guest, FastPort, w.run
	c.ours = map[string]*Host{pacPanel: w.POP, pnsPanel: w.Office}
	c.dial = coded(options + anew)
	c.works(t)
	w.run(c.script("hangup"))
}

// coded is the beginning of a script that dials in with these options of pppd's
// and variables of Dial's.
func coded(options string) string {
	set, rest := variables(options)
	return "port=9; unset vj; ccp=; " + set + `dial saran "blue moon" defaultroute` + rest + " || exit 1\n"
}

// variables are the options with a =, as a script sets them, and the rest.
func variables(options string) (set, rest string) {
	for _, o := range strings.Fields(options) {
		if strings.Contains(o, "=") {
			set += o + "; "
		} else {
			rest += " " + o
		}
	}
	return set, rest
}
