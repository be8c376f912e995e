//go:build vm

package testbed

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// pppd, as the only link of a bundle, with each header and with what is coded
// inside: its network data come in fragments and ours go in them, and tshark
// finds their numbers to follow each other from 0 on, either way.
func TestPPPDMultilink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{pac: saran})
	for _, tt := range []struct {
		name, policy, options string
		short                 bool
		log                   []string
	}{
		{"long headers, encrypted", "[ppp]\nmultilink = \"long\"\nencryption = \"required\"\n", "require-mppe-128 multilink", false,
			[]string{"<mrru 1394> <endpoint [local:64.65.6e.76.65.72]>]"}},
		{"short headers, TCP headers compressed", "[ppp]\nmultilink = \"short\"\ncompression = []\n", "nomppe nodeflate nobsdcomp multilink mpshortseq", true,
			[]string{"<mrru 1394> <ssnhf> <endpoint [local:64.65.6e.76.65.72]>]", "<compress VJ 0f 0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.policy(tt.policy)
			c := w.capture(w.Office, "pns", "--user", "saran")
			const n = 64 << 10
			out := w.run(`port=9; vj=; ccp=; dial saran "blue moon" defaultroute ` + tt.options + " || exit 1\nping -c 2 -W 5 2.1.1.10 || exit 1\n" + transfer(n) + "hangup\n")
			c.stop(t)
			hashes(t, out, n)
			log := w.Guest.Log(FastPort)
			for _, want := range append(tt.log, "sent [LCP ConfAck", "rcvd [LCP ConfAck") {
				if !strings.Contains(log, want) || strings.Contains(log, "ProtRej") {
					t.Errorf("pppd's log has no %q, or Protocol-Rejects:\n%s", want, log)
				}
			}
			for from, sequence := range c.fragments(t, tt.short) {
				for i, n := range sequence {
					if n != i {
						t.Errorf("from %s, fragment %d has number %d", from, i, n)
						break
					}
				}
				if len(sequence) < n/1394 {
					t.Errorf("from %s came only %d fragments", from, len(sequence))
				}
			}
			line := fmt.Sprintf("pns_frames_dropped_total{reason=%q}", "unjoined")
			if v := w.Metric(w.Office, pnsPanel, line); v != 0 {
				t.Errorf("%s is %v", line, v)
			}
		})
	}
}

// fragments are the numbers that tshark reads in the GRE packets of a call, by
// who sent them; each fragment must be a whole packet.
func (c *captured) fragments(t *testing.T, short bool) map[string][]int {
	t.Helper()
	field := "mp.seq"
	if short {
		field = "mp.sseq"
	}
	out, err := exec.Command("tshark", "-r", c.file, "-o", fmt.Sprintf("mp.short_seqno:%t", short), "-Y", "gre && mp",
		"-T", "fields", "-E", "occurrence=f", "-e", "ip.src", "-e", field, "-e", "mp.first", "-e", "mp.last").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]int{}
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		n, err := strconv.Atoi(f[1])
		if err != nil || f[2] != "1" || f[3] != "1" {
			t.Errorf("tshark reads %q: %v", f, err)
			continue
		}
		all[f[0]] = append(all[f[0]], n)
	}
	if len(all) != 2 {
		t.Errorf("fragments came from %d hosts", len(all))
	}
	return all
}
