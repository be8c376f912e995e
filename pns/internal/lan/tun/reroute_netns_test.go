//go:build netns

package tun

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Other addresses are routed, and hidden, while callers are there; ones that
// clash are refused.
func TestReroute(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth1", "198.51.100.1/24")
		l := ns.run(t, Options{Masquerade: []string{"eth1"}})
		her := attach(t, l, saran, 1400)
		now := []netip.Prefix{netip.MustParsePrefix("2.1.1.129/32"), netip.MustParsePrefix("10.9.0.0/24")}
		if err := l.Reroute(now); err != nil {
			t.Fatal(err)
		}
		routes := ip(t, "route show dev carrier0")
		if !strings.Contains(routes, "2.1.1.129 scope link") || !strings.Contains(routes, "10.9.0.0/24 scope link") || strings.Contains(routes, "2.1.1.128/26") {
			t.Errorf("routes %q", routes)
		}
		out, err := exec.Command("nft", "list", "ruleset").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "10.9.0.0/24 masquerade") || strings.Contains(string(out), "2.1.1.128/26") {
			t.Errorf("%v: %s", err, out)
		}
		eventually(t, "she still gets a ping through", func() bool {
			_, err := her.Ping(within(t, 100*time.Millisecond), router, 8)
			return err == nil
		})
		err = l.Reroute([]netip.Prefix{netip.MustParsePrefix("198.51.100.0/25")})
		if err == nil || !strings.Contains(err.Error(), "198.51.100.1 is this host's own address on eth1") {
			t.Errorf("a clash: %v", err)
		}
		if again := ip(t, "route show dev carrier0"); again != routes {
			t.Errorf("after the clash the routes are %q", again)
		}
	})
}
