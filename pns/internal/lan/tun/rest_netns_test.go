//go:build netns

package tun

import (
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// away is where packets go that nobody else has.
type away chan []byte

func (a away) Deliver(packets [][]byte) {
	for _, p := range packets {
		select {
		case a <- append([]byte(nil), p...):
		default:
		}
	}
}

// pins are the routes with our mark.
func pins(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(ip(t, "-4 route show proto 172"))
}

// What leads nowhere else goes to who has all of it, while he has; but not what goes to
// his own server, whose way is kept, nor what is on a network of this host's. Afterwards
// all is as it was.
func TestTheRest(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0", "203.0.113.2/24")
		ip(t, "route add default via 203.0.113.1")
		ip(t, "-6 addr add 2001:db8:1::2/64 dev eth0 nodad")
		ip(t, "-6 route add default via 2001:db8:1::1")
		before, before6 := ip(t, "route show"), ip(t, "-6 route show default")
		l := ns.run(t, Options{Rest6: true})
		server := netip.MustParseAddr("198.51.100.9")
		release, err := l.Pin(server)
		if err != nil {
			t.Fatal(err)
		}
		again, err := l.Pin(server)
		if err != nil {
			t.Fatal(err)
		}
		took := make(away, 16)
		var ends []func()
		for _, rest := range []string{"0.0.0.0/0", "::/0"} {
			detach, err := l.Delegate(netip.MustParsePrefix(rest), 1400, took)
			if err != nil {
				t.Fatal(err)
			}
			ends = append(ends, detach)
			if _, err := l.Delegate(netip.MustParsePrefix(rest), 1400, took); err == nil {
				t.Errorf("%s is given twice", rest)
			}
		}
		leads := func(when string, want map[string]string) {
			t.Helper()
			for to, dev := range want {
				if got := ip(t, "route get "+to); !strings.Contains(got, " dev "+dev+" ") {
					t.Errorf("%s: to %s it is %s", when, to, got)
				}
			}
		}
		leads("with it", map[string]string{"192.0.2.7": "carrier0", "9.9.9.9": "carrier0", "2001:db8:9::1": "carrier0", "9000::1": "carrier0",
			"198.51.100.9": "eth0", "203.0.113.7": "eth0", "2001:db8:1::7": "eth0"})
		c, err := net.Dial("udp4", "192.0.2.7:7")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("a packet")); err != nil {
			t.Fatal(err)
		}
		select {
		case p := <-took:
			if !strings.HasSuffix(string(p), "a packet") {
				t.Errorf("he gets % x", p)
			}
		case <-time.After(10 * time.Second):
			t.Error("he gets no packet")
		}
		given := netip.MustParseAddr("10.9.0.2")
		disown, err := l.Own(given) // which a server gives that has everything
		if err != nil {
			t.Fatal(err)
		}
		disown()
		if _, err := l.Own(netip.MustParseAddr("203.0.113.7")); err == nil {
			t.Error("a server takes an address from a host of the LAN")
		}

		ip(t, "route del 128.0.0.0/1 dev carrier0") // somebody does
		eventually(t, "it is put back", func() bool {
			return strings.Contains(ip(t, "route get 192.0.2.7"), " dev carrier0 ")
		})
		release()
		leads("the server is somebody else's still", map[string]string{"198.51.100.9": "eth0"})
		for _, end := range ends {
			end()
		}
		leads("without it", map[string]string{"192.0.2.7": "eth0", "9.9.9.9": "eth0", "2001:db8:9::1": "eth0"})
		again()
		if left := pins(t); left != "" {
			t.Errorf("left is %s", left)
		}
		if now := strings.ReplaceAll(ip(t, "route show"), "2.1.1.128/26 dev carrier0 scope link src 2.1.1.60 \n", ""); now != before {
			t.Errorf("the routes were\n%sand are\n%s", before, now)
		}
		if now := ip(t, "-6 route show default"); now != before6 {
			t.Errorf("of IPv6 it was %s and is %s", before6, now)
		}
	})
}

// The ways that a killed run kept are let go at the next start, and those of another pns
// stay; what is kept when a run ends goes with it.
func TestWaysOfAKilledRun(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0", "203.0.113.2/24")
		ip(t, "route add default via 203.0.113.1")
		start := func(name, n string) *LAN {
			l, err := New(Options{Name: name, Local: router, Routes: []netip.Prefix{netip.MustParsePrefix("2.1.1." + n + "/32")}, Forward: true})
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		second, killed := start("carrier1", "130"), start("carrier0", "129")
		for l, server := range map[*LAN]string{second: "198.51.100.8", killed: "198.51.100.9"} {
			if _, err := l.Pin(netip.MustParseAddr(server)); err != nil {
				t.Fatal(err)
			}
		}
		killed.kill(t)
		if left := pins(t); !strings.Contains(left, "198.51.100.9 via 203.0.113.1 dev eth0") {
			t.Fatalf("when it was killed there are %s", left)
		}
		next := start("carrier0", "129")
		if left := pins(t); strings.Contains(left, "198.51.100.9") || !strings.Contains(left, "198.51.100.8") {
			t.Errorf("after the next start there are %s", left)
		}
		if _, err := next.Pin(netip.MustParseAddr("198.51.100.9")); err != nil {
			t.Fatal(err)
		}
		for _, l := range []*LAN{next, second} {
			if err := l.close(); err != nil {
				t.Error(err)
			}
		}
		if left := pins(t); left != "" {
			t.Errorf("at the end there are %s", left)
		}
	})
}

// Where a server is that this host knows no way to, and where somebody else has
// everything already, an error says so and nothing is left.
func TestNoWay(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0", "203.0.113.2/24")
		l := ns.run(t, Options{})
		if _, err := l.Pin(netip.MustParseAddr("198.51.100.9")); err == nil || !strings.Contains(err.Error(), "this host knows no way to 198.51.100.9") {
			t.Errorf("%v", err)
		}
		ip(t, "route add 128.0.0.0/1 dev eth0")
		if _, err := l.Delegate(netip.MustParsePrefix("0.0.0.0/0"), 1400, make(away, 1)); err == nil || !strings.Contains(err.Error(), "route to 128.0.0.0/1: somebody has one already") {
			t.Errorf("%v", err)
		}
		if out, err := exec.Command("ip", "route", "show", "0.0.0.0/1").CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("left is %s, %v", out, err)
		}
		if l.table.Find(netip.MustParseAddr("9.9.9.9")) != nil {
			t.Error("packets would go there")
		}
	})
}
