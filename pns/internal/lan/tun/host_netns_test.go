//go:build netns

package tun

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// ip runs ip(8) in the namespace of the calling thread.
func ip(t testing.TB, args string) string {
	t.Helper()
	out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ip %s: %v: %s", args, err, out)
	}
	return string(out)
}

// ethernet makes an interface, with an address or "", of a LAN without hosts.
func ethernet(t testing.TB, name, addr string) {
	t.Helper()
	ip(t, "link add "+name+" type veth peer name "+name+"-far")
	ip(t, "link set "+name+"-far up")
	ip(t, "link set "+name+" up")
	if addr != "" {
		ip(t, "addr add "+addr+" dev "+name)
	}
}

// eventually waits for what the kernel or another goroutine does.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// What would do harm is refused, with both sides named and what to do, and
// leaves no interface behind.
func TestRefused(t *testing.T) {
	prefixes := func(list ...string) (all []netip.Prefix) {
		for _, s := range list {
			all = append(all, netip.MustParsePrefix(s))
		}
		return all
	}
	for _, c := range []struct {
		name, setup string
		o           Options
		want        string
	}{
		{"no forwarding", "", Options{Routes: pool},
			"this host does not route between callers and the LAN: run sysctl -w net.ipv4.ip_forward=1 (and keep it in /etc/sysctl.d), or set lan.tun.forwarding = true"},
		{"own address", "addr add 2.1.1.140/32 dev lo", Options{Routes: pool, Forward: true},
			"2.1.1.140 is this host's own address on lo, and among the callers' (2.1.1.128/26): take it from lan.addresses"},
		{"LAN without proxy ARP", "addr add 2.1.1.60/24 dev eth0", Options{Routes: pool, Forward: true},
			`the callers' addresses 2.1.1.128/26 overlap 2.1.1.0/24, the network on eth0, whose hosts would look for callers there: set lan.tun.proxy_arp = ["eth0"], or give callers other addresses`},
		{"larger than the LAN", "addr add 2.1.1.60/24 dev eth0", Options{Routes: prefixes("2.1.1.0/26", "2.1.0.0/16"), ProxyARP: []string{"eth0"}, Forward: true},
			"2.1.1.60 is this host's own address on eth0, and among the callers' (2.1.1.0/26 to 2.1.0.0/16): take it from lan.addresses"},
		{"contains the LAN", "addr add 2.1.1.60/25 dev eth0", Options{Routes: prefixes("2.1.1.128/25", "2.1.1.96/27"), Forward: true},
			`the callers' addresses 2.1.1.96/27 overlap 2.1.1.0/25, the network on eth0, whose hosts would look for callers there: set lan.tun.proxy_arp = ["eth0"], or give callers other addresses`},
		{"route elsewhere", "route add 2.1.1.128/27 dev eth0", Options{Routes: pool, Forward: true},
			"the callers' addresses 2.1.1.128/26 overlap the route to 2.1.1.128/27 over eth0: take them from lan.addresses, or remove the route"},
		{"route to nowhere", "route add blackhole 2.1.1.160/28", Options{Routes: pool, Forward: true},
			"the callers' addresses 2.1.1.128/26 overlap the route to 2.1.1.160/28 (blackhole): take them from lan.addresses, or remove the route"},
		{"route of several ways", "route add 2.1.1.160/28 nexthop dev eth0 nexthop dev eth0-far", Options{Routes: pool, Forward: true},
			"the callers' addresses 2.1.1.128/26 overlap the route to 2.1.1.160/28 over eth0 and eth0-far: take them from lan.addresses, or remove the route"},
		{"route with a source", "route add 2.1.1.128/27 dev eth0 src 127.0.0.1", Options{Routes: pool, Forward: true},
			"the callers' addresses 2.1.1.128/26 overlap the route to 2.1.1.128/27 over eth0: take them from lan.addresses, or remove the route"},
		{"wider route", "route add 2.1.0.0/16 dev eth0", Options{Routes: pool, Forward: true}, ""},
		{"gateway", "route add default via 2.1.1.129 dev eth0 onlink", Options{Routes: pool, Forward: true},
			"2.1.1.129, the gateway of the route to everywhere, is among the callers' addresses: take it from lan.addresses"},
		{"gateway of several", "route add default nexthop via 2.1.1.140 dev eth0 onlink nexthop via 198.51.100.2 dev eth0 onlink", Options{Routes: pool, Forward: true},
			"2.1.1.140, the gateway of the route to everywhere, is among the callers' addresses: take it from lan.addresses"},
		{"no interface", "", Options{Routes: pool, ProxyARP: []string{"eth1"}, Masquerade: []string{"eth2"}, Forward: true},
			"there is no interface eth1: make it, or name one that `ip link` lists in lan.tun.proxy_arp, lan.tun.masquerade and lan.relay\nthere is no interface eth2: make it, or name one that `ip link` lists in lan.tun.proxy_arp, lan.tun.masquerade and lan.relay"},
		{"no Ethernet", "", Options{Routes: pool, ProxyARP: []string{"lo"}, Forward: true},
			"interface lo is no Ethernet: lan.tun.proxy_arp is of no use there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inside(t, func(ns *namespace) {
				ethernet(t, "eth0", "")
				if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("0"), 0); err != nil {
					t.Fatal(err)
				}
				if c.setup != "" {
					ip(t, c.setup)
				}
				c.o.Name, c.o.Local = "carrier0", router
				l, err := New(c.o)
				switch {
				case c.want == "" && err == nil:
					l.close()
				case err == nil || err.Error() != c.want:
					t.Errorf("got\n%v\nwant\n%s", err, c.want)
				}
				if _, err := net.InterfaceByName("carrier0"); err == nil {
					t.Error("the interface is still there")
				}
			})
		})
	}
}

