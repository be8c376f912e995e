package serial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	tarm "github.com/tarm/serial"
	"golang.org/x/sys/unix"
)

// Open opens a device by its path, sets it up and keeps other programs from it.
// Links are followed, so that stable names (/dev/serial/by-id/…) serve. What
// lies in the device from before is thrown away; DTR and RTS rise.
func Open(ctx context.Context, path string, o Options) (*Port, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	p, err := open(path, o)
	if err != nil {
		return nil, &Error{Path: path, Err: explain(err)}
	}
	return p, nil
}

// open looks at the device through a descriptor of its own before it changes
// settings, for another program may be at work there.
func open(path string, o Options) (*Port, error) {
	device, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	id, err := Identify(device)
	if err != nil {
		return nil, bare(err)
	}
	if pid := lockHolder(lockFolder, device); pid != 0 {
		return nil, busy(program(pid))
	}
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err == unix.EBUSY {
		return nil, busy(holder(id))
	}
	if err != nil {
		return nil, err
	}
	tty := os.NewFile(uintptr(fd), path)
	if err := claim(fd, id); err != nil {
		return nil, errors.Join(err, tty.Close())
	}
	base, err := tarm.OpenPort(&tarm.Config{Name: device, Baud: defaultSpeed})
	if err != nil {
		return nil, errors.Join(err, tty.Close())
	}
	err = setUp(fd, o)
	if err == nil && !id.pseudo() { // there it would outlive us
		err = unix.IoctlSetInt(fd, unix.TIOCEXCL, 0)
	}
	if err != nil {
		return nil, errors.Join(err, tty.Close(), base.Close())
	}
	return newPort(path, base, tty, id.pseudo())
}

// claim makes the device ours alone. TIOCEXCL does not keep out the
// superuser's programs; a lock of the file does those that look for one.
func claim(fd int, id ID) error {
	if _, err := unix.IoctlGetTermios(fd, unix.TCGETS); err == unix.ENOTTY {
		return ErrKind
	}
	if exclusive, err := unix.IoctlGetInt(fd, unix.TIOCGEXCL); err == nil && exclusive != 0 {
		return busy(holder(id))
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return busy(holder(id))
	}
	if who := holder(id); who != "" {
		return busy(who)
	}
	return nil
}

// setUp does what tarm's settings lack: any speed, flow control, and DTR that
// falls when the device is closed, even by our death.
func setUp(fd int, o Options) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
	if err != nil {
		return err
	}
	speed := uint32(o.speed())
	t.Cflag &^= unix.CBAUD | unix.CBAUD<<16 | unix.CRTSCTS // <<16 is the input's (CIBAUD)
	t.Cflag |= unix.BOTHER | unix.HUPCL | unix.CLOCAL
	t.Ispeed, t.Ospeed = speed, speed
	switch o.Flow {
	case RTSCTS:
		t.Cflag |= unix.CRTSCTS
	case XONXOFF:
		t.Iflag |= unix.IXON | unix.IXOFF
		t.Cc[unix.VSTART], t.Cc[unix.VSTOP] = 0x11, 0x13
	}
	if err := unix.IoctlSetTermios(fd, unix.TCSETS2, t); err != nil {
		return err
	}
	if t, err = unix.IoctlGetTermios(fd, unix.TCGETS2); err != nil {
		return err
	}
	// A receiver bears with 2 % or so; drivers say what they took.
	if off := max(t.Ospeed, speed) - min(t.Ospeed, speed); off > speed/33 {
		return fmt.Errorf("it cannot do %d bit/s; it took %d", speed, t.Ospeed)
	}
	return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIOFLUSH)
}

// An ID is which device it is, whatever it is called.
type ID struct{ rdev uint64 }

// Identify follows links and says which device a path names. Its error is an
// *Error.
func Identify(path string) (ID, error) {
	var at unix.Stat_t
	if err := unix.Stat(path, &at); err != nil {
		return ID{}, &Error{Path: path, Err: explain(err)}
	}
	if at.Mode&unix.S_IFMT != unix.S_IFCHR {
		return ID{}, &Error{Path: path, Err: ErrKind}
	}
	return ID{at.Rdev}, nil
}

// pseudo tells the near sides of pseudo-terminals (Linux's devices.txt).
func (id ID) pseudo() bool {
	major := unix.Major(id.rdev)
	return major >= 136 && major <= 143
}

// absentCodes are the kernel's words for a device file without a device.
var absentCodes = []error{unix.ENODEV, unix.ENXIO, unix.EIO}

// absent is an error that means that there is no device now.
type absent struct{ error }

func (absent) Is(target error) bool { return target == fs.ErrNotExist }

// explain says what an error of opening means.
func explain(err error) error {
	is := func(code error) bool { return errors.Is(err, code) }
	switch {
	case slices.ContainsFunc(absentCodes, is):
		return absent{errors.New("there is no device behind it")}
	case is(fs.ErrNotExist):
		return absent{errors.New("there is no such device")}
	case is(fs.ErrPermission):
		return fmt.Errorf("%w; the user that runs this needs the device's group, most often dialout", fs.ErrPermission)
	}
	return err
}

// bare is the cause in an *Error.
func bare(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
