//go:build !unix

package netport

import "net"

func gone(net.Conn) bool { return false }
