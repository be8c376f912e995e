package call

import (
	"context"
	"time"

	"carrier/hardware/line"
	"carrier/shared/record"
)

// reportTime bounds asking a line how the call went.
const reportTime = 2 * time.Second

// askReport asks the line how the call went, if its carrier is lost: then the
// modem can answer at once, and the Call-Disconnect-Notify can tell the PNS. In
// any other case the modem must first be hung up, which takes seconds that no
// PNS should wait for: the bank asks then.
func (c *call) askReport(why record.EndReason) {
	l, ok := c.line.(line.Reporter)
	if !ok || why != record.CarrierLost {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), reportTime)
	defer stop()
	if r, ok := l.Report(ctx); ok {
		c.note(func(known *record.Call) { known.Report = &r })
	}
}

// Reported notes what a line said, after hanging up, of the last call on it.
func (t Taker) Reported(l line.Line, r record.LineReport) {
	t.calls.history.Amend(func(c record.Call) bool { return c.Line == l.Name() }, func(c *record.Call) {
		if c.Report == nil {
			c.Report = &r
			t.calls.o.Log.Info("modem's report", "call", c.Name, "line", c.Line, "report", r)
		}
	})
}
