//go:build netns

package tun

import (
	"bytes"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/pns/internal/lan"
)

var (
	saran6, bob6 = netip.MustParseAddr("2001:db8:1::9"), netip.MustParseAddr("2001:db8:1:1::9")
	pool6        = netip.MustParsePrefix("2001:db8:1::/56")
	host6        = netip.MustParseAddr("2001:db8:2::1")
)

// packets6 are those that came for a caller, but for what the kernel sends by
// itself.
type packets6 chan []byte

func (c packets6) Deliver(packets [][]byte) {
	for _, p := range packets {
		c <- bytes.Clone(p)
	}
}

func ping6(from, to netip.Addr, data int) []byte {
	return lan.AppendICMPv6(nil, 64, from, to, append([]byte{128, 0, 0, 0, 0, 1, 0, 1}, make([]byte, data)...))
}

// own6 gives eth1 an address. The kernel takes its time to know it for its own.
func own6(t *testing.T, address string) {
	t.Helper()
	ip(t, "addr add "+address+" dev eth1 nodad")
	own, _, _ := strings.Cut(address, "/")
	eventually(t, own+" is ours", func() bool { return strings.Contains(ip(t, "-6 route show table local"), "local "+own+" ") })
}

// Callers reach the kernel and each other over IPv6. Who sends too much, or to
// nobody, is told so.
func TestIPv6(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth1", "")
		own6(t, "2001:db8:2::1/64")
		stats := new(Stats)
		l := ns.run(t, Options{Stats: stats, Routes: append(slices.Clone(pool), pool6), Masquerade: []string{"eth1"}})
		if b, err := os.ReadFile("/proc/sys/net/ipv6/conf/all/forwarding"); err != nil || string(b) != "1\n" {
			t.Errorf("forwarding is %q, %v", b, err)
		}
		her, him := make(packets6, 16), make(packets6, 16)
		detach, err := l.Attach(lan.Network6(saran6).Addr(), 1400, her)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Attach(lan.Network6(bob6).Addr(), lan.MinMTU6, him); err != nil {
			t.Fatal(err)
		}
		wants := func(what string, from packets6, src netip.Addr, message ...byte) {
			t.Helper()
			select {
			case p := <-from:
				h, err := lan.Parse6(p)
				if err != nil || h.Src != src || !bytes.HasPrefix(p[40:], message[:2]) || lan.Checksum6(h.Src, h.Dst, lan.ICMPv6, p[40:h.Total]) != 0 ||
					len(message) > 2 && !bytes.HasPrefix(p[44:], message[2:]) {
					t.Errorf("%s: %+v, %v: % x", what, h, err, p[40:min(len(p), 60)])
				}
			case <-within(t, 10*time.Second).Done():
				t.Errorf("%s: nothing came", what)
			}
		}
		l.Write(ping6(saran6, host6, 1000))
		wants("a ping of the host", her, host6, 129, 0)
		l.Write(ping6(saran6, bob6, 1000))
		wants("a ping from caller to caller", him, saran6, 128, 0)
		l.Write(ping6(saran6, bob6, 1300))
		wants("too big for him", her, bob6, 2, 0, 0, 0, 1280>>8, 1280&0xFF)
		nobody := netip.MustParseAddr("2001:db8:1:2::9")
		l.Write(ping6(saran6, nobody, 8))
		wants("a ping of nobody", her, nobody, 1, 3)
		if up, unattached, big := stats.Up.Load(), stats.Unattached.Load(), stats.TooBig.Load(); up != 6 || unattached != 1 || big != 1 {
			t.Errorf("%d packets up, %d unattached, %d too big", up, unattached, big)
		}
		eventually(t, "what the kernel says on the link alone is counted", func() bool { return stats.Foreign.Load() > 0 })
		detach()
		l.Write(ping6(bob6, saran6, 8))
		wants("a ping of her who has gone", him, saran6, 1, 3)
		if routes := ip(t, "-6 route show dev carrier0"); !strings.Contains(routes, "2001:db8:1::/56") {
			t.Errorf("routes %q", routes)
		}
		if err := l.Reroute(pool); err != nil {
			t.Fatal(err)
		}
		if routes := ip(t, "-6 route show dev carrier0"); strings.Contains(routes, "2001:db8:1::/56") {
			t.Errorf("routes without IPv6 %q", routes)
		}
		if _, err := l.Attach(lan.Network6(saran6).Addr(), 1400, her); err == nil {
			t.Error("a network that is not routed was attached")
		}
	})
}

// What is delegated to a caller is routed to her, all of it and nothing else.
func TestDelegated(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth1", "")
		own6(t, "2001:db8:2::1/64")
		behind, area := netip.MustParsePrefix("2001:db8:100::/60"), netip.MustParsePrefix("2001:db8:100::/48")
		stats := new(Stats)
		l := ns.run(t, Options{Stats: stats, Routes: append(slices.Clone(pool), pool6, area)})
		her, him := make(packets6, 16), make(packets6, 16)
		for _, n := range []string{"2001:db8:101::/60", "2001:db8:100::/47"} { // beside, and around
			if _, err := l.Delegate(netip.MustParsePrefix(n), 1400, her); err == nil {
				t.Errorf("%s is not routed to callers, and was delegated", n)
			}
		}
		for n, to := range map[netip.Prefix]packets6{behind: her, netip.MustParsePrefix("2001:db8:100:10::/60"): him} {
			if _, err := l.Delegate(n, 1400, to); err != nil {
				t.Fatal(err)
			}
		}
		for i, tt := range []struct {
			from     string
			answered packets6
		}{{"2001:db8:100::9", her}, {"2001:db8:100:f::9", her}, {"2001:db8:100:10::9", him}, {"2001:db8:100:f::a", her}} {
			l.Write(ping6(netip.MustParseAddr(tt.from), host6, 8))
			select {
			case p := <-tt.answered:
				if h, err := lan.Parse6(p); err != nil || h.Src != host6 || h.Dst != netip.MustParseAddr(tt.from) {
					t.Errorf("%d: %+v, %v", i, h, err)
				}
			case <-within(t, 10*time.Second).Done():
				t.Errorf("%d: nothing came for %s", i, tt.from)
			}
		}
		if n := stats.Unattached.Load(); n != 0 {
			t.Errorf("%d packets for nobody", n)
		}
	})
}

// The callers' networks are nobody else's.
func TestRefusedIPv6(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth1", "")
		own6(t, "2001:db8:1:7::1/64")
		ip(t, "-6 route add default via 2001:db8:1:7::2")
		ip(t, "-6 route add 2001:db8:3::/64 dev eth1")
		for routes, want := range map[string]string{
			"2001:db8:1::/56":     "2001:db8:1:7::1 is this host's own address on eth1, and among the callers' (2001:db8:1::/56): take it from lan.ipv6\n2001:db8:1:7::2, the gateway of the route to everywhere, is among the callers' addresses: take it from lan.ipv6",
			"2001:db8:1:7:8::/80": "the callers' networks 2001:db8:1:7:8::/80 overlap 2001:db8:1:7::/64, the network on eth1: take it from lan.ipv6",
			"2001:db8:3::/56":     "the callers' addresses 2001:db8:3::/56 overlap the route to 2001:db8:3::/64 over eth1: take them from lan.ipv6, or remove the route",
		} {
			_, err := New(Options{Name: "carrier0", Local: router, Routes: []netip.Prefix{netip.MustParsePrefix(routes)}})
			if err == nil || err.Error() != want {
				t.Errorf("%s: %v\nwant %s", routes, err, want)
			}
		}
	})
}
