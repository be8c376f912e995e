package netport

import (
	"net"

	"golang.org/x/sys/unix"
)

// unsent asks the kernel for the length of the connection's send queue. That of
// a Unix socket is no number of octets: it counts the kernel's buffers.
func unsent(c net.Conn) (octets int, known bool) { return ask(c, unix.SIOCOUTQ) }

// queued asks it for what of the queue was not sent.
func queued(c net.Conn) (octets int, known bool) { return ask(c, unix.SIOCOUTQNSD) }

func ask(c net.Conn, request uint) (octets int, known bool) {
	if s, ok := c.(*session); ok {
		c = s.Conn
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return 0, false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0, false
	}
	closed := raw.Control(func(fd uintptr) { octets, err = unix.IoctlGetInt(int(fd), request) })
	return octets, err == nil && closed == nil
}
