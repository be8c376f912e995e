//go:build !unix

package netport

import "syscall"

// control leaves all to the kernel.
func (k Kernel) control(string, string, syscall.RawConn) error { return nil }
