package serial

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	tarm "github.com/tarm/serial"
	"golang.org/x/sys/unix"
)

// A Port is one open device. Read and Write may be called at the same time by
// one goroutine each, the rest from anywhere. A deadline that has passed gives
// an error that matches os.ErrDeadlineExceeded; other errors are an *Error, and
// match ErrGone when the device is there no more.
type Port struct {
	path string // as it was asked for
	// The tty is open twice. tarm's descriptor set it up and keeps it open; it
	// blocks, so that octets and control go through the other one, which Go's
	// poller can give deadlines to.
	base   *tarm.Port
	tty    *os.File
	raw    syscall.RawConn
	pseudo bool // a pseudo-terminal

	mu     sync.Mutex // of what the next one uses
	count  func(fd uintptr)
	unsent int
	failed error
}

func newPort(path string, base *tarm.Port, tty *os.File, pseudo bool) (*Port, error) {
	p := &Port{path: path, base: base, tty: tty, pseudo: pseudo}
	p.count = func(fd uintptr) { p.unsent, p.failed = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) }
	var err error
	if p.raw, err = tty.SyscallConn(); err != nil {
		return nil, p.wrap(err)
	}
	return p, nil
}

// Read waits for at least one octet.
func (p *Port) Read(b []byte) (int, error) {
	n, err := p.tty.Read(b)
	return n, p.wrap(err)
}

// Write returns when the kernel has taken all of b, or how much of it at the
// deadline.
func (p *Port) Write(b []byte) (int, error) {
	n, err := p.tty.Write(b)
	return n, p.wrap(err)
}

// SetReadDeadline frees a Read that is under way at t, and each later one at
// once; the zero time means never.
func (p *Port) SetReadDeadline(t time.Time) error { return p.wrap(p.tty.SetReadDeadline(t)) }

// SetWriteDeadline does for Write what SetReadDeadline does for Read.
func (p *Port) SetWriteDeadline(t time.Time) error { return p.wrap(p.tty.SetWriteDeadline(t)) }

// Unsent is how many octets Write has taken that have not left the device
// (TIOCOUTQ), but for the few in its FIFO. What a pseudo-terminal holds is not
// known.
func (p *Port) Unsent() (octets int, known bool) {
	if p.pseudo {
		return 0, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.raw.Control(p.count)
	return p.unsent, err == nil && p.failed == nil
}

// Close gives the device back and frees whoever waits in Read or Write. What
// was not sent is thrown away: the kernel would wait half a minute for a modem
// that does not take it. DTR falls with the device's last close.
func (p *Port) Close() error {
	_ = p.control(func(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCOFLUSH) })
	return p.wrap(errors.Join(p.tty.Close(), p.base.Close()))
}

// String is the path that was opened.
func (p *Port) String() string { return p.path }

// control runs f on the descriptor, unless the port is closed.
func (p *Port) control(f func(fd int) error) error {
	var failed error
	err := p.raw.Control(func(fd uintptr) { failed = f(int(fd)) })
	return p.wrap(errors.Join(err, failed))
}

// wrap names the port in an error, and says what the kernel's codes mean here.
func (p *Port) wrap(err error) error {
	switch {
	case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, unix.EIO), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return &Error{Path: p.path, Err: ErrGone}
	}
	return &Error{Path: p.path, Err: err}
}

// Wired is a Port together with the modem's control lines.
type Wired struct{ *Port }

// Wired tells whether the device has modem control lines; pseudo-terminals and
// some USB modems have none.
func (p *Port) Wired() (Wired, bool) {
	w := Wired{p}
	_, err := w.Carrier()
	return w, err == nil || errors.Is(err, ErrGone)
}

// Carrier is the state of Data Carrier Detect. An error means that the device
// is gone.
func (w Wired) Carrier() (bool, error) {
	var lines int
	err := w.control(func(fd int) (err error) {
		lines, err = unix.IoctlGetInt(fd, unix.TIOCMGET)
		return err
	})
	return lines&unix.TIOCM_CD != 0, err
}

// Follows tells whether the modem stops the device by RTS/CTS when it has
// enough: then what it has not taken is in Unsent.
func (w Wired) Follows() bool {
	follows := false
	_ = w.control(func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		follows = err == nil && t.Cflag&unix.CRTSCTS != 0
		return err
	})
	return follows
}

// SetDTR sets Data Terminal Ready.
func (w Wired) SetDTR(on bool) error {
	request := uint(unix.TIOCMBIC)
	if on {
		request = unix.TIOCMBIS
	}
	return w.control(func(fd int) error { return unix.IoctlSetPointerInt(fd, request, unix.TIOCM_DTR) })
}
