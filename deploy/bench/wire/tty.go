package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// openLine makes a pseudo-terminal and a link to its other side, which is pac's.
func openLine(link string) (*os.File, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/ptmx: %w", err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, err
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, err
	}
	if err := rawTerminal(fd); err != nil {
		return nil, err
	}
	_ = os.Remove(link) // of a round before
	return os.NewFile(uintptr(fd), link), os.Symlink(fmt.Sprintf("/dev/pts/%d", n), link)
}

// rawTerminal has a terminal pass all octets.
func rawTerminal(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = t.Cflag&^unix.CBAUD | unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B4000000
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// login types a name and a password at the prompts of pac, once that has opened
// the line: until then nobody hears. It returns what came behind the last
// prompt.
func login(tty *os.File) (rest string, err error) {
	heard, b := "", make([]byte, 1024)
	ends := time.Now().Add(10 * time.Second)
	for _, step := range []struct{ say, until string }{{"\r", "login: "}, {"bench\r", "Password: "}, {"bench\r", "PPP"}} {
		for said := (time.Time{}); !strings.Contains(heard, step.until); {
			now := time.Now()
			if now.After(ends) {
				return "", fmt.Errorf("no %q after %q", step.until, heard)
			}
			if said.IsZero() || step.say == "\r" && now.Sub(said) > time.Second {
				if _, err := tty.WriteString(step.say); err != nil {
					return "", err
				}
				said = now
			}
			if err := tty.SetReadDeadline(now.Add(200 * time.Millisecond)); err != nil {
				return "", err
			}
			n, err := tty.Read(b)
			if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				return "", fmt.Errorf("after %q: %w", heard, err)
			}
			heard += string(b[:n])
		}
		_, heard, _ = strings.Cut(heard, step.until)
	}
	return heard, tty.SetReadDeadline(time.Time{})
}
