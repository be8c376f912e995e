package exchange

import (
	"net"
	"testing"
)

// A muteDTE writes and never reads.
type muteDTE struct{ conn net.Conn }

func newPipe() (muteDTE, net.Conn) {
	a, b := net.Pipe()
	return muteDTE{a}, b
}

// accept sends what the modem must take.
func (d muteDTE) accept(t *testing.T, s string) {
	t.Helper()
	if _, err := d.conn.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
}

func (d muteDTE) close() { _ = d.conn.Close() }
