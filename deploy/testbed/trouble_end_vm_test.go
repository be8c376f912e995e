//go:build vm

package testbed

import (
	"slices"
	"strings"
	"testing"

	"carrier/shared/record"
)

// boston is a second company's server, which saran may use too. The cable to it
// has no bridge.
func (w *world) boston() *Host {
	w.T.Helper()
	h := NewHost(w.T, "boston")
	Join(w.POP, "wan2", "192.0.2.1/32", h, "wan", "192.0.2.3/24")
	w.POP.IP("route", "add", "192.0.2.3", "dev", "wan2")
	w.Start(h, "pns", `
name   = "boston"
socket = "{{.}}/pns.sock"
[[pac]]
name = "atlanta"
from = ["192.0.2.1"]
[lan]
local     = "10.9.0.1"
addresses = ["10.9.0.100"]
[[user]]
name     = "saran"
password = "blue moon"
`, w.T.TempDir())
	return h
}

// Scripts of a caller. Her port has no carrier signal: should nobody tell her
// that she is hung up, she finds out when nobody answers her LCP any more.
const (
	calling = `dial saran "blue moon" lcp-echo-interval 1 lcp-echo-failure 3 lcp-restart 1 \
  lcp-max-terminate 1 lcp-max-configure 21 disconnect true`
	callDenver = calling + ` || exit 1
ping -c 1 -W 5 -I ppp$port 2.1.1.10 || exit 1
`
	callBoston = calling + ` || exit 1
ping -c 1 -W 5 -I ppp$port 10.9.0.1 || exit 1
`
	hungUp = `
p=$(cat $pids/$port)
while kill -0 $p 2>/dev/null; do sleep 0.1; done
grep "LCP terminated by peer (the control connection was lost" /share/pppd$port.log || exit 1
`
)

// call is what is known of a call at one end.
func (w *world) call(h *Host, program, name string) record.Call {
	w.T.Helper()
	all := w.Calls(h, program)
	i := slices.IndexFunc(all, func(c record.Call) bool { return c.Name == name })
	if i < 0 {
		w.T.Fatalf("%s knows no call %s", program, name)
	}
	return all[i]
}

// ended waits until a call is over at one end, and all lines are ready for the
// next.
func (w *world) ended(h *Host, program, name string) (c record.Call) {
	w.T.Helper()
	Until(w.T, "end of "+name+" at "+program, func() bool {
		c = w.call(h, program, name)
		return c.Reason != record.Running && w.idle()
	})
	return c
}

// runs wants a call to run at both of its ends.
func (w *world) runs(name, pns string, h *Host) {
	w.T.Helper()
	at, there := w.call(w.POP, "pac", name), w.call(h, "pns", name)
	if at.Peer != pns || at.Reason != record.Running || there.Reason != record.Running || there.Stage != record.Online || there.User != "saran" {
		w.T.Errorf("%s does not run to %s: %+v, %+v", name, pns, at, there)
	}
}

// Something on the way breaks the control connection, then the server dies in
// the middle of a call: each time the caller is hung up and can dial again at
// once. Her call goes to the same server, to the second while the first is
// dead, and to the first when it is back.
func TestTroubleWithTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{ports: 2, pac: byNumber + "\n[limits]\nlock_out = \"1s\"\n"})
	bridge, boston := w.trouble(1), w.boston()
	w.run(callDenver)
	if err := bridge.Reset(); err != nil {
		t.Fatal(err)
	}
	for program, h := range map[string]*Host{"pac": w.POP, "pns": w.Office} {
		if c := w.ended(h, program, "atlanta/1"); c.Reason != record.ControlLost || !strings.Contains(c.Text, "connection reset") {
			t.Errorf("cut: %s remembers %v: %q", program, c.Reason, c.Text)
		}
	}

	w.run(hungUp + callDenver)
	w.runs("atlanta/2", "denver", w.Office)
	w.pns.Kill()
	if c := w.ended(w.POP, "pac", "atlanta/2"); c.Reason != record.ControlLost || !strings.Contains(c.Text, "control connection") {
		t.Errorf("killed: pac remembers %v: %q", c.Reason, c.Text)
	}

	w.run(hungUp + callBoston)
	w.runs("atlanta/3", "boston", boston)
	if v := w.Metric(w.POP, pacPanel, `pac_tunnel_calls_total{pns="denver",result="failed"}`); v != 1 {
		t.Errorf("Denver failed %v times", v)
	}

	w.pns = w.Start(w.Office, "pns", pnsConfig, w.data)
	w.run("port=2\n" + callDenver)
	w.runs("atlanta/4", "denver", w.Office)
	w.runs("atlanta/3", "boston", boston)
}

// Something on the way lets TCP pass and no GRE: the caller is hung up, both
// ends say GRE, and her next call does not try that server.
func TestTroubleGREBlocked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{pac: byNumber})
	bridge, boston := w.trouble(1), w.boston()
	bridge.Set(Trouble{Block: true})
	w.run(calling + " && exit 1\ntrue\n")
	for program, h := range map[string]*Host{"pac": w.POP, "pns": w.Office} {
		if c := w.ended(h, program, "atlanta/1"); c.Reason != record.GREBlocked || !strings.Contains(c.Text, "GRE") {
			t.Errorf("%s remembers %v: %q", program, c.Reason, c.Text)
		}
	}
	for _, m := range []struct {
		h           *Host
		panel, line string
	}{
		{w.POP, pacPanel, `pac_calls_total{bank="courier",outcome="gre-blocked"}`},
		{w.POP, pacPanel, `pac_tunnel_calls_total{pns="denver",result="failed"}`},
		{w.Office, pnsPanel, `pns_calls_total{outcome="gre-blocked",pac="atlanta"}`},
	} {
		if v := w.Metric(m.h, m.panel, m.line); v != 1 {
			t.Errorf("%s is %v", m.line, v)
		}
	}
	if seen := bridge.Seen(); seen[0].Lost == 0 || seen[1].Lost == 0 {
		t.Errorf("on the way: %+v", seen)
	}

	w.run(callBoston)
	w.runs("atlanta/2", "boston", boston)
	if all := w.Calls(w.Office, "pns"); len(all) != 1 {
		t.Errorf("the next call tried Denver: %+v", all)
	}
}
