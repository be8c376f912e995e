//go:build netns

package tun

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"carrier/pns/internal/lan"
	"carrier/pns/internal/lan/relay"
)

// A listener notes what a caller gets of UDP.
type listener struct {
	mu  sync.Mutex
	got []string
}

func (l *listener) Deliver(packets [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range packets {
		l.got = append(l.got, noted(p))
	}
}

func noted(p []byte) string {
	h, err := lan.Parse(p)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%v to %v: %s", h.Src, h.Dst, p[h.Len+8:h.Total])
}

func (l *listener) saw() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got)
}

// A station is the other end of an interface's cable: a host of the LAN.
type station struct {
	listener
	fd, index int
}

func newStation(t *testing.T, ns *namespace, name string) *station {
	t.Helper()
	i, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0x0008) // IPv4, as the kernel has it on the wire
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: 0x0008, Ifindex: i.Index})
	}
	if err == nil {
		err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 20_000})
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &station{fd: fd, index: i.Index}
	quit := make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() {
		for b := make([]byte, 2048); ; {
			select {
			case <-quit:
				return
			default:
			}
			if n, err := unix.Read(fd, b); err == nil && n > etherLen+28 && b[0]&1 == 1 {
				s.Deliver([][]byte{b[etherLen:n]})
			}
		}
	})
	ns.ends = append(ns.ends, func() {
		close(quit)
		reading.Wait()
		unix.Close(fd)
	})
	return s
}

// calls sends a broadcast.
func (s *station) calls(t *testing.T, packet []byte) {
	t.Helper()
	frame := append([]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0, 0, 9, 8, 0}, packet...)
	if err := unix.Sendto(s.fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: s.index}); err != nil {
		t.Fatal(err)
	}
}

func said(from, to, what string) []byte {
	return lan.AppendUDP(nil, 1, netip.AddrPortFrom(netip.MustParseAddr(from), 137), netip.AddrPortFrom(netip.MustParseAddr(to), 137), []byte(what))
}

// A host of the LAN calls out, and two callers hear it; one of them does, and the LAN
// and the other one hear her once; what is sent comes back from nowhere, though the LAN
// has two interfaces on one cable. An interface that is made anew is the LAN again.
func TestRelay(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0", "2.1.1.61/24")
		ip(t, "link add eth1 type bridge") // on the same cable
		ip(t, "link set eth0-far master eth1")
		ip(t, "link set eth1 up")
		ip(t, "link add host type veth peer name host-far")
		ip(t, "link set host-far master eth1")
		ip(t, "link set host-far up")
		ip(t, "link set host up")
		stats := new(Stats)
		l := ns.run(t, Options{Stats: stats, ProxyARP: []string{"eth0"}, Relay: &Relay{Options: relay.Options{Ports: []uint16{137}, Rate: 20, Total: 5000}, Interfaces: []string{"eth0", "eth1"}}})
		printer := newStation(t, ns, "host")
		var a, b listener
		for addr, r := range map[netip.Addr]*listener{saran: &a, bob: &b} {
			if _, err := l.Attach(addr, 0, r); err != nil {
				t.Fatal(err)
			}
		}
		is := func(what string, l *listener, want ...string) {
			t.Helper()
			eventually(t, what, func() bool { return len(l.saw()) >= len(want) })
			if got := l.saw(); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		// Both interfaces hear the host: it is one cable, and so twice the LAN.
		printer.calls(t, said("2.1.1.10", "2.1.1.255", "here I am"))
		const heard = "2.1.1.10 to 255.255.255.255: here I am"
		is("saran hears the host", &a, heard, heard)
		is("bob hears the host", &b, heard, heard)

		l.Write(said("2.1.1.129", "255.255.255.255", "who is there?"))
		const asked = "2.1.1.129 to 255.255.255.255: who is there?"
		is("bob hears saran", &b, heard, heard, asked)
		is("the host hears saran, by each cable", &printer.listener, asked, asked)
		l.Write(said("2.1.1.130", "224.0.0.251", "and I?"))
		const too = "2.1.1.130 to 224.0.0.251: and I?"
		is("saran hears bob, and never herself", &a, heard, heard, too)
		is("the host hears bob", &printer.listener, asked, asked, too, too)
		is("nothing came round", &b, heard, heard, asked)

		ip(t, "link del eth0")
		ethernet(t, "eth0", "2.1.1.61/24")
		far := newStation(t, ns, "eth0-far")
		eventually(t, "the interface that was made anew is heard", func() bool {
			far.calls(t, said("2.1.1.11", "255.255.255.255", "and here"))
			return slices.Contains(a.saw(), "2.1.1.11 to 255.255.255.255: and here")
		})
		l.Write(said("2.1.1.129", "255.255.255.255", "again"))
		eventually(t, "and spoken to", func() bool { return slices.Contains(far.saw(), "2.1.1.129 to 255.255.255.255: again") })
		if n := stats.Relay.Up.Load(); n != 3 {
			t.Errorf("%d packets of callers were relayed", n)
		}
	})
}
