package tun

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A quick writes to a file that makes nobody wait, as a TUN is, without Go's
// scheduler hearing of it: a packet of 64 KiB is with its receiver when the
// write returns, which takes so long that the scheduler would think it waits,
// and wake another thread to go on in its place. Its owner has a lock.
type quick struct {
	conn    syscall.RawConn
	attempt func(fd uintptr) bool // q.once, bound once
	b       []byte                // that is written
	errno   unix.Errno
}

func newQuick(f *os.File) (*quick, error) {
	conn, err := f.SyscallConn()
	q := &quick{conn: conn}
	q.attempt = q.once
	return q, err
}

func (q *quick) write(b []byte) error {
	q.b = b
	if err := q.conn.Write(q.attempt); err != nil { // the file is closed
		return err
	}
	if q.errno != 0 {
		return os.NewSyscallError("write", q.errno)
	}
	return nil
}

func (q *quick) once(fd uintptr) bool {
	for {
		_, _, q.errno = unix.RawSyscall(unix.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(q.b))), uintptr(len(q.b)))
		if q.errno != unix.EINTR {
			return true
		}
	}
}
