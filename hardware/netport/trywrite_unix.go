//go:build unix

package netport

import (
	"errors"
	"net"
	"syscall"
)

// tryWrite writes what the kernel takes without waiting, whatever the deadline,
// and says errFull when that is not all of b. Nobody else may write meanwhile.
func tryWrite(c net.Conn, b []byte) (n int, err error) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return c.Write(b)
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return 0, err
	}
	closed := raw.Control(func(fd uintptr) { n, err = syscall.Write(int(fd), b) })
	n = max(n, 0)
	switch {
	case closed != nil:
		return n, closed
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR), err == nil && n < len(b):
		return n, errFull
	}
	return n, err
}

// urgentInline keeps Telnet's urgent octet, a data mark, where it stands among
// the others: out of band, it would leave half a command behind.
func urgentInline(c net.Conn) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return // it is closed, as the next Read says
	}
	// Without it a peer that sends urgent octets loses one of ours: its affair.
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_OOBINLINE, 1)
	})
}
