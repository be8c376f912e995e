// Package serial makes ports out of serial devices: UARTs, USB adapters and
// modems, pseudo-terminals. A port is octets with deadlines, and the modem's
// control lines where the device has them.
package serial

import (
	"errors"
	"fmt"
)

// defaultSpeed is that of the port where Options say none. Modems of all rates
// follow the speed of the commands that they are given.
const defaultSpeed = 115200

// A Flow is how the device and the modem stop each other.
type Flow uint8

// The kinds of flow control. RTSCTS, by two wires of the cable, is the zero
// value; XONXOFF takes two octets out of the data, so that PPP must escape
// them.
const (
	RTSCTS Flow = iota
	None
	XONXOFF
)

// Options are a port's settings. It always has 8 data bits, no parity and one
// stop bit.
type Options struct {
	Speed int // bit/s between device and modem; 0 means 115,200
	Flow  Flow
}

func (o Options) speed() int {
	if o.Speed == 0 {
		return defaultSpeed
	}
	return o.Speed
}

// ErrBusy is in the error of opening a port that another program holds.
var ErrBusy = errors.New("it is in use")

// ErrKind is the error of a file that is there, and no serial port.
var ErrKind = errors.New("it is no serial port, which has a name like /dev/ttyS0 or /dev/ttyUSB0")

// ErrGone is in the error of a port that went away while it was open: its
// device was unplugged or hung up.
var ErrGone = errors.New("the device went away")

// An Error is a port that cannot be opened, or that fails. One whose device is
// not there, so that it may be plugged in later, matches fs.ErrNotExist.
type Error struct {
	Path string
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("port %q: %v", e.Path, e.Err) }

// Unwrap is what is wrong with it.
func (e *Error) Unwrap() error { return e.Err }
