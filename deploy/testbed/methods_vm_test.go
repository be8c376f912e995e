//go:build vm

package testbed

import (
	"fmt"
	"strings"
	"testing"
)

// pppd proves who it is by the methods that the PNS alone asks for, and encrypts
// with the keys that they leave.
func TestPPPDProvesItself(t *testing.T) {
	for _, tt := range []struct{ method, options, log string }{
		{"mschap", "require-mppe-128", "<auth chap MS>"},
		{"eap-md5", "nomppe", "<auth eap>"},
		{"eap-mschap-v2", "require-mppe-128", "<auth eap>"},
	} {
		t.Run(tt.method, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{pac: saran, people: fmt.Sprintf("[auth]\nmethods = [%q]", tt.method)})
			const n = 256 << 10
			hashes(t, w.run(`port=9; ccp= vj=; dial saran "blue moon" defaultroute `+tt.options+" || exit 1\nping -c 3 -W 5 2.1.1.10 || exit 1\n"+transfer(n)+"hangup\n"), n)
			if log := w.Guest.Log(FastPort); !strings.Contains(log, tt.log) {
				t.Errorf("pppd's log has no %q:\n%s", tt.log, log)
			}
			if c := w.Calls(w.Office, "pns")[0]; c.Method != tt.method {
				t.Errorf("pns remembers the method %q", c.Method)
			}
			w.undecoded()
		})
	}
}
