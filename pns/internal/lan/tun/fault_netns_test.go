//go:build netns

package tun

import (
	"strings"
	"testing"
)

// Why callers reach nothing is told while it is so: our interface is down, or has
// gone and another one has its name.
func TestFault(t *testing.T) {
	inside(t, func(ns *namespace) {
		l := ns.run(t, Options{})
		fault := func() string {
			if err := l.Fault(); err != nil {
				return err.Error()
			}
			return ""
		}
		becomes := func(want string) {
			t.Helper()
			eventually(t, "the fault is "+want, func() bool { return want == "" && fault() == "" || want != "" && strings.HasPrefix(fault(), want) })
		}
		becomes("")
		ip(t, "link set carrier0 down")
		becomes("interface carrier0 is down, so callers reach nothing: run ip link set carrier0 up")
		ip(t, "link set carrier0 up")
		becomes("")
		ip(t, "link set carrier0 down")
		becomes("interface carrier0 is down")
		ip(t, "link del carrier0") // and another one is made, which is up
		becomes("")

		ip(t, "link set carrier0 name foo0")
		ethernet(t, "carrier0", "")
		ip(t, "link del foo0")
		becomes("the interface carrier0 is gone and cannot be made, so callers reach nothing: interface carrier0: an interface of this name exists already")
		ip(t, "link del carrier0")
		becomes("")
	})
}
