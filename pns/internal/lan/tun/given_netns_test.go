//go:build netns

package tun

import (
	"net/netip"
	"strings"
	"testing"
)

// What a server has given is this host's own, also on an interface that was made anew,
// until the last call that has it is over.
func TestOwnedAddress(t *testing.T) {
	inside(t, func(ns *namespace) {
		stats := new(Stats)
		l := ns.run(t, Options{Stats: stats})
		a := pool[0].Addr().Next()
		has := func() bool {
			return strings.Contains(ip(t, "-4 addr show dev carrier0"), "inet "+a.String()+"/32 ")
		}
		first, err := l.Own(a)
		if err != nil || !has() {
			t.Fatalf("it is not there: %v", err)
		}
		second, err := l.Own(a)
		if err != nil {
			t.Fatal(err)
		}
		ip(t, "link del carrier0")
		eventually(t, "it is on the next interface", func() bool {
			return stats.Lost.Load() == 1 && strings.Contains(ip(t, "-4 addr show"), "inet "+a.String()+"/32 ")
		})
		first()
		first()
		if !has() {
			t.Error("it goes with the first call that has it")
		}
		second()
		if has() {
			t.Error("it stays")
		}
		for _, wrong := range []string{"192.0.2.9", "2001:db8::9"} {
			if _, err := l.Own(netip.MustParseAddr(wrong)); err == nil {
				t.Errorf("a server gives this host %s", wrong)
			}
		}
	})
}
