//go:build vm

package testbed

import (
	"fmt"
	"strings"
	"testing"

	"carrier/shared/record"
)

// pppd encrypts as the PNS's policy and its own options have it, and data pass
// both ways without a reset. pppd itself always asks for stateless mode; what it
// sends is stateful where we ask for that.
func TestPPPDEncrypts(t *testing.T) {
	for _, tt := range []struct{ name, ppp, options, agreed string }{
		{"128 stateless", `encryption = "required"`, "require-mppe-128", "sent [CCP ConfAck id=0x1 <mppe +H -M +S -L -D -C>]"},
		{"40 stateless", `strengths = ["40"]`, "require-mppe-40", "sent [CCP ConfAck id=0x1 <mppe +H -M -S +L -D -C>]"},
		{"128 stateful", "encryption = \"required\"\nstateless = false", "require-mppe-128 mppe-stateful", "sent [CCP ConfAck id=0x1 <mppe -H -M +S -L -D -C>]"},
		{"none", "", "nomppe", "sent [CCP ConfRej id=0x1 <mppe +H -M +S -L -D -C>]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, setting{pac: saran, people: "[ppp]\n" + tt.ppp})
			const n = 1 << 20
			out := w.run(`port=9; ccp=; dial saran "blue moon" defaultroute debug ` + tt.options + " || exit 1\nping -c 3 -W 5 2.1.1.10 || exit 1\n" + transfer(n) + "hangup\n")
			hashes(t, out, n)
			if log := w.Guest.Log(FastPort); !strings.Contains(log, tt.agreed) {
				t.Errorf("pppd's log has no %q:\n%s", tt.agreed, log)
			}
			w.undecoded()
		})
	}
}

// pppd and the PNS compress data both ways.
func TestPPPDCompresses(t *testing.T) {
	w := newWorld(t, setting{pac: saran})
	for _, tt := range []struct{ options, agreed string }{
		{"deflate 15,15 nobsdcomp", "Deflate (15) compression enabled"},
		{"nodeflate bsdcomp 12,12", "BSD-Compress (12) compression enabled"},
	} {
		const n = 1 << 20
		out := w.run(`port=9; ccp=; dial saran "blue moon" defaultroute nomppe ` + tt.options + " || exit 1\nping -c 3 -W 5 2.1.1.10 || exit 1\n" + transfer(n) + "hangup\n")
		hashes(t, out, n)
		if log := w.Guest.Log(FastPort); !strings.Contains(log, tt.agreed) || strings.Contains(log, "ResetReq") {
			t.Errorf("pppd's log has no %q, or resets:\n%s", tt.agreed, log)
		}
	}
	w.undecoded()
}

// undecoded fails the test if frames of callers' could not be decoded.
func (w *world) undecoded() {
	w.T.Helper()
	for _, reason := range []string{"undecoded", "unsealed", "unexpanded"} {
		line := fmt.Sprintf("pns_frames_dropped_total{reason=%q}", reason)
		if v := w.Metric(w.Office, pnsPanel, line); v != 0 {
			w.T.Errorf("%s is %v", line, v)
		}
	}
}

// pppd and the PNS compress TCP headers both ways, in clear and under MPPE.
func TestPPPDCompressesHeaders(t *testing.T) {
	w := newWorld(t, setting{pac: saran})
	for _, encryption := range []string{"nomppe", "require-mppe-128"} {
		const n = 1 << 20
		hashes(t, w.run(`port=9; ccp= vj=; dial saran "blue moon" defaultroute `+encryption+" || exit 1\n"+transfer(n)+"hangup\n"), n)
		log := w.Guest.Log(FastPort)
		for _, want := range []string{"rcvd [IPCP ConfReq id=0x1 <addr 2.1.1.61> <compress VJ 0f 00>]", "sent [IPCP ConfReq id=0x2 <compress VJ 0f 01> <addr 2.1.1.129>]"} {
			if !strings.Contains(log, want) {
				t.Errorf("pppd's log has no %q:\n%s", want, log)
			}
		}
		w.undecoded()
	}
}

// A caller's machine that does not encrypt reads why it may not come in, and no
// network protocol has opened.
func TestPPPDMustEncrypt(t *testing.T) {
	w := newWorld(t, setting{pac: saran, people: "[ppp]\nencryption = \"required\""})
	out := w.run(`port=9; ccp=; dial saran "blue moon" defaultroute nomppe && exit 1; echo refused`)
	if !strings.Contains(out, "refused") {
		t.Error(out)
	}
	log := w.Guest.Log(FastPort)
	if want := "LCP terminated by peer (encryption is required: CCP"; !strings.Contains(log, want) || strings.Contains(log, "rcvd [IPCP") {
		t.Errorf("pppd's log has no %q, or IPCP's packets:\n%s", want, log)
	}
	Until(t, "the call's end", func() bool { return w.Calls(w.Office, "pns")[0].Reason == record.NotEncrypted })
}
