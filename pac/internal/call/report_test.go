package call

import (
	"context"
	"log/slog"
	"testing"

	"carrier/hardware/line"
	"carrier/shared/record"
)

// A wordy line has a report of each call.
type wordy struct {
	line.Line
	asked int
}

func (*wordy) Name() string { return "courier/1" }

func (w *wordy) Report(context.Context) (record.LineReport, bool) {
	w.asked++
	return record.LineReport{Cause: "GSTN Clear Down", Retrains: 2, Transmit: 28800, Receive: 26400}, true
}

// The line is asked before the PNS is told, if its carrier is lost, and only
// then: else it would have to hang up first.
func TestTheReportIsInTheLastMessage(t *testing.T) {
	w := new(wordy)
	c := &call{Calls: New(Options{}), line: w}
	c.rec.Store(&record.Call{})
	c.askReport(record.ClearedByPNS)
	if got := c.notify(record.ClearedByPNS).Statistics; w.asked != 0 || got != "cleared-by-pns; up 0 frames, 0 octets; down 0 frames, 0 octets; 0 spoiled" {
		t.Errorf("asked %d times, told %q", w.asked, got)
	}
	c.askReport(record.CarrierLost)
	want := "carrier-lost; up 0 frames, 0 octets; down 0 frames, 0 octets; 0 spoiled; modem: GSTN Clear Down, retrains 2, 28800/26400 bit/s"
	if got := c.notify(record.CarrierLost).Statistics; got != want {
		t.Errorf("told %q", got)
	}
	c.counters.FramesUp.Store(1 << 60)
	c.counters.OctetsUp.Store(1 << 60)
	if m := c.notify(record.CarrierLost); len(m.Statistics) != 128 {
		t.Errorf("%d octets in a field of 128", len(m.Statistics))
	}
}

// What the bank hears later belongs to the line's last call.
func TestTheReportIsNotedLater(t *testing.T) {
	all := New(Options{History: 3, Log: slog.New(slog.DiscardHandler)})
	for _, one := range []record.Call{{Name: "a/1", Line: "courier/1"}, {Name: "a/2", Line: "courier/1"}, {Name: "a/3", Line: "courier/2"}} {
		all.history.Add(one)
	}
	all.For("courier").Reported(new(wordy), record.LineReport{Retrains: 3})
	all.For("courier").Reported(new(wordy), record.LineReport{Retrains: 4}) // it has one
	got := all.Calls()
	if got[0].Report != nil || got[1].Report == nil || got[1].Report.Retrains != 3 || got[2].Report != nil {
		t.Errorf("%+v", got)
	}
}
