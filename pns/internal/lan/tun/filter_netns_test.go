//go:build netns

package tun

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// A thousand routes that come and go elsewhere wake nobody; the loss of one of ours
// does, and so does what becomes of interfaces and addresses.
func TestOthersRoutesWakeNobody(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0", "192.0.2.1/24")
		l, err := New(Options{Name: "carrier0", Local: router, Routes: append(pool, pool6), Forward: true})
		if err != nil {
			t.Fatal(err)
		}
		defer l.close()
		l.kernel.SetReceiveTimeout(&unix.Timeval{Sec: 10})
		// hears waits for what is wanted, and no other route may be told of before.
		hears := func(what string, want func(kind uint16, data []byte) bool) {
			t.Helper()
			for {
				messages, _, err := l.kernel.Receive()
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				for _, m := range messages {
					if want(m.Header.Type, m.Data) {
						return
					}
					if kind := m.Header.Type; kind == unix.RTM_NEWROUTE || kind == unix.RTM_DELROUTE {
						t.Fatalf("%s: it is told (%d) of a route over %d before", what, kind, over(m.Data))
					}
				}
			}
		}
		ours := func(kind uint16, data []byte) bool { return kind == unix.RTM_DELROUTE && over(data) == l.out.own() }
		var batch strings.Builder
		for _, do := range []string{"add", "del"} {
			for n := range 500 {
				fmt.Fprintf(&batch, "route %s 198.18.%d.%d/32 dev eth0\n", do, n/250, n%250)
				fmt.Fprintf(&batch, "route %s 2001:db8:9::%x/128 dev eth0\n", do, n+1)
			}
			fmt.Fprintf(&batch, "route %s 198.19.0.0/24 nexthop dev eth0 nexthop dev lo\n", do)
		}
		file := filepath.Join(t.TempDir(), "routes")
		if err := os.WriteFile(file, []byte(batch.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		ip(t, "-batch "+file)
		ip(t, "route del 2.1.1.128/26 dev carrier0")
		hears("ours is lost", ours)
		ip(t, "-batch "+file)
		ip(t, "-6 route del 2001:db8:1::/56 dev carrier0")
		hears("ours of IPv6 is lost", ours)
		ip(t, "addr add 198.51.100.1/32 dev eth0")
		hears("an address", func(kind uint16, data []byte) bool {
			return kind == unix.RTM_NEWADDR && nl.DeserializeIfAddrmsg(data).Family == unix.AF_INET
		})
		ip(t, "link set eth0 name eth9")
		hears("an interface", func(kind uint16, data []byte) bool {
			return kind == unix.RTM_NEWLINK && strings.Contains(string(data), "eth9\x00")
		})
	})
}
