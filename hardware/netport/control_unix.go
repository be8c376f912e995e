//go:build unix

package netport

import "syscall"

// control sets up a socket before it connects or listens: later would be too
// late, the far end may send all that the first window allowed.
func (k Kernel) control(_, _ string, c syscall.RawConn) error {
	if k.ReadBuffer == 0 {
		return nil
	}
	var set error
	err := c.Control(func(fd uintptr) {
		set = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, k.ReadBuffer)
	})
	if err != nil {
		return err
	}
	return set
}
