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
	bridge := w.trouble(1) // none yet
	w.POP.IP("route", "add", "2.1.1.60", "via", "192.0.2.2")
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
			w.codes(t, tt.options, tt.method, tt.logs)
		})
	}
	t.Run("128 bits, stateless, where packets are lost", func(t *testing.T) { w.losesWhatIsEncrypted(t, bridge) })
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
	byCertificate(t, w)
	t.Run("an expired password", func(t *testing.T) { expiredPassword(t, w) })
}

// codes has Sara call, with options of pppd's and, ending in =, variables of Dial,
// and carry data; pns remembers the method, and pppd's log has the lines.
func (w *world) codes(t *testing.T, options, method string, logs []string) {
	t.Helper()
	const n = 256 << 10
	out := w.run(coded(options) + "ping -c 2 -W 5 2.1.1.10 || exit 1\nwget -q -O - http://2.1.1.10/ || exit 1\n" + transfer(n) + "hangup\n")
	hashes(t, out, n)
	if !strings.Contains(out, Page) {
		t.Errorf("no page:\n%s", out)
	}
	log := w.Guest.Log(FastPort)
	for _, want := range logs {
		if !strings.Contains(log, want) || strings.Contains(log, "ResetReq") || strings.Contains(log, "ProtRej") {
			t.Errorf("pppd's log has no %q, or resets or Protocol-Rejects:\n%s", want, log)
		}
	}
	if c := w.Calls(w.Office, "pns")[0]; c.Method != method {
		t.Errorf("pns remembers the method %q", c.Method)
	}
	for _, reason := range []string{"undecoded", "unsealed", "unexpanded"} {
		line := fmt.Sprintf("pns_frames_dropped_total{reason=%q}", reason)
		if v := w.Metric(w.Office, pnsPanel, line); v != 0 {
			t.Errorf("%s is %v", line, v)
		}
	}
}

// coded is the beginning of a script that dials in with these options of pppd's,
// of which those that end in = are variables of Dial's to be emptied.
func coded(options string) string {
	set, rest := "", ""
	for _, o := range strings.Fields(options) {
		if strings.HasSuffix(o, "=") {
			set += o + "; "
		} else {
			rest += " " + o
		}
	}
	return "port=9; unset vj; ccp=; " + set + `dial saran "blue moon" defaultroute` + rest + " || exit 1\n"
}

// losesWhatIsEncrypted has the way lose one GRE packet of a hundred and change the
// order of others, once a call is up, for pppd ends one that loses an answer of
// CCP's. Encrypted statelessly all else arrives, and nobody asks for a reset.
func (w *world) losesWhatIsEncrypted(t *testing.T, bridge *Bridge) {
	w.policy("[ppp]\nencryption = \"required\"\ncompression = []\n")
	w.run(coded("require-mppe-128"))
	before := bridge.Seen()
	bridge.Set(Trouble{Loss: 0.01, Reorder: 3})
	defer bridge.Set(Trouble{})
	const n = 1 << 20
	hashes(t, w.run("port=9\n"+transfer(n)), n)
	bridge.Set(Trouble{})
	w.run("port=9; hangup\n")
	for side, now := range bridge.Seen() {
		if now.Lost == before[side].Lost || now.Reordered == before[side].Reordered {
			t.Errorf("no trouble from side %d: %+v, then %+v", side, before[side], now)
		}
	}
	if c := w.Calls(w.Office, "pns")[0].Traffic; c.HistoriesLost+c.ResetsAsked+c.ResetsObeyed > 0 {
		t.Errorf("pns has %+v", c)
	}
	if log := w.Guest.Log(FastPort); strings.Contains(log, "[CCP ResetReq") {
		t.Errorf("pppd has Reset-Requests:\n%s", log)
	}
}
