//go:build netns

package tun

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// What somebody takes away of our interface's address and routes is put back, which
// is said each time; what Reroute takes away stays away.
func TestAddressAndRoutesArePutBack(t *testing.T) {
	inside(t, func(ns *namespace) {
		var log written
		l := ns.run(t, Options{Routes: append(pool, pool6), Log: slog.New(slog.NewTextHandler(&log, nil))})
		her := attach(t, l, saran, 1400)
		routes := func() string {
			return ip(t, "-4 route show dev carrier0") + ip(t, "-6 route show dev carrier0")
		}
		whole := func() bool {
			now := routes()
			return strings.Contains(ip(t, "addr show dev carrier0"), "2.1.1.60/32") &&
				strings.Contains(now, "2.1.1.128/26 ") && strings.Contains(now, "2001:db8:1::/56 ")
		}
		for _, line := range []string{
			"-4 route flush dev carrier0",
			"-6 route flush dev carrier0",
			"route del 2.1.1.128/26 dev carrier0",
			"-4 addr flush dev carrier0",
		} {
			said := log.times("they are put back")
			ip(t, line)
			eventually(t, "it is put back after "+line, func() bool { return log.times("they are put back") > said && whole() })
			her.pings(t, "after "+line)
		}

		ip(t, "link del carrier0") // another one is made, with an index of its own
		her.pings(t, "by the other interface")
		eventually(t, "it is whole", whole)
		again := log.times("they are put back")
		ip(t, "-6 route flush dev carrier0")
		eventually(t, "the other one's routes are put back", func() bool { return log.times("they are put back") > again && whole() })

		if err := l.Reroute([]netip.Prefix{netip.MustParsePrefix("2.1.1.128/27"), pool6}); err != nil {
			t.Fatal(err)
		}
		said := log.times("they are put back")
		ip(t, "route del 2.1.1.128/27 dev carrier0")
		eventually(t, "it is said after other addresses", func() bool { return log.times("they are put back") > said })
		if now := routes(); !strings.Contains(now, "2.1.1.128/27 ") || strings.Contains(now, "2.1.1.128/26 ") {
			t.Errorf("after other addresses the routes are\n%s", now)
		}
	})
}

// An interface that somebody put down after it had lost its routes stays down,
// until somebody puts it up; and what was put back is said once.
func TestNothingIsPutBackOnAnInterfaceThatIsDown(t *testing.T) {
	inside(t, func(ns *namespace) {
		var log written
		l, err := New(Options{Name: "carrier0", Local: router, Routes: append(pool, pool6), Forward: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		defer l.close()
		ip(t, "route flush dev carrier0")
		ip(t, "link set carrier0 down")
		o := owned{look: time.Now()}
		l.repair(&o)
		if got := ip(t, "link show dev carrier0"); !strings.Contains(got, "state DOWN") {
			t.Errorf("it is up again: %s", got)
		}
		ip(t, "link set carrier0 up")
		l.repair(&o)
		l.repair(&o)
		if got := ip(t, "route show dev carrier0"); !strings.Contains(got, "2.1.1.128/26 ") {
			t.Errorf("the routes are %q", got)
		}
		if n := log.times("they are put back"); n != 1 || !o.look.IsZero() {
			t.Errorf("said %d times, to be looked at again %v", n, o.look)
		}
	})
}

// What is missing of an interface that nobody follows is told by the doctor.
func TestExamineWithoutAddressAndRoutes(t *testing.T) {
	inside(t, func(ns *namespace) {
		o := Options{Name: "carrier0", Local: router, Routes: pool, Forward: true}
		l, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer l.close()
		const route = "the callers' addresses 2.1.1.128/26 are not routed to interface carrier0 any more: " + reload
		ip(t, "route flush dev carrier0")
		diagnosed(t, o, route)
		ip(t, "addr flush dev carrier0")
		diagnosed(t, o, "interface carrier0 has not its address 2.1.1.60 any more: "+reload+"\n"+route)
	})
}
