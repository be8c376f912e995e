//go:build vm

package testbed

import (
	"context"
	"strings"
	"testing"

	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// The company opens a control connection to the POP and has it dial: pppd in the
// guest answers its telephone, logs in as any caller, and has the LAN before it.
func TestDialOutToLinux(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{line: exchange.Conditions{Rate: 28800}, office: `connect = "192.0.2.1"`,
		top: `listen = "192.0.2.1:1723"`, pac: saran + `
[[pns]]
name = "denver"
at   = "2.1.1.60"
from = ["192.0.2.2"]
dial = ["404*"]
`})
	ctx, stop := context.WithTimeout(t.Context(), 5*Patience)
	defer stop()
	type said struct {
		out string
		err error
	}
	answered := make(chan said, 1)
	go func() {
		out, err := w.Guest.Run(ctx, Dial+`
call="'' RING ATA CONNECT"
dial saran "blue moon" defaultroute`+untilHungUp+`|| exit 1
ip -4 -o addr show dev ppp1
ping -c 3 -W 5 2.1.1.10 || exit 1
wget -q -O - http://2.1.1.10/ || exit 1
hangup
`)
		answered <- said{out, err}
	}()
	if got := w.Ask(w.Office, "pns", "dial", subscriber(1), "--user", "saran"); got != "denver/1 is connected\n" {
		t.Errorf("the operator reads %q", got)
	}
	guest := <-answered
	for _, want := range []string{"inet 2.1.1.129 peer 2.1.1.61", "3 packets transmitted, 3 received", Page} {
		if !strings.Contains(guest.out, want) || guest.err != nil {
			t.Errorf("%q is not in what the guest said (%v):\n%s\n%s", want, guest.err, guest.out, w.Guest.Log(1))
		}
	}
	Until(t, "the call's end at both ends", func() bool {
		return w.Calls(w.POP, "pac")[0].Reason != record.Running && w.Calls(w.Office, "pns")[0].Reason != record.Running
	})
	for program, h := range map[string]*Host{"pac": w.POP, "pns": w.Office} {
		c := w.Calls(h, program)[0]
		if !c.Outgoing || c.Name != "denver/1" || c.Rate != 28800 || c.Called != subscriber(1) || c.Reason != record.CallerHungUp {
			t.Errorf("%s remembers %+v", program, c)
		}
	}
	if out := w.Ask(w.Office, "pns", "calls"); !strings.Contains(out, "out  "+subscriber(1)) {
		t.Errorf("the operator sees\n%s", out)
	}
}
