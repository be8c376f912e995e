package exchange

// Wires is what a Port has besides when the modem's control lines reach its
// DTE. Without it nobody sees Data Carrier Detect, and Data Terminal Ready is
// on while the port is there.
type Wires interface {
	// Carrier sets Data Carrier Detect, which is off at first; it must not block.
	Carrier(on bool)
	// Ready gives Data Terminal Ready each time it changes.
	Ready() <-chan bool
}

// A cord is the modem's end of a port's Wires.
type cord struct {
	wires Wires       // nil: none
	ready <-chan bool // nil then
	shown bool        // Data Carrier Detect
}

func newCord(p Port) cord {
	w, ok := p.(Wires)
	if !ok {
		return cord{}
	}
	return cord{wires: w, ready: w.Ready()}
}

// show sets Data Carrier Detect.
func (c *cord) show(on bool) {
	if c.wires != nil && on != c.shown {
		c.shown = on
		c.wires.Carrier(on)
	}
}

// carrier is Data Carrier Detect as AT&C wants it: that of the call, or on
// always.
func (m *modem) carrier() bool {
	return m.profile.carrier == 0 || m.mode == online || m.mode == escaped
}

// terminal does what AT&D says of Data Terminal Ready when that falls: nothing,
// command mode during the call, hanging up, or a reset.
func (m *modem) terminal(ready bool) {
	switch {
	case ready:
	case m.profile.ready == 1 && m.mode == online:
		m.mode = escaped
		m.report(resultOK)
	case m.profile.ready >= 2 && m.mode != commandMode:
		m.hangUp(resultNoCarrier)
		m.report(resultOK)
	}
	if !ready && m.profile.ready == 3 {
		m.reset()
	}
}
