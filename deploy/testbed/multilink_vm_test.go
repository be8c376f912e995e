//go:build vm

package testbed

import (
	"fmt"
	"strings"
	"testing"
)

// pppd, as one link of a bundle that never gets another, with each header and
// with what is coded inside: every packet of network data goes in a fragment of
// its own, either way, and the numbers follow each other from 0 on.
func TestPPPDMultilink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{pac: saran})
	for _, tt := range []struct {
		name, policy, options string
		logs                  []string
	}{
		{"long, encrypted", "[ppp]\nmultilink = \"long\"\n", "require-mppe-128 multilink", []string{"x"}},
		{"short, with TCP headers", "[ppp]\nmultilink = \"short\"\ncompression = []\n", "nomppe multilink mpshortseq", []string{"x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.policy(tt.policy)
			c := w.capture(w.Office, "pns", "--user", "saran")
			const n = 64 << 10
			out := w.run("port=9; unset vj; ccp=; vj=; " + `dial saran "blue moon" defaultroute ` + tt.options + " || { cat /share/*.log; exit 1; }\nping -c 2 -W 5 2.1.1.10 || exit 1\n" + transfer(n) + "hangup\n")
			c.stop(t)
			hashes(t, out, n)
			log := w.Guest.Log(FastPort)
			for _, want := range tt.logs {
				if !strings.Contains(log, want) {
					t.Errorf("pppd's log has no %q:\n%s", want, log)
				}
			}
			f, err := c.read("mp", "frame.packet_flags_direction", "mp.seq", "mp.first", "mp.last")
			t.Log(len(f), f[:10], err)
			line := fmt.Sprintf("pns_frames_dropped_total{reason=%q}", "unjoined")
			if v := w.Metric(w.Office, pnsPanel, line); v != 0 {
				t.Errorf("%s is %v", line, v)
			}
		})
	}
}
