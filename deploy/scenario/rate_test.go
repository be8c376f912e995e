package scenario

import "testing"

// Where CONNECT tells the port's rate another one is assumed, and it is the one
// that the PNS is told.
func TestTheRateThatIsAssumed(t *testing.T) {
	t.Parallel()
	for bank, want := range map[string]int{`profile = "auto"`: 33600, "line_rate = 21600": 21600, "line_rate = 0": 115200} {
		w := newWorld(t, setting{bank: bank})
		c := w.dial(0, sara())
		w.reads(c)
		if pac, pns := w.pac.calls()[0].Rate, w.pns.calls()[0].Rate; pac != 115200 || pns != want {
			t.Errorf("%s: the PAC shows %d, the PNS %d", bank, pac, pns)
		}
		c.Close()
	}
}
