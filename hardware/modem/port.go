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

// An Opener opens the port of one modem; Signals is looked for in what it
// returns. It is called again whenever the port was lost.
type Opener func(ctx context.Context) (Port, error)
