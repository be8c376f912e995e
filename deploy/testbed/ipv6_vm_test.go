//go:build vm

package testbed

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// rejects is a line of pppd's about a Protocol-Reject: of ours, or its own of IPv6
// or IPV6CP. What it was told not to speak it rejects.
var rejects = regexp.MustCompile(`rcvd \[LCP ProtRej|ProtRej id=0x[0-9a-f]+ [08]0 57`)

// onIPv6 has pppd dial in with IPv6 alone, and encrypt. The guest's kernel makes its
// address of the Router Advertisement, reaches the LAN by it, and from no other one.
func onIPv6(t *testing.T, w *world) {
	const n = 256 << 10
	const spoofed = `pns_frames_dropped_total{reason="spoofed"}`
	before := w.Metric(w.Office, pnsPanel, spoofed)
	out := w.run(`port=9; family=-6; ipv6=+ipv6; ccp=
dial saran "blue moon" noip require-mppe-128 || exit 1
ip -o addr show dev ppp9
ip -6 route show dev ppp9
ping -c 3 -W 5 2001:db8:2::10 || exit 1
ping -c 1 -W 5 fe80::1%ppp9 || exit 1
wget -q -O - http://` + server6 + `/ || exit 1
echo the LAN sees $(wget -q -O - http://` + server6 + `/from) || exit 1
` + transferAt(server6, n) + `
ip addr add 2001:db8:9::1/128 dev lo nodad
ping -c 1 -W 1 -I 2001:db8:9::1 2001:db8:2::10 && exit 1
ip addr del 2001:db8:9::1/128 dev lo
`)
	for _, want := range []string{"3 packets transmitted, 3 received", "1 packets transmitted, 1 received", Page, "the LAN sees 2001:db8:1:", "inet6 2001:db8:1:", "default via fe80::1 proto ra"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in what the guest said:\n%s", want, out)
		}
	}
	if strings.Contains(out, "inet 2.1.1.129") {
		t.Errorf("IPv4 is there:\n%s", out)
	}
	hashes(t, out, n)
	if v := w.Metric(w.Office, pnsPanel, spoofed) - before; v != 1 {
		t.Errorf("%v spoofed packets", v)
	}
	if v := w.Metric(w.Office, pnsPanel, "pns_gre_lost_total"); v != 0 {
		t.Errorf("%v GRE packets were lost", v)
	}
	if log := w.Guest.Log(FastPort); rejects.MatchString(log) {
		t.Errorf("a protocol was rejected:\n%s", log)
	}
	up := func() int { return strings.Count(w.Guest.Log(FastPort), "rcvd [IPV6CP ConfAck") }
	negotiated := up()
	w.Ask(w.Office, "pns", "renegotiate", w.Calls(w.Office, "pns")[0].Name)
	Until(t, "pppd's IPv6 after a new negotiation", func() bool { return up() > negotiated })
	hashes(t, w.run("port=9\n"+advertised+transferAt(server6, n)+"hangup\n"), n)
	for host, program := range map[*Host]string{w.Office: "pns", w.POP: "pac"} {
		c := w.Calls(host, program)[0]
		if c.Traffic.Errors != 0 || program == "pns" && c.Prefix.String() != "2001:db8:1::/64" {
			t.Errorf("%s remembers %+v", program, c)
		}
	}
}

// besideIPv4 has pppd dial in with both, and compress.
func besideIPv4(t *testing.T, w *world) {
	w.codes(t, "ipv6=+ipv6 nomppe deflate 15,15 nobsdcomp", trial{coded: bothWays, logs: []string{"rcvd [IPV6CP ConfAck"}, work: work6()})
}

// server6 is the LAN's web server, as a URL has its address.
const server6 = "[2001:db8:2::10]"

// work6 is what a trial does on IPv6.
func work6() string {
	const n = 256 << 10
	return advertised + fmt.Sprintf(`
wget -q -O - http://%[1]s/ | grep -qF '%[4]s' || exit 1
wget -q -O /tmp/six 'http://%[1]s/data?n=%[2]d' || exit 1
sha256sum /tmp/six | grep -q %[3]s || exit 1
post /tmp/six http://%[1]s/hash | grep -q %[3]s || exit 1
`, server6, n, Hash(Data(n)), strings.TrimSpace(Page))
}

// advertised is a piece of a guest script that waits for what a Router Advertisement
// leaves, and pings by it.
const advertised = `
until ip -6 route show dev ppp$port | grep -q 'default via fe80::1 proto ra'; do kill -0 $(cat $pids/$port) || exit 1; sleep 0.1; done
ping -c 2 -i 0.2 -W 5 2001:db8:2::10 || exit 1
`

// sixToo gives the office's end of the LAN and its web server addresses of IPv6, and
// the server a route to callers.
func (s *Scene) sixToo() {
	s.T.Helper()
	s.Office.IP("addr", "add", "2001:db8:2::60/64", "dev", "lan", "nodad")
	s.LAN.IP("addr", "add", "2001:db8:2::10/64", "dev", "eth0", "nodad")
	s.LAN.IP("-6", "route", "add", "2001:db8:1::/56", "via", "2001:db8:2::60")
	Web(s.LAN, "2001:db8:2::10")
}

// Linux opens a tunnel from its own machine, with IPv6 in it: the kernel makes its
// address of the Router Advertisement, each time that all is negotiated afresh.
func TestPPTPClientOnIPv6(t *testing.T) {
	t.Parallel()
	h := newHome(t, `
mode = "tun"
[lan.tun]
proxy_arp  = ["lan"]
forwarding = true
[lan.ipv6]
prefixes = ["2001:db8:1::/56"]
`)
	h.sixToo()
	h.tries(t, "ipv6=+ipv6 require-mppe-128", trial{coded: bothWays, logs: []string{acked("+H -M +S -L"), "rcvd [IPV6CP ConfAck"}, work: work6()})
}
