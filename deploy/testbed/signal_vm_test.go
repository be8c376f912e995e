//go:build vm

package testbed

import (
	"strings"
	"testing"

	"carrier/shared/record"
)

// signalledWhileEncrypting has pppd begin by its signal what a trial has it begin by
// our plugin: it ends its call.
func (h *home) signalledWhileEncrypting(t *testing.T) {
	h.policy("", "")
	h.run(`tunnel "blue moon" require-mppe-128 || exit 1
kill -USR2 $(cat $pids/1)
while kill -0 $(cat $pids/1) 2>/dev/null; do sleep 0.1; done
`)
	if log, want := h.Guest.Log(1), `"MPPE disabled"]`; !strings.Contains(log, want) {
		t.Errorf("pppd's log has no %q:\n%s", want, log)
	}
	Until(t, "the call's end", func() bool { return h.Calls(h.Office, "pns")[0].Reason == record.CallerHungUp })
}

// signalledWithoutAWish has pppd begin compression anew where it wants to receive none:
// it asks for nothing, so nobody is told, and Linux drops what it would have compressed
// until somebody asks it. That is when we begin all anew.
func (h *home) signalledWithoutAWish(t *testing.T) {
	const sends, n = "BSD-Compress (12) transmit", 64 << 10
	h.policy("encryption = \"optional\"\ncompression = [\"bsd\"]", "")
	h.run(`tunnel "blue moon" nomppe nodeflate bsdcomp 0,12 || exit 1
dropped() { dmesg | grep -c 'ppp: compressor dropped pkt'; }
until grep -q '` + sends + `' /share/pppd1.log; do kill -0 $(cat $pids/1) || exit 1; sleep 0.1; done
ping -c 1 -W 5 2.1.1.10 || exit 1
lines=$(wc -l </share/pppd1.log) n=$(dropped)
kill -USR2 $(cat $pids/1)
for i in {1..60}; do [ $(dropped) -gt $n ] && break; ping -q -c 1 -W 1 2.1.1.10; done
[ $(dropped) -gt $n ] || { dmesg | tail; exit 1; }
ping -c 3 -i 0.2 -W 1 2.1.1.10 && exit 1
tail -n +$((lines + 1)) /share/pppd1.log | grep CCP && exit 1
true
`)
	trial{Scene: h.Scene, guest: h.Guest, port: 1}.renegotiates()
	Until(t, "compression again", func() bool { return strings.Count(h.Guest.Log(1), sends) == 2 })
	out := h.run("port=1\n" + routed + transfer(n) + receiveErrors + "hangup\n")
	hashes(t, out, n)
	if !strings.Contains(out, noErrors) {
		t.Errorf("not %q:\n%s", noErrors, out)
	}
	h.inOrder(t)
}
