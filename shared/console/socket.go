package console

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// socket is a Unix socket that only one process can have. A lock beside it
// tells whether that process lives: the kernel drops it with the process, while
// the socket's file stays.
type socket struct {
	*net.UnixListener
	path string
	lock *os.File
}

// listenSocket makes the socket at path, for its owner and group alone. A
// socket left behind by a dead process is replaced.
func listenSocket(path string) (_ *socket, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("socket: %w; choose another place with `socket`", err)
	}
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("socket: %w; choose another place with `socket`", err)
	}
	defer func() {
		if err != nil {
			lock.Close()
		}
	}()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("socket %s: already running%s", path, holder(lock))
	}
	note(lock)
	if i, err := os.Lstat(path); err == nil && i.Mode().Type() != fs.ModeSocket {
		return nil, fmt.Errorf("socket: %s is there, and no socket; choose another place with `socket`", path)
	}
	// It gets its name only once its mode is right.
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("socket: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(fresh, 0o660), os.Rename(fresh, path)); err != nil {
		l.Close()
		return nil, fmt.Errorf("socket: %w", err)
	}
	return &socket{l, path, lock}, nil
}

// Close removes the socket. The lock's file stays: removing it would let two
// processes hold a lock of the same name.
func (s *socket) Close() error {
	os.Remove(s.path)
	return errors.Join(s.UnixListener.Close(), s.lock.Close())
}

// note has a lock name this process. Where the disk is full it names none, and
// is a lock all the same.
func note(lock *os.File) {
	if lock.Truncate(0) == nil {
		_, _ = fmt.Fprintln(lock, os.Getpid())
	}
}

// holder names the process that has the lock, if it noted itself.
func holder(lock *os.File) string {
	b := make([]byte, 20)
	n, _ := lock.ReadAt(b, 0)
	if pid := strings.TrimSpace(string(b[:n])); pid != "" {
		return " as process " + pid
	}
	return ""
}