// An interface whose name somebody has taken is made once that one has gone.
func TestNameTakenMeanwhile(t *testing.T) {
	inside(t, func(ns *namespace) {
		l, err := New(Options{Name: "carrier0", Local: router, Routes: pool, Forward: true})
		if err != nil {
			t.Fatal(err)
		}
		read, log := io.Pipe()
		l.o.Log = slog.New(slog.NewTextHandler(log, nil))
		l.out.drop(false)
		ethernet(t, "carrier0", "")
		made := beside(t, func() error {
			if !l.remake(t.Context()) {
				return errors.New("not made")
			}
			return nil
		})
		lines := bufio.NewScanner(read)
		for _, want := range []string{"the interface cannot be made", "the interface is back"} {
			if !lines.Scan() || !strings.Contains(lines.Text(), want) {
				t.Fatalf("logged %q, want %q", lines.Text(), want)
			}
			if want == "the interface cannot be made" {
				if !strings.Contains(lines.Text(), "an interface of this name exists already") {
					t.Error(lines.Text())
				}
				ip(t, "link del carrier0")
			}
		}
		if err := errors.Join(<-made, l.close()); err != nil {
			t.Error(err)
		}
	})
}

// An interface that somebody removes is made anew, with all that belongs to it,
// and callers stay.
func TestInterfaceRemoved(t *testing.T) {
	inside(t, func(ns *namespace) {
		stats := new(Stats)
		l := ns.run(t, Options{Stats: stats})
		her := attach(t, l, saran, 1400)
		reach := func(when string) {
			t.Helper()
			eventually(t, "a ping passes "+when, func() bool {
				_, err := her.Ping(within(t, 100*time.Millisecond), router, 8)
				return err == nil
			})
		}
		reach("at first")
		ip(t, "link del carrier0")
		reach("after the interface was removed")
		if n := stats.Lost.Load(); n != 1 {
			t.Errorf("lost %d times", n)
		}
		ip(t, "link set carrier0 down")
		if _, err := her.Ping(within(t, 100*time.Millisecond), router, 8); err == nil || stats.Unwritten.Load() == 0 {
			t.Errorf("put down: %v, %d unwritten", err, stats.Unwritten.Load())
		}
		ip(t, "link set carrier0 up")
		reach("after the interface was put up")
		if routes := ip(t, "route show dev carrier0"); !strings.Contains(routes, "2.1.1.128/26 scope link src 2.1.1.60") {
			t.Errorf("routes %q", routes)
		}
	})
}

// ARP is answered for callers who are there, and for nobody else.
func TestProxyEntries(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0", "2.1.1.60/24")
		ip(t, "neigh add proxy 2.1.1.20 dev eth0") // somebody else's
		entries := func() (all string) {
			eth0, err := netlink.LinkByName("eth0")
			if err != nil {
				t.Fatal(err)
			}
			list, err := netlink.NeighProxyList(eth0.Attrs().Index, unix.AF_INET)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range list {
				all += n.IP.String() + " "
			}
			return all
		}
		l := ns.run(t, Options{ProxyARP: []string{"eth0"}})
		if got := entries(); got != "2.1.1.20 " {
			t.Errorf("at the start: %s", got)
		}
		first := attach(t, l, saran, 1400)
		if got := entries(); got != "2.1.1.20 2.1.1.129 " && got != "2.1.1.129 2.1.1.20 " {
			t.Errorf("with a caller: %s", got)
		}
		first.detach()
		second := attach(t, l, saran, 1400)
		first.detach() // late: the address is another caller's
		if got := entries(); !strings.Contains(got, "2.1.1.129 ") {
			t.Errorf("with the second caller: %s", got)
		}
		second.detach()
		if got := entries(); got != "2.1.1.20 " {
			t.Errorf("at the end: %s", got)
		}
	})
}

// The table for masquerading stands once, however often the program was killed,
// and goes with it.
func TestMasqueradeTable(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth1", "198.51.100.1/24")
		nft := func() string {
			out, err := exec.Command("nft", "list", "ruleset").CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			return string(out)
		}
		killed, err := hide("carrier0", pool, []string{"eth1"}, []string{"eth1"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		killed.conn.CloseLasting()
		if out, err := exec.Command("nft", "add", "table", "ip", "theirs").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		l, err := New(Options{Name: "carrier0", Local: router, Routes: pool, Masquerade: []string{"eth1"}, Forward: true})
		if err != nil {
			t.Fatal(err)
		}
		const rule = `oifname "eth1" ip saddr 2.1.1.128/26 masquerade`
		if got := nft(); strings.Count(got, rule) != 1 || !strings.Contains(got, "table ip theirs") {
			t.Errorf("%s", got)
		}
		if err := l.close(); err != nil {
			t.Error(err)
		}
		if got := nft(); strings.Contains(got, "carrier0") || !strings.Contains(got, "table ip theirs") {
			t.Errorf("at the end: %s", got)
		}
	})
}
