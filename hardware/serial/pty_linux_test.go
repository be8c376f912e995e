package serial

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// pty makes a pseudo-terminal: the far end, as the modem has it, and the path
// of the near one.
func pty(t *testing.T) (far *os.File, path string) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	far = os.NewFile(uintptr(fd), "/dev/ptmx")
	t.Cleanup(func() { far.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	return far, fmt.Sprintf("/dev/pts/%d", n)
}

// openPTY opens the near end of a pseudo-terminal.
func openPTY(t *testing.T, o Options) (*Port, *os.File) {
	t.Helper()
	far, path := pty(t)
	p, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p, far
}

// settings are the near end's, as another descriptor sees them.
func settings(t *testing.T, p *Port) *unix.Termios {
	t.Helper()
	var set *unix.Termios
	err := p.control(func(fd int) (err error) {
		set, err = unix.IoctlGetTermios(fd, unix.TCGETS2)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}
