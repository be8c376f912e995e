//go:build !linux

package netport

import "net"

func unsent(net.Conn) (octets int, known bool) { return 0, false }

func queued(net.Conn) (octets int, known bool) { return 0, false }
