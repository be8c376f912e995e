package netport

import (
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"carrier/hardware/netport/telnet"
)

// sendUrgent sends b, the last octet of it urgent.
func sendUrgent(t *testing.T, c net.Conn, b []byte) {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { err = unix.Sendto(int(fd), b, unix.MSG_OOB, nil) })
	if err != nil {
		t.Fatal(err)
	}
}

// A data mark is urgent (RFC 854); out of band, IAC alone would be left.
func TestAnUrgentDataMarkIsTakenOut(t *testing.T) {
	s, far := wires(t, telnet.Undecided())
	far.Write([]byte("\xff\xfd\x18a"))
	sendUrgent(t, far, []byte("\xff\xf2"))
	far.Write([]byte("bc"))
	b := make([]byte, 3)
	if _, err := io.ReadFull(s, b); string(b) != "abc" {
		t.Errorf("%q, %v", b, err)
	}
}
