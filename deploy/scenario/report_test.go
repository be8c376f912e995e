package scenario

import (
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/exchange"
)

// What the modem says of a call is in its record, whoever hung up.
func TestTheModemsReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{chips: []exchange.Chip{exchange.Conexant}, line: exchange.Conditions{Rate: 28800}})
	for n, hangUp := range []func(end func() error) error{
		func(end func() error) error { return end() },
		func(func() error) error { return w.pac.Hangup(within(t), w.pac.calls()[0].Name) },
	} {
		c := w.dial(0, sara())
		w.reads(c)
		if l := w.line("courier/1"); l.Device != "CX93001-EIS_V0.2013-V92" || l.Rate != 28800 {
			t.Errorf("%+v", l)
		}
		if err := hangUp(c.Close); err != nil {
			t.Error(err)
		}
		w.pac.ended(n + 1)
		testbed.Until(t, "the modem's report", func() bool { return w.pac.calls()[0].Report != nil })
		r := *w.pac.calls()[0].Report
		if r.Transmit != 28800 || r.Receive != 28800 || r.Retrains != 1 || r.Signal != -21 || r.OctetsSent < 500 || r.OctetsReceived < 500 {
			t.Errorf("%+v", r)
		}
		c.Close()
	}
}
