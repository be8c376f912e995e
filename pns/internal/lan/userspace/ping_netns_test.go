//go:build netns

package userspace

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"carrier/shared/netstack"
)

// listenIn opens the socket for pings in a network namespace of its own, whose
// only interface is lo, as a process with these rights would.
func listenIn(t *testing.T, groups string, netRaw bool) (c net.PacketConn, id uint16, err error) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return
		}
		lo, e := netlink.LinkByName("lo")
		if err = errors.Join(e, netlink.LinkSetUp(lo)); err != nil {
			return
		}
		if err = os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte(groups), 0); err != nil {
			return
		}
		if !netRaw {
			h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
			var none [2]unix.CapUserData
			if err = unix.Capset(&h, &none[0]); err != nil {
				return
			}
		}
		c, id, err = listenEcho()
	}()
	<-done
	return c, id, err
}

// The kernel's own sockets: a ping socket where it is allowed, else a raw one,
// else none. What the kernel answers reaches the caller, and nothing else does.
func TestPingSockets(t *testing.T) {
	for _, c := range []struct {
		name   string
		groups string
		netRaw bool
		raw    bool
	}{
		{"ping socket", "0 2147483647", false, false},
		{"ping socket and raw", "0 2147483647", true, false},
		{"raw socket", "1 0", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, id, err := listenIn(t, c.groups, c.netRaw)
			if err != nil {
				t.Fatal(err)
			}
			if (id != 0) != c.raw {
				t.Errorf("the socket's identifier is %d", id)
			}
			l := run(t, Options{Map: map[netip.AddrPort]string{port(intranet, 80): "127.0.0.1:80"}}, func(l *LAN) {
				l.ping.listen = func() (net.PacketConn, uint16, error) { return conn, id, nil }
			})
			h := attach(t, l, saran, 576)
			for _, size := range []int{0, 56, 4000} {
				if _, err := h.Ping(within(t, 10*time.Second), intranet, size); err != nil {
					t.Errorf("%d octets: %v", size, err)
				}
			}
			_, err = h.Ping(within(t, 10*time.Second), netip.MustParseAddr("198.51.100.1"), 8)
			if !errors.Is(err, netstack.ErrUnreachable) || !strings.Contains(err.Error(), "code 1, says 2.1.1.60") {
				t.Errorf("without a route: %v", err)
			}
		})
	}
	if _, _, err := listenIn(t, "1 0", false); !errors.Is(err, os.ErrPermission) {
		t.Errorf("without any right: %v", err)
	}
}
