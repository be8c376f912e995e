// Package peertest is what tests have between two PPTP endpoints.
package peertest

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// Where a Start-Control-Connection-Request and its reply have their names, and how
// long both are (RFC 2637 §2.1, §2.2).
const hostName, vendorName, startLength = 28, 92, 156

// Rename is the way to an endpoint on which one side has the names of other
// software: with reply the endpoint itself, else who dials. It takes one connection,
// and passes it on from an address; "" is any.
func Rename(t *testing.T, from string, to netip.AddrPort, reply bool, host, vendor string) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var passing sync.WaitGroup
	passing.Go(func() {
		near, err := l.Accept()
		if err != nil {
			return
		}
		defer near.Close()
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		far, err := d.Dial("tcp4", to.String())
		if err != nil {
			return
		}
		defer far.Close()
		renamed, other := near, far
		if reply {
			renamed, other = far, near
		}
		passing.Go(func() { io.Copy(renamed, other); renamed.Close() })
		start := make([]byte, startLength)
		if _, err := io.ReadFull(renamed, start); err != nil {
			return
		}
		clear(start[hostName:])
		copy(start[hostName:vendorName], host)
		copy(start[vendorName:], vendor)
		other.Write(start)
		io.Copy(other, renamed)
	})
	t.Cleanup(func() {
		l.Close()
		passing.Wait()
	})
	return l.Addr().(*net.TCPAddr).AddrPort()
}
