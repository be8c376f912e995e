package modem

import (
	"context"
	"io"
	"time"
)

// A Port is what a modem hangs on; *netport.Port has it.
type Port interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// Signals is what a port has besides when the modem's control lines reach us:
// a serial port, or a network port that speaks RFC 2217. Without it carrier
// loss is seen in band, and hanging up begins with an escape sequence.
type Signals interface {
	// Carrier is the state of Data Carrier Detect. An error means that the
	// port is gone.
	Carrier() (bool, error)
	// SetDTR sets Data Terminal Ready: a modem hangs up when it falls (&D2).
	SetDTR(on bool) error
}

// A Gauge is what a port has besides when it can tell how much of what was
// written waits in it.
type Gauge interface {
	// Unsent is how many octets Write has taken that have not left the port;
	// false where that cannot be known.
	Unsent() (octets int, known bool)
}

// An Opener opens the port of one modem; Signals is looked for in what it
// returns. It is called again whenever the port was lost.
type Opener func(ctx context.Context) (Port, error)
