//go:build netns

package tun

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A host of a namespace of its own, at the far end of an interface.
type farHost struct {
	t   testing.TB
	pid int
}

// newFarHost makes the interface too, with an address and that of the host, who
// routes callers' addresses there.
func newFarHost(t testing.TB, name, near, far string) farHost {
	t.Helper()
	h := farHost{t, elsewhere(t)}
	ethernet(t, name, near)
	ip(t, fmt.Sprintf("link set %s-far netns %d", name, h.pid))
	h.run("ip link set " + name + "-far up")
	h.run("ip addr add " + far + " dev " + name + "-far")
	return h
}

func (h farHost) command(line string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"-n", "-t", strconv.Itoa(h.pid)}, strings.Fields(line)...)...)
}

func (h farHost) run(line string) {
	h.t.Helper()
	if out, err := h.command(line).CombinedOutput(); err != nil {
		h.t.Fatalf("%s: %v: %s", line, err, out)
	}
}

// pings tells whether a ping is answered within a second.
func (h farHost) pings(addr string) bool { return h.command("ping -c 1 -W 1 "+addr).Run() == nil }

func nft(t testing.TB, line string) {
	t.Helper()
	if out, err := exec.Command("nft", line).CombinedOutput(); err != nil {
		t.Fatalf("nft %s: %v: %s", line, err, out)
	}
}

// A neighbour on a masqueraded interface, who has a route to callers, does not
// get to them; they get to him, with this host's address, and hosts of the LAN
// get to them. What is forwarded by DNAT on purpose passes.
func TestNobodyComesInOverTheMasquerade(t *testing.T) {
	inside(t, func(ns *namespace) {
		out := newFarHost(t, "eth1", "198.51.100.1/24", "198.51.100.2/24")
		out.run("ip route add 2.1.1.128/26 via 198.51.100.1")
		host := newFarHost(t, "eth0", "2.1.1.60/24", "2.1.1.10/24")
		o := Options{Masquerade: []string{"eth1"}, ProxyARP: []string{"eth0"}}
		l := ns.run(t, o)
		her := attach(t, l, saran, 1400)
		reaches := func(addr string) bool {
			_, err := her.Ping(within(t, time.Second), netip.MustParseAddr(addr), 8)
			return err == nil
		}
		eventually(t, "she gets an answer from outside", func() bool { return reaches("198.51.100.2") })
		eventually(t, "a host of the LAN gets to her", func() bool { return host.pings("2.1.1.129") })
		eventually(t, "the neighbour gets to this host", func() bool { return out.pings("198.51.100.1") })
		if out.pings("2.1.1.129") {
			t.Error("the neighbour gets to her")
		}
		nft(t, "add table ip theirs; add chain ip theirs pre { type nat hook prerouting priority dstnat; }; add rule ip theirs pre iifname eth1 ip daddr 198.51.100.1 dnat to 2.1.1.129")
		eventually(t, "he gets to her by what is forwarded", func() bool { return out.pings("198.51.100.1") })

		nft(t, "insert rule ip carrier-carrier0 forward accept") // before the one that drops, so the rule it was
		eventually(t, "the neighbour gets to her past the rule", func() bool { return out.pings("2.1.1.129") })
		o.Name, o.Local, o.Routes = "carrier0", router, append(pool, netip.MustParsePrefix("10.9.0.0/24"))
		if err := Examine(o); err == nil || !strings.Contains(err.Error(), "the nftables table ip carrier-carrier0 is not there or not whole") {
			t.Errorf("without rules for all callers: %v", err)
		}
		o.Routes = pool
		if err := l.Reroute(pool); err != nil {
			t.Error(err)
		}
		if err := Examine(o); err != nil {
			t.Errorf("after a reload: %v", err)
		}
	})
}

// Where ARP is proxied too, hosts are meant to get to callers.
func TestMasqueradeOfTheLANItself(t *testing.T) {
	inside(t, func(ns *namespace) {
		host := newFarHost(t, "eth0", "2.1.1.60/24", "2.1.1.10/24")
		l := ns.run(t, Options{Masquerade: []string{"eth0"}, ProxyARP: []string{"eth0"}})
		attach(t, l, saran, 1400)
		eventually(t, "a host of the LAN gets to her", func() bool { return host.pings("2.1.1.129") })
	})
}
