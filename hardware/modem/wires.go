package modem

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// pollTime is how often Data Carrier Detect is looked at.
const pollTime = 50 * time.Millisecond

// wires are the control lines of one open port. A cable may lack the one of
// Data Carrier Detect, a modem may keep it on (&C0), an emulated port knows no
// other state: it counts from when it has been seen both on and off. Until then
// NO CARRIER in words counts, as on a port without control lines.
type wires struct {
	Signals
	on, off atomic.Bool // was seen so
	doubted atomic.Bool // and that was logged
}

// Carrier looks at Data Carrier Detect, and remembers.
func (w *wires) Carrier() (bool, error) {
	on, err := w.Signals.Carrier()
	switch {
	case err != nil:
	case on:
		w.on.Store(true)
	default:
		w.off.Store(true)
	}
	return on, err
}

// tell says whether Data Carrier Detect tells of the carrier; not without
// wires.
func (w *wires) tell() bool { return w != nil && w.on.Load() && w.off.Load() }

// doubt tells the operator, once, that it does not.
func (w *wires) doubt(log *slog.Logger) {
	if !w.tell() && !w.doubted.Swap(true) {
		log.Warn("Data Carrier Detect does not follow the carrier; the modem's words count instead",
			"stays_on", w.on.Load(), "better", "AT&C1 and a cable with all wires")
	}
}

// poll looks at the carrier until it is lost. Some modems say CONNECT a moment
// before they raise Data Carrier Detect.
func (c *call) poll(log *slog.Logger) {
	tick := time.NewTicker(pollTime)
	defer tick.Stop()
	seen, grace := false, time.Now().Add(time.Second)
	for {
		select {
		case <-c.lost:
			return
		case now := <-tick.C:
			on, err := c.wires.Carrier()
			seen = seen || on
			late := !now.Before(grace)
			if late {
				c.wires.doubt(log)
			}
			if err == nil && (on || !c.wires.tell() || !seen && !late) {
				continue
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.lose(err)
			return
		}
	}
}
