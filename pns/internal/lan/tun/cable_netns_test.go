//go:build netns

package tun

import (
	"bytes"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// A neighbour is a host of the LAN at the far end of a cable, who speaks ARP.
type neighbour struct {
	t    testing.TB
	port *arpPort
}

func newNeighbour(t testing.TB, name string) *neighbour {
	t.Helper()
	p, err := openARP(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.file.Close() })
	return &neighbour{t, p}
}

// finds asks for an address, as a host that has something to send does, until it
// is answered.
func (n *neighbour) finds(a netip.Addr) {
	n.t.Helper()
	ask := arpPacket{Op: arpRequest, SenderHost: n.port.hardware(), Sender: netip.MustParseAddr("2.1.1.10"), Target: a}.append(nil)
	eventually(n.t, "ARP is answered for "+a.String(), func() bool {
		n.port.file.Write(ask)
		return n.hears(func(p arpPacket) bool { return p.Op == arpReply && p.Sender == a })
	})
}

// hears reads what comes within a tenth of a second, until it is what is wanted.
func (n *neighbour) hears(want func(arpPacket) bool) bool {
	n.port.file.(*os.File).SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	frame := make([]byte, 2048)
	for {
		k, err := n.port.file.Read(frame)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return false
		}
		if p, bad := parseARP(frame[:k]); err == nil && bad == nil && p.SenderHost != n.port.hardware() && want(p) {
			return true
		}
	}
}

// A written log can be asked for what was said.
type written struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(b)
}

func (w *written) times(text string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.b.String(), text)
}

// quickly lets the kernel answer for others at once.
func quickly(t testing.TB, name string) {
	t.Helper()
	if err := os.WriteFile("/proc/sys/net/ipv4/neigh/"+name+"/proxy_delay", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
}

// Callers who are there are found again when the LAN's interface was down, lost
// its carrier, or went and another one of its name came; so is who comes later,
// and who came meanwhile.
func TestLANGoesAndComes(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0", "2.1.1.60/24")
		quickly(t, "eth0")
		var log written
		l := ns.run(t, Options{ProxyARP: []string{"eth0"}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		attach(t, l, saran, 1400)
		far := newNeighbour(t, "eth0-far")
		far.finds(saran)

		ip(t, "link set eth0 down")
		eventually(t, "it is said that eth0 is down", func() bool { return log.times("interface eth0 is down") == 1 })
		him := attach(t, l, bob, 1400)
		if l.Probe(bob) != nil {
			t.Error("somebody is asked on an interface that is down")
		}
		ip(t, "link set eth0 up")
		far.finds(saran)
		far.finds(bob)
		him.detach()

		ip(t, "link set eth0-far down") // no carrier
		eventually(t, "it is said that eth0 has no carrier", func() bool { return log.times("interface eth0 has no carrier") > 0 })
		ip(t, "link set eth0-far up")
		far.finds(saran)

		ip(t, "link del eth0")
		eventually(t, "it is said that eth0 is gone", func() bool { return log.times("there is no interface eth0") == 1 })
		attach(t, l, bob, 1400)
		ethernet(t, "eth0", "2.1.1.60/24")
		quickly(t, "eth0")
		far = newNeighbour(t, "eth0-far")
		far.finds(saran)
		far.finds(bob)
		if owner := <-l.Probe(saran.Next().Next()); owner != "" {
			t.Errorf("%s answers for nobody", owner)
		}
		eventually(t, "it is said that all is well", func() bool { return log.times("ARP is answered for callers again") >= 3 })
	})
}

// An address that the LAN's interface gets late counts for those who are there,
// and one that it loses does not.
func TestAddressComesLate(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0", "")
		var log written
		l := ns.run(t, Options{ProxyARP: []string{"eth0"}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if got := log.times("interface eth0 has no address in a network of callers' addresses"); got != 1 {
			t.Errorf("said %d times that there is no address", got)
		}
		attach(t, l, saran, 1400)
		far := newNeighbour(t, "eth0-far")
		quickly(t, "eth0")
		ip(t, "addr add 2.1.1.60/24 dev eth0")
		eventually(t, "she is announced", func() bool {
			return far.hears(func(p arpPacket) bool { return p.Sender == saran && p.Target == saran })
		})
		far.finds(saran)
		if l.Probe(bob) == nil {
			t.Error("nobody is asked")
		}
		ip(t, "addr del 2.1.1.60/24 dev eth0")
		eventually(t, "there is no entry", func() bool { return ip(t, "neigh show proxy") == "" })
	})
}

// The doctor names an interface of the LAN on which nobody is found.
func TestExamineLAN(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0", "")
		o := Options{Name: "carrier0", Local: router, Routes: pool, ProxyARP: []string{"eth0"}, Forward: true}
		for _, c := range []struct{ do, want string }{
			{"link set eth0 up", "interface eth0 has no address in a network of callers' addresses, so ARP is not answered for them there: give it one, or take it from lan.tun.proxy_arp"},
			{"addr add 2.1.1.60/24 dev eth0", ""},
			{"link set eth0-far down", "interface eth0 has no carrier, so callers reach nothing there: look at its cable"},
			{"link set eth0 down", "interface eth0 is down, so callers reach nothing there: run ip link set eth0 up"},
		} {
			ip(t, c.do)
			got := ""
			eventually(t, c.do, func() bool {
				got = ""
				if err := Check(o, false); err != nil {
					got = err.Error()
				}
				return got == c.want
			})
		}
	})
}
