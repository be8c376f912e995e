//go:build netns

package testbed

import (
	"path/filepath"
	"strings"
	"testing"
)

// centre is a head office that lets a branch go out through it.
const centre = `
name   = "denver"
panel  = "127.0.0.1:8724"

[clients]
from = ["203.0.113.0/24"]

[lan]
mode      = "tun"
local     = "10.2.0.1"
addresses = ["10.9.0.2-10.9.0.9"]

[lan.tun]
forwarding = true

[[user]]
name         = "boston"
password     = "blue moon"
routes       = ["10.1.0.0/24"]
simultaneous = "replace"
`

// outward is a branch that has everything behind the head office.
const outward = `
name   = "boston"
panel  = "127.0.0.1:8725"

[lan]
mode  = "tun"
local = "10.1.0.1"

[lan.tun]
forwarding = true

[[dial]]
name      = "denver"
to        = ["203.0.113.6"]
user      = "boston"
password  = "blue moon"
routes    = ["0.0.0.0/0"]
retry     = "1s"
retry_max = "1s"
`

// A branch reaches all the world through the head office, and the head office itself as
// before. What it changed of its routes is undone at the end, and when it was killed by
// the next run.
//
//	desk 10.1.0.10 ── 10.1.0.1 boston 203.0.113.2 ── isp ── 203.0.113.6 denver 198.51.100.1 ── 198.51.100.2 world
func TestEverythingBehindATunnel(t *testing.T) {
	s := &Scene{T: t, LAN: NewHost(t, "world"), Bin: Programs(t), Dir: t.TempDir()}
	boston, denver, desk, isp := NewHost(t, "boston"), NewHost(t, "denver"), NewHost(t, "desk"), NewHost(t, "isp")
	Join(boston, "wan", "203.0.113.2/30", isp, "boston", "203.0.113.1/30")
	Join(denver, "wan", "203.0.113.6/30", isp, "denver", "203.0.113.5/30")
	Join(boston, "lan", "10.1.0.1/24", desk, "eth0", "10.1.0.10/24")
	Join(denver, "out", "198.51.100.1/24", s.LAN, "eth0", "198.51.100.2/24")
	if out, err := isp.Command("sysctl", "-qw", "net.ipv4.ip_forward=1").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	boston.IP("route", "add", "default", "via", "203.0.113.1")
	denver.IP("route", "add", "default", "via", "203.0.113.5")
	desk.IP("route", "add", "default", "via", "10.1.0.1")
	s.LAN.IP("route", "add", "default", "via", "198.51.100.1")
	starts := func(h *Host, config string) *Process {
		return s.Start(h, "pns", "socket = \""+filepath.Join(s.Dir, h.name)+"\"\n"+config, nil)
	}
	pings := func() {
		t.Helper()
		Until(t, "an answer of the world", func() bool { return desk.Command("ping", "-c", "1", "-W", "1", "198.51.100.2").Run() == nil })
	}
	shows := func(args ...string) string {
		t.Helper()
		out, err := boston.Command("ip", append([]string{"route"}, args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	before := shows("show")
	starts(denver, centre)
	branch := starts(boston, outward)
	pings()
	if out := shows("get", "203.0.113.6"); !strings.Contains(out, "via 203.0.113.1 dev wan") {
		t.Errorf("the way to the server is %s", out)
	}
	if out := shows("get", "192.0.2.1"); !strings.Contains(out, "dev carrier0") {
		t.Errorf("the way to anybody is %s", out)
	}
	branch.Kill()
	if left := shows("show", "proto", "172"); !strings.HasPrefix(left, "203.0.113.6 via 203.0.113.1") {
		t.Errorf("when it was killed there is %q", left)
	}
	branch = starts(boston, outward)
	pings()
	branch.Stop()
	if after := shows("show"); after != before {
		t.Errorf("the routes were\n%s\nand are\n%s", before, after)
	}
}
