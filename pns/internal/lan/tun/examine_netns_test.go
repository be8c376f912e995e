//go:build netns

package tun

import (
	"os"
	"strings"
	"testing"
)

// What another process made is found whole, and an interface that nobody made is
// missed; nothing is changed.
func TestExamine(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0.7", "198.51.100.1/24")
		o := Options{Name: "carrier0", Local: router, Routes: pool, Masquerade: []string{"eth0.7"}}
		err := Examine(Options{Name: o.Name, Local: o.Local, Routes: o.Routes})
		if err == nil || !strings.HasPrefix(err.Error(), "there is no interface carrier0, so callers reach nothing: ") {
			t.Errorf("before it was made: %v", err)
		}
		ns.run(t, o)
		if err := Examine(o); err != nil {
			t.Errorf("a whole one: %v", err)
		}
		if err := os.WriteFile("/proc/sys/net/ipv4/conf/eth0.7/forwarding", []byte("0"), 0); err != nil {
			t.Fatal(err)
		}
		if err := Check(o, true); err == nil || !strings.Contains(err.Error(), "run sysctl -w net.ipv4.conf.eth0/7.forwarding=1 ") {
			t.Errorf("of an interface with a dot in its name: %v", err)
		}
	})
}

// Of an interface that is not there one sentence is enough.
func TestExamineWithoutInterface(t *testing.T) {
	inside(t, func(ns *namespace) {
		if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
			t.Fatal(err)
		}
		err := Check(Options{Name: "carrier0", Local: router, Routes: pool, ProxyARP: []string{"nolan"}}, false)
		if err == nil || err.Error() != noInterface("nolan").Error() {
			t.Errorf("%v", err)
		}
	})
}
