package scenario

import (
	"fmt"
	"path/filepath"
	"testing"

	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// A modem on a tty, here a pseudo-terminal: it has no control lines, so that
// words and the escape sequence do all. Two calls, for the first must leave it
// fit for the second.
func TestCallsOverATTY(t *testing.T) {
	t.Parallel()
	const number = "5551300"
	tty := filepath.Join(t.TempDir(), "modem")
	w := newWorld(t, setting{
		phones: exchange.Options{Subscribers: []exchange.Subscriber{{Number: number, At: "pty", Link: tty}}},
		pac:    fmt.Sprintf("[[bank]]\nname = \"tty\"\nports = [%q]\nspeed = 57600\n", tty),
	})
	for n := 1; n <= 2; n++ {
		c := w.dialNumber(1, number, sara())
		w.reads(c)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		ended := w.pac.ended(n)
		w.pac.wants(ended, record.CallerHungUp, "")
		if ended.Line != "tty/modem" {
			t.Errorf("the line is called %s", ended.Line)
		}
	}
}

// dialNumber makes a call to a number of the test's own.
func (w *world) dialNumber(phone int, number string, o caller.Options) *caller.Call {
	w.t.Helper()
	o.Number = number
	c, err := caller.Dial(within(w.t), w.plug(phone), o)
	if err != nil {
		w.t.Fatalf("%s: %v", number, err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c
}
