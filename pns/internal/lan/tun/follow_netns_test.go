//go:build netns

package tun

import (
	"log/slog"
	"strings"
	"testing"
)

// What the kernel told while nobody listened, more than its socket holds, is
// found out, and what it tells later is heard as before.
func TestMoreChangesThanTheSocketHolds(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0", "2.1.1.60/24")
		quickly(t, "eth0")
		ethernet(t, "eth1", "")
		var log written
		l := ns.run(t, Options{ProxyARP: []string{"eth0"}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		her := attach(t, l, saran, 1400)
		her.pings(t, "at first")
		hold := func(octets int) {
			if err := l.kernel.SetReceiveBufferSize(octets, true); err != nil {
				t.Fatal(err)
			}
		}
		routes := func() bool { return strings.Contains(ip(t, "route show dev carrier0"), "2.1.1.128/26 ") }
		entries := func() bool { return strings.Contains(ip(t, "neigh show proxy dev eth0"), saran.String()) }
		for round, flood := range []func(){
			func() {
				hold(1) // as little as the kernel grants
				for range 50 {
					ip(t, "link set eth1 down")
					ip(t, "link set eth1 up")
				}
			},
			func() { hold(1 << 20) },
		} {
			l.proxy.mu.Lock() // so that whoever follows waits
			flood()
			for _, name := range []string{"carrier0", "eth0"} {
				ip(t, "link set "+name+" down")
				ip(t, "link set "+name+" up")
			}
			if routes() || entries() {
				t.Errorf("round %d: the kernel took nothing away", round)
			}
			l.proxy.mu.Unlock()
			eventually(t, "the routes are there again", routes)
			eventually(t, "she is answered for again", entries)
			her.pings(t, "again")
			if log.times("all are looked at") == 0 {
				t.Error("the socket held all of it")
			}
		}
	})
}

// At the end of Run nobody is told that changes are no longer followed.
func TestTheEndIsNoError(t *testing.T) {
	var log written
	inside(t, func(ns *namespace) {
		ns.run(t, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		ip(t, "link set carrier0 down")
		eventually(t, "changes are followed", func() bool { return log.times("was put down") == 1 })
	})
	if log.times("level=ERROR") > 0 {
		t.Error(log.b.String())
	}
}
