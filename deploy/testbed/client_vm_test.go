//go:build vm

package testbed

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carrier/shared/record"
)

// clientConfig lets the guest, and no PAC, open tunnels.
const clientConfig = `
name   = "denver"
socket = "{{.Dir}}/pns.sock"
panel  = "127.0.0.1:8724"

[clients]
from = ["203.0.113.0/28"]
{{.Clients}}

[lan]
local     = "2.1.1.61"
addresses = ["2.1.1.130"]
dns       = ["2.1.1.53"]
{{.LAN}}

[[user]]
name     = "saran"
password = "blue moon"
address  = "2.1.1.129"
{{.More}}
`

// The office towards its clients; theirs is listed, stranger's is not.
const (
	gateway  = "203.0.113.1"
	theirs   = "203.0.113.9"
	stranger = "203.0.113.99"
)

// tunnel is the start of a guest script: shell functions to open a tunnel with
// Debian's pptp and pppd.
//
//	tunnel PASSWORD OPTIONS...   returns when there is an address, or fails
//	hangup                       ends the call, and pptp with it
//
// The interface is ppp1 and the log /share/pppd1.log. IPv6 is off, unless ipv6 is set
// to what else pppd shall do.
const tunnel = `
tunnel() {
  password=$1; shift
  rm -f /share/pppd1.log /tmp/ppp1.up
  pppd pty "pptp ` + gateway + ` --nolaunchpppd" local nodetach noauth user saran password "$password" noipdefault \
    ${ipv6-noipv6} defaultroute unit 1 debug logfile /share/pppd1.log "$@" >/dev/null 2>&1 &
  dialled
}
`

// A home is a guest on the network that clients come from.
type home struct {
	*Scene
	Guest *Guest
	pns   *Process
	data  map[string]any
}

// newHome starts everything; lan is more of [lan].
func newHome(t *testing.T, lan string) *home {
	s := NewScene(t)
	h := &home{Scene: s, Guest: BootOnline(s.Office, "inet", gateway+"/24"),
		data: map[string]any{"Dir": s.Dir, "LAN": lan, "Clients": "", "More": ""}}
	h.pns = s.Start(s.Office, "pns", clientConfig, h.data)
	// An emulated processor is slow: what waits for pptp must find room.
	h.run("echo 4194304 >/proc/sys/net/core/rmem_default; ip addr add " + theirs + "/24 dev eth0; ip link set eth0 up\n")
	return h
}

// run runs a script in the guest.
func (h *home) run(script string) string {
	h.T.Helper()
	return h.Scene.Guest(h.Guest, tunnel+script)
}

// policy has the PNS go by more of [clients], and more after it, from now on.
func (h *home) policy(clients, more string) {
	h.T.Helper()
	h.data["Clients"], h.data["More"] = clients, more
	h.Write(h.Office, "pns", clientConfig, h.data)
	h.Ask(h.Office, "pns", "reload")
}

// Linux opens a tunnel from its own machine.
func TestPPTPClient(t *testing.T) {
	t.Parallel()
	h := newHome(t, "")
	for _, part := range []struct {
		name string
		run  func(*home, *testing.T)
	}{
		{"at work", (*home).atWork},
		{"codes", (*home).codes},
		{"BSD Compress", (*home).losesBSD},
		{"signalled while it encrypts", (*home).signalledWhileEncrypting},
		{"signalled without a wish", (*home).signalledWithoutAWish},
		{"who does not encrypt", (*home).doesNotEncrypt},
		{"hung up by the operator", (*home).hungUp},
		{"stranger", (*home).stranger},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(h.of(t), t) })
	}
}

// of is the home for a part of the test.
func (h *home) of(t *testing.T) *home {
	scene, part := *h.Scene, *h
	scene.T, part.Scene = t, &scene
	return &part
}

// atWork has her ping, read a page and move data, encrypted because nothing else
// is said.
func (h *home) atWork(t *testing.T) {
	const n = 256 << 10
	out := h.run(`tunnel "blue moon" require-mppe-128 || exit 1
ip -4 -o addr show dev ppp1
ping -c 3 -W 5 2.1.1.10 || exit 1
wget -q -O - http://2.1.1.10/ || exit 1
` + transfer(n) + receiveErrors)
	for _, want := range []string{"inet 2.1.1.129 peer 2.1.1.61", "3 packets transmitted, 3 received", Page} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in what the guest said:\n%s", want, out)
		}
	}
	hashes(t, out, n)
	h.clean(t, out)
	if log, want := h.Guest.Log(1), "MPPE 128-bit stateless compression enabled"; !strings.Contains(log, want) {
		t.Errorf("pppd's log has no %q:\n%s", want, log)
	}
	var status struct {
		PACs []struct {
			PAC, State, Host, Vendor, Profile string
			Sets                              []string
		}
	}
	if err := json.Unmarshal([]byte(h.Ask(h.Office, "pns", "status", "--json")), &status); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(status.PACs); got != "[{client established local cananian linux [window = false]}]" {
		t.Errorf("status shows %s", got)
	}
	h.run("hangup\n")
	Until(t, "the call's end", func() bool { return h.Calls(h.Office, "pns")[0].Reason != record.Running })
	c := h.Calls(h.Office, "pns")[0]
	if c.Peer != "client" || c.Calling != theirs || c.User != "saran" || c.Method != "mschap-v2" || c.Reason != record.CallerHungUp {
		t.Errorf("pns remembers %+v", c)
	}
}

