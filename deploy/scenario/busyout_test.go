package scenario

import (
	"context"
	"errors"
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/exchange"
	"carrier/hardware/line"
	"carrier/hardware/modem"
	"carrier/hardware/netport"
)

// isOut waits until a line is out of service and has no call.
func (w *world) isOut(name, service string) {
	w.t.Helper()
	testbed.Until(w.t, name+" is "+service, func() bool {
		l := w.line(name)
		return l.Service == service && l.State == "out-of-service"
	})
}

// busy waits until the telephone network says busy to a call.
func (w *world) busy() {
	w.t.Helper()
	testbed.Until(w.t, "callers hear that it is busy", func() bool {
		_, err := w.try(0, sara())
		var e *line.DialError
		return errors.As(err, &e) && e.Result == line.Busy
	})
}

// A line that is out of service is busy for callers: the number reaches the
// next modem, and where none is left the caller hears that. The modems are set
// up anew when they come back.
func TestOutOfServiceIsBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{modems: 2, chips: []exchange.Chip{exchange.USR, exchange.Conexant}})
	if err := w.pac.TakeOut(within(t), []string{"courier/1"}, "smoke"); err != nil {
		t.Fatal(err)
	}
	w.isOut("courier/1", "out")
	c := w.dial(0, sara())
	if got := w.lineOf("saran"); got != "courier/2" {
		t.Errorf("she reached %s", got)
	}
	if _, err := w.pac.Drain(within(t), "courier/2", -1); err != nil {
		t.Fatal(err)
	}
	w.reads(c)
	c.Close()
	w.isOut("courier/2", "drained")
	w.busy()

	if err := w.pac.PutIn(within(t), []string{"courier/1"}); err != nil {
		t.Fatal(err)
	}
	testbed.Until(t, "the first modem is back", func() bool { return w.line("courier/1").State == "idle" })
	c = w.dial(0, sara())
	if got := w.lineOf("saran"); got != "courier/1" {
		t.Errorf("she reached %s", got)
	}
	w.reads(c)
}

// Without busy_out the port is free, and its modem rings for whoever has it.
func TestOutOfServiceWithoutBusyOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{})
	if _, err := w.pac.Drain(within(t), "all", -1); err != nil {
		t.Fatal(err)
	}
	w.isOut("courier/1", "drained")
	w.busy()
	w.reload("ports = ", "busy_out = false\nports = ")
	bench := modem.New(modem.Options{Name: "bench", Log: logger(t),
		Open: func(ctx context.Context) (modem.Port, error) { return netport.Open(ctx, w.phones.Modems[0]) }})
	t.Cleanup(func() { bench.Close() })
	rang := make(chan error, 1)
	go func() {
		_, err := bench.Ring(within(t))
		rang <- err
	}()
	testbed.Until(t, "the other program's modem is ready", func() bool { return bench.State() == line.Idle })
	if _, err := w.plug(0).Write([]byte("ATDT" + testbed.Number + "\r")); err != nil {
		t.Fatal(err)
	}
	if err := <-rang; err != nil {
		t.Errorf("the other program hears no ring: %v", err)
	}
}
