//go:build vm

package testbed

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// Linux dials in and is a host of the LAN: it reaches it, is found there by ARP,
// is seen as the office where nobody knows of callers, and what it sends in
// another's name goes no further.
func TestPPPDOnTheLAN(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{outside: true, pac: saran + "\n[pacing]\nenabled = false\n", lan: `
mode = "tun"
[lan.tun]
proxy_arp  = ["lan"]
masquerade = ["out"]
forwarding = true
[lan.ipv6]
prefixes = ["2001:db8:1::/56"]
dns      = ["2001:db8:2::53"]
search   = ["denver.example", "corp.example"]
[lan.ipv6.delegation]
prefixes = ["2001:db8:100::/56"]
`})
	numbers := NewNumbers(w.LAN, "2.1.1.10")
	const n = 4 << 20
	out := w.run(`port=9
dial saran "blue moon" defaultroute || exit 1
ping -c 3 -W 5 2.1.1.10 || exit 1
wget -q -O - http://2.1.1.10/ || exit 1
echo the LAN sees $(wget -q -O - http://2.1.1.10/from) || exit 1
echo outside sees $(wget -q -O - http://198.51.100.2/from) || exit 1
` + transfer(n) + `
ip addr add 2.1.1.150/32 dev lo
ip route add 2.1.1.10 dev ppp9 src 2.1.1.150
echo 150 >/dev/udp/2.1.1.10/7
ip route del 2.1.1.10
echo 129 >/dev/udp/2.1.1.10/7
`)
	Until(t, "the caller's own datagram arrives", func() bool { return slices.Contains(numbers.Got(), 129) })
	if got := numbers.Got(); len(got) != 1 {
		t.Errorf("the LAN got %v, with one in another's name", got)
	}
	for _, want := range []string{"3 packets transmitted, 3 received", Page, "the LAN sees 2.1.1.129\n", "outside sees 198.51.100.1\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in what the guest said:\n%s", want, out)
		}
	}
	hashes(t, out, n)
	if v := w.Metric(w.Office, pnsPanel, `pns_frames_dropped_total{reason="spoofed"}`); v != 1 {
		t.Errorf("%v spoofed packets", v)
	}
	if got, want := w.LAN.Finds(netip.MustParseAddr("2.1.1.129"), "eth0", 5), w.Office.MAC("lan"); got != want {
		t.Errorf("a host of the LAN finds the caller at %q, want %s", got, want)
	}
	w.run("port=9 hangup\n")
	w.sixToo()
	t.Run("IPv6 beside IPv4", func(t *testing.T) { besideIPv4(t, w) })
	t.Run("IPv6 alone, encrypted", func(t *testing.T) { onIPv6(t, w) })
	t.Run("a network behind the caller", func(t *testing.T) { routesIPv6(t, w) })
}
