package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// poll is how often a pty is asked whether somebody has opened it: the kernel
// tells only of the last close.
const poll = 100 * time.Millisecond

// A pty is a pseudo-terminal whose other side is the DTE's serial port. Who
// opens that side raises DTR, the last close drops it.
type pty struct {
	master *os.File
	path   string // of the other side
	link   string
}

// openPTY makes a pseudo-terminal, in raw mode, and the symbolic link to it; a
// link that is there already is replaced, another file is not.
func openPTY(link string) (jack, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/ptmx: %w", err)
	}
	p := &pty{master: os.NewFile(uintptr(fd), "/dev/ptmx"), link: link}
	if err := p.prepare(fd); err != nil {
		return nil, errors.Join(fmt.Errorf("pty: %w", err), p.master.Close())
	}
	return p, nil
}

func (p *pty) prepare(fd int) error {
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return err
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return err
	}
	p.path = fmt.Sprintf("/dev/pts/%d", n)
	// Opened and closed once, it reports that nobody is there; the mode stays.
	other, err := unix.Open(p.path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(makeRaw(other), unix.Close(other)); err != nil || p.link == "" {
		return err
	}
	if at, err := os.Lstat(p.link); err == nil && at.Mode()&os.ModeSymlink != 0 {
		if err := os.Remove(p.link); err != nil {
			return err
		}
	}
	return os.Symlink(p.path, p.link)
}

// makeRaw stops the terminal from changing octets, as cfmakeraw(3).
func makeRaw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

func (p *pty) serve(ctx context.Context, use func(context.Context, Port)) {
	for ctx.Err() == nil {
		if !p.opened() {
			pause(ctx, poll)
			continue
		}
		err := p.master.SetDeadline(time.Time{})
		if err != nil {
			return // it was closed
		}
		use(ctx, ptyPort{p.master})
		p.forget()
	}
}

// forget drops what the DTE left unread: the next one starts anew, as on a
// serial port.
func (p *pty) forget() {
	other, err := unix.Open(p.path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	_ = unix.IoctlSetInt(other, unix.TCFLSH, unix.TCIFLUSH)
	_ = unix.Close(other)
}

// opened says whether the other side is open.
func (p *pty) opened() bool {
	is := false
	c, err := p.master.SyscallConn()
	if err != nil {
		return false
	}
	err = c.Control(func(fd uintptr) {
		set := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		_, err := unix.Poll(set, 0)
		is = err == nil && set[0].Revents&unix.POLLHUP == 0
	})
	return err == nil && is
}

// URL is the path that the DTE opens.
func (p *pty) URL() string {
	if p.link != "" {
		return p.link
	}
	return p.path
}

// Close removes the link and the pseudo-terminal.
func (p *pty) Close() error {
	err := p.master.Close()
	if at, e := os.Readlink(p.link); e == nil && at == p.path {
		err = errors.Join(err, os.Remove(p.link))
	}
	return err
}

// A ptyPort is the pty from one opening of its other side to the close.
type ptyPort struct{ *os.File }

// Read ends when the other side is closed, which the kernel calls EIO.
func (p ptyPort) Read(b []byte) (int, error) {
	n, err := p.File.Read(b)
	if errors.Is(err, unix.EIO) || errors.Is(err, os.ErrDeadlineExceeded) {
		err = io.EOF
	}
	return n, err
}

// Close frees who reads and writes; the pty stays.
func (p ptyPort) Close() error { return p.SetDeadline(time.Unix(1, 0)) }
