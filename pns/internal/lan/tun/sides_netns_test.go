//go:build netns

package tun

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"
)

// A masqueraded interface that somebody renames lets no neighbour in to callers,
// and hides them as before, at once; so does another one that gets its name.
func TestMasqueradedInterfaceRenamed(t *testing.T) {
	inside(t, func(ns *namespace) {
		out := newFarHost(t, "eth1", "198.51.100.1/24", "198.51.100.2/24")
		out.run("ip route add 2.1.1.128/26 via 198.51.100.1")
		var log written
		l := ns.run(t, Options{Masquerade: []string{"eth1"}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		her := attach(t, l, saran, 1400)
		safe := func(when string, h farHost, addr string) {
			t.Helper()
			eventually(t, "she gets an answer from outside "+when, func() bool {
				_, err := her.Ping(within(t, time.Second), netip.MustParseAddr(addr), 8)
				return err == nil
			})
			if h.pings("2.1.1.129") {
				t.Errorf("%s the neighbour gets to her", when)
			}
		}
		safe("at first", out, "198.51.100.2")
		ip(t, "link set eth1 name lan0")
		eventually(t, "it is said", func() bool { return log.times("was renamed") == 1 })
		safe("after eth1 was renamed", out, "198.51.100.2")

		ip(t, "link add br0 type bridge")
		ip(t, "link set lan0 master br0")
		ip(t, "link set lan0 nomaster") // of which the kernel tells as if it had gone
		other := newFarHost(t, "eth1", "192.0.2.1/24", "192.0.2.2/24")
		other.run("ip route add 2.1.1.128/26 via 192.0.2.1")
		safe("by another eth1", other, "192.0.2.2")
		safe("by the first one", out, "198.51.100.2")
		eventually(t, "the other one is known", func() bool { // by two sides, and the first by one
			l.hidden.mu.Lock()
			defer l.hidden.mu.Unlock()
			return len(l.hidden.sides(l.hidden.interfaces)) == 3
		})
		ip(t, "link set eth1 name lan1")
		eventually(t, "it is said of the other one too", func() bool { return log.times("was renamed") == 2 })
		safe("after the other one was renamed", other, "192.0.2.2")
		safe("by the first one still", out, "198.51.100.2")
		ip(t, "link set lan0 name eth1")
		ip(t, "link del lan1")
		safe("after the first has its name again", out, "198.51.100.2")
		if n := log.times("was renamed"); n != 2 {
			t.Errorf("it is said %d times", n)
		}
		if err := Examine(Options{Name: "carrier0", Local: router, Routes: pool, Masquerade: []string{"eth1"}}); err != nil {
			t.Errorf("the doctor: %v", err)
		}
	})
}
