package peer

import (
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Without CAP_NET_RAW the error says so, and what works without it.
func TestRawGRENeedsPrivilege(t *testing.T) {
	said := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread loses its capabilities and goes away
		h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if err := unix.Capset(&h, &none[0]); err != nil {
			said <- err
			return
		}
		_, err := Open(Options{GRE: true, Source: netip.MustParseAddr("127.0.0.1")})
		said <- err
	}()
	err := <-said
	if err == nil || !strings.Contains(err.Error(), "CAP_NET_RAW") || !strings.Contains(err.Error(), "`transport = \"udp\"` works without it") {
		t.Errorf("%v", err)
	}
}