// codes has her prove who she is, encrypt and compress in every way that both ends
// have, each a call that is negotiated afresh while it lasts.
func (h *home) codes(t *testing.T) {
	const (
		only40   = "[ppp]\nstrengths = [\"40\"]\n"
		stateful = "stateless = false\n"
		may      = "encryption = \"optional\"\n"
	)
	tls := h.certificates(t)
	for _, tt := range []struct {
		name, clients, more, options string
		as                           trial
	}{
		{"128 bits, stateless, with TCP headers", "vj = true", "", "require-mppe-128", trial{coded: bothWays, heads: true,
			logs: []string{acked("+H -M +S -L"), "rcvd [IPCP ConfAck <compress VJ 0f 01> <addr 2.1.1.129>"}}},
		{"128 bits, stateful, by MS-CHAP's keys", "", "[ppp]\n" + stateful + by("mschap"), "require-mppe-128 mppe-stateful", trial{method: "mschap", coded: bothWays,
			logs: []string{acked("-H -M +S -L"), "<auth chap MS>"}}},
		{"128 bits, stateless, by a certificate's keys", "", tls, "require-mppe-128 ca /share/ca.pem cert /share/saran.pem key /share/saran.key", trial{method: "eap-tls", coded: bothWays,
			logs: []string{acked("+H -M +S -L"), "<auth eap>"}}},
		{"40 bits, stateless, by EAP's keys", "", only40 + by("eap-mschap-v2"), "require-mppe-40", trial{method: "eap-mschap-v2", coded: bothWays,
			logs: []string{acked("+H -M -S +L"), "<auth eap>"}}},
		{"40 bits, stateful", "", only40 + stateful, "require-mppe-40 mppe-stateful", trial{coded: bothWays,
			logs: []string{acked("-H -M -S +L"), "<auth chap MS-v2>"}}},
		{"Deflate, after MD5 inside EAP", may + "compression = [\"deflate\"]", by("eap-md5"), "nomppe deflate 15,15 nobsdcomp", trial{method: "eap-md5", coded: bothWays, again: deflated,
			logs: []string{"<auth eap>"}}},
		{"BSD Compress from pppd, Deflate to it", may + "compression = [\"deflate\", \"bsd\"]", "", "nomppe deflate 15,0 bsdcomp 0,12", trial{coded: bothWays, again: bsdSent, logs: []string{bsdSent}}},
		{"in clear, with TCP headers, after PAP", may + "vj = true", by("pap"), "nomppe nodeflate nobsdcomp", trial{method: "pap", heads: true,
			logs: []string{"PAP AuthAck", "rcvd [IPCP ConfAck <compress VJ 0f 01> <addr 2.1.1.129>"}}},
		{"in clear, after CHAP", may, by("chap-md5"), "noccp", trial{method: "chap-md5", logs: []string{"<auth chap MD5>"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := h.of(t)
			h.policy(tt.clients, tt.more)
			h.tries(t, tt.options, tt.as)
		})
	}
}

// tries is a trial of a call with options of pppd's and variables of tunnel's.
func (h *home) tries(t *testing.T, options string, c trial) {
	t.Helper()
	c.Scene, c.guest, c.port, c.run, c.ours = h.Scene, h.Guest, 1, h.run, map[string]*Host{pnsPanel: h.Office}
	set, rest := variables(options)
	c.dial = set + `tunnel "blue moon"` + rest + anew + " || exit 1\n"
	c.works(t)
	h.run("hangup\n")
	h.inOrder(t)
}

// certificates are hers, for the guest, and the server's in the policy that asks
// for them.
func (h *home) certificates(t *testing.T) (policy string) {
	ca := newAuthority(t)
	ca.write(t, h.Guest, "ca", "saran", "denver")
	return by("eap-tls") + strings.ReplaceAll("[auth.tls]\ncertificate = \"%/denver.pem\"\nkey = \"%/denver.key\"\nca = \"%/ca.pem\"\n", "%", h.Guest.Share)
}

// receiveErrors is a command of a guest script, and what it says when there were
// none.
const (
	receiveErrors = "echo $(cat /sys/class/net/ppp1/statistics/rx_errors) receive errors\n"
	noErrors      = "\n0 receive errors\n"
)

// clean looks whether anything went wrong on the way that somebody repaired.
func (h *home) clean(t *testing.T, out string) {
	t.Helper()
	if !strings.Contains(out, noErrors) {
		t.Errorf("not %q:\n%s", noErrors, out)
	}
	h.inOrder(t)
	for _, bad := range []string{"ResetReq", "ResetAck", "ProtRej", "CodeRej", "FCS"} {
		if log := h.Guest.Log(1); strings.Contains(log, bad) {
			t.Errorf("pppd's log has %q:\n%s", bad, log)
		}
	}
	for _, zero := range []string{
		`pns_frames_dropped_total{reason="undecoded"}`, `pns_frames_dropped_total{reason="unsealed"}`, `pns_frames_dropped_total{reason="unexpanded"}`,
		`pns_frames_dropped_total{reason="malformed"}`, "pns_gre_lost_total", "pns_gre_time_outs_total",
		`pns_gre_packets_total{direction="received",disposition="malformed"}`, `pns_gre_packets_total{direction="received",disposition="held"}`,
		`pns_gre_packets_total{direction="received",disposition="restarted"}`,
	} {
		if v, known := h.metric(zero); v != 0 || !known {
			t.Errorf("%s is %v, %v", zero, v, known)
		}
	}
}

// inOrder looks whether pptp has found all packets in their order.
func (h *home) inOrder(t *testing.T) {
	t.Helper()
	messages, err := os.ReadFile(filepath.Join(h.Guest.Share, "messages.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(messages), "lost or reordered") {
		t.Errorf("pptp says:\n%s", messages)
	}
}

// metric is Scene.Metric for a line that must be there.
func (h *home) metric(line string) (v float64, known bool) {
	page, err := h.Office.Command("curl", "-s", "http://"+pnsPanel+"/metrics").Output()
	if err != nil {
		h.T.Fatal(err)
	}
	return h.Metric(h.Office, pnsPanel, line), strings.Contains(string(page), "\n"+line+" ")
}

// losesBSD has a call go on without compression when the client's kernel finds that
// it cannot expand. Linux's bsd_comp takes for bad, on machines of 64 bits, whatever
// begins with a code above 255, as nearly all packets do.
func (h *home) losesBSD(t *testing.T) {
	h.policy("encryption = \"optional\"\ncompression = [\"bsd\"]", "[auth]\nmethods = [\"chap-md5\"]")
	const n = 256 << 10
	out := h.run(`tunnel "blue moon" nomppe nodeflate bsdcomp 12,12 kdebug 7 || exit 1
ping -c 2 -W 5 2.1.1.10
` + transfer(n) + receiveErrors + "dmesg | grep bsd_decomp; hangup\n")
	hashes(t, out, n)
	log := h.Guest.Log(1)
	for _, want := range []string{"<auth chap MD5>", "BSD-Compress (12) compression enabled", "Lost compression sync: disabling compression", "rcvd [CCP TermAck"} {
		if !strings.Contains(log, want) {
			t.Errorf("pppd's log has no %q:\n%s", want, log)
		}
	}
	for _, want := range []string{"2 packets transmitted, 1 received", "\n1 receive errors\n", "bad code 0xffffff01"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in what the guest said:\n%s", want, out)
		}
	}
	if v, known := h.metric(`pns_frames_dropped_total{reason="undecoded"}`); v != 0 || !known {
		t.Errorf("%v of hers could not be expanded", v)
	}
}

// doesNotEncrypt is told why she is not let in.
func (h *home) doesNotEncrypt(t *testing.T) {
	h.policy("", "")
	out := h.run(`tunnel "blue moon" nomppe && exit 1; echo refused`)
	log := h.Guest.Log(1)
	if want := "LCP terminated by peer (encryption is required: CCP"; !strings.Contains(log, want) || strings.Contains(log, "rcvd [IPCP") || !strings.Contains(out, "refused") {
		t.Errorf("pppd's log has no %q, or IPCP's packets:\n%s\n%s", want, log, out)
	}
	Until(t, "the call's end", func() bool { return h.Calls(h.Office, "pns")[0].Reason == record.NotEncrypted })
}

// hungUp has an operator end the call: she reads so, and pptp ends.
func (h *home) hungUp(t *testing.T) {
	h.run(`tunnel "blue moon" require-mppe-128` + "\n")
	h.Ask(h.Office, "pns", "hangup", h.Calls(h.Office, "pns")[0].Name)
	h.run("while kill -0 $(cat $pids/1) 2>/dev/null; do sleep 0.1; done\nwhile pidof pptp >/dev/null; do sleep 0.1; done\n")
	if log, want := h.Guest.Log(1), "LCP terminated by peer (the operator ended the call)"; !strings.Contains(log, want) {
		t.Errorf("pppd's log has no %q:\n%s", want, log)
	}
	if c := h.Calls(h.Office, "pns")[0]; c.Reason != record.Operator {
		t.Errorf("pns remembers %+v", c)
	}
}

// stranger comes from an address that is not listed.
func (h *home) stranger(t *testing.T) {
	calls := len(h.Calls(h.Office, "pns"))
	out := h.run("ip addr flush dev eth0; ip addr add " + stranger + "/24 dev eth0\n" + `tunnel "blue moon" require-mppe-128 && exit 1; echo refused`)
	h.pns.Logged("control connection refused", stranger)
	if now := len(h.Calls(h.Office, "pns")); now != calls || !strings.Contains(out, "refused") {
		t.Errorf("%d calls, %d before:\n%s", now, calls, out)
	}
}
