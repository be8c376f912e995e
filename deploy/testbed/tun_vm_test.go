//go:build vm

package testbed

import (
	"strings"
	"testing"

	"carrier/hardware/exchange"
)

// Linux dials in and is a host of the LAN: it reaches it, is found there by ARP,
// and what it sends in another's name goes no further.
func TestPPPDOnTheLAN(t *testing.T) {
	w := newWorldOn(t, 1, exchange.Conditions{}, saran+"\n[pacing]\nenabled = false\n", "", `
mode = "tun"
[lan.tun]
proxy_arp  = ["lan"]
forwarding = true
`)
	const n = 4 << 20
	out := w.run(`
dial saran "blue moon" defaultroute || exit 1
ping -c 3 -W 5 2.1.1.10 || exit 1
wget -q -O - http://2.1.1.10/ || exit 1
` + transfer(n) + `
ip addr add 2.1.1.150/32 dev lo
ping -c 2 -W 1 -I 2.1.1.150 2.1.1.10 && exit 1
ping -c 1 -W 5 2.1.1.10 || exit 1
`)
	for _, want := range []string{"3 packets transmitted, 3 received", Page, "2 packets transmitted, 0 received"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in what the guest said:\n%s", want, out)
		}
	}
	hashes(t, out, n)
	if v := w.Metric(w.Office, pnsPanel, `pns_frames_dropped_total{reason="spoofed"}`); v != 2 {
		t.Errorf("%v spoofed packets", v)
	}
	if out, err := w.LAN.Command("arping", "-c", "1", "-w", "5", "-I", "eth0", "2.1.1.129").CombinedOutput(); err != nil {
		t.Errorf("arping: %v: %s", err, out)
	}
	w.run("hangup\n")
}
