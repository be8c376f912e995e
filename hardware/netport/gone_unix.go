//go:build unix

package netport

import (
	"errors"
	"net"
	"syscall"
)

// gone looks at what there is to read, without waiting and without taking it.
func gone(c net.Conn) bool {
	if s, ok := c.(*session); ok {
		c = s.Conn
	}
	s, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return true
	}
	var n int
	closed := raw.Control(func(fd uintptr) {
		n, _, err = syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	if closed != nil {
		return true
	}
	if err != nil {
		return !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
	}
	return n == 0
}
