//go:build !unix

package netport

import "net"

// tryWrite may wait here.
func tryWrite(c net.Conn, b []byte) (int, error) { return c.Write(b) }

func urgentInline(net.Conn) {}
