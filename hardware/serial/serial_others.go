//go:build !linux

package serial

import (
	"context"
	"errors"
	"io"
	"time"
)

// A Port is one open device; here there is none.
type Port struct{ io.ReadWriteCloser }

// Wired is a Port together with the modem's control lines.
type Wired struct{ *Port }

// An ID is which device it is, whatever it is called.
type ID struct{}

// Open fails with errors.ErrUnsupported.
func Open(_ context.Context, path string, _ Options) (*Port, error) {
	return nil, &Error{Path: path, Err: errors.ErrUnsupported}
}

// Identify fails with errors.ErrUnsupported.
func Identify(path string) (ID, error) {
	return ID{}, &Error{Path: path, Err: errors.ErrUnsupported}
}

// SetReadDeadline fails with errors.ErrUnsupported.
func (p *Port) SetReadDeadline(time.Time) error { return errors.ErrUnsupported }

// SetWriteDeadline fails with errors.ErrUnsupported.
func (p *Port) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// Unsent is not known.
func (p *Port) Unsent() (octets int, known bool) { return 0, false }

// Wired is false.
func (p *Port) Wired() (Wired, bool) { return Wired{}, false }

// Carrier fails with errors.ErrUnsupported.
func (w Wired) Carrier() (bool, error) { return false, errors.ErrUnsupported }

// Follows is false.
func (w Wired) Follows() bool { return false }

// SetDTR fails with errors.ErrUnsupported.
func (w Wired) SetDTR(bool) error { return errors.ErrUnsupported }
