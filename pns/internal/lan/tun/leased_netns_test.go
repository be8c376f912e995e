//go:build netns

package tun

import (
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"carrier/pns/internal/dhcp"
)

// leasing is a LAN on eth0, which is 2.1.1.61, whose DHCP server gives addresses
// beside routes. A PAC is at 2.1.1.20, another one somewhere.
func (ns *namespace) leasing(t *testing.T, log io.Writer, routes ...string) (*LAN, *DHCP) {
	ethernet(t, "eth0", "2.1.1.61/24")
	ip(t, "route add default via 2.1.1.1")
	o := Options{ProxyARP: []string{"eth0"}, Routes: []netip.Prefix{}, Leased: true, Log: slog.New(slog.NewTextHandler(log, nil)),
		Peers: []netip.Prefix{netip.MustParsePrefix("2.1.1.20/32"), netip.MustParsePrefix("2.1.1.128/25")}}
	for _, r := range routes {
		o.Routes = append(o.Routes, netip.MustParsePrefix(r))
	}
	l := ns.run(t, o)
	d, err := l.OpenDHCP("eth0")
	if err != nil {
		t.Fatal(err)
	}
	ns.ends = append(ns.ends, func() { d.file.Close() })
	return l, d
}

// wantRoutes compares what leads to callers: in the kernel, and where they may be
// attached.
func wantRoutes(t *testing.T, l *LAN, when string, want ...string) {
	t.Helper()
	kernel, ours := make(map[string]bool), make(map[string]bool)
	for line := range strings.Lines(ip(t, "route show dev carrier0")) {
		kernel[strings.Fields(line)[0]] = true
	}
	for _, p := range l.routes() {
		ours[strings.TrimSuffix(p.String(), "/32")] = true
	}
	for _, w := range want {
		if !kernel[w] || !ours[w] {
			t.Errorf("%s: no route to %s", when, w)
		}
	}
	if len(kernel) != len(want) || len(ours) != len(want) {
		t.Errorf("%s: the kernel has routes to %v, we to %v; want %q", when, kernel, ours, want)
	}
}

// Each leased address is routed by itself, whatever a reload routes beside it, and
// the end of a lease takes away that route alone.
func TestLeasedRoutes(t *testing.T) {
	inside(t, func(ns *namespace) {
		var log written
		l, d := ns.leasing(t, &log, "10.9.0.0/24")
		a, b := netip.MustParseAddr("2.1.1.160"), netip.MustParseAddr("2.1.1.161")
		for _, a := range []netip.Addr{a, b} {
			if err := d.Route(a); err != nil {
				t.Fatal(err)
			}
		}
		wantRoutes(t, l, "leased", "10.9.0.0/24", "2.1.1.160", "2.1.1.161")
		reroute := func(routes ...string) {
			t.Helper()
			var all []netip.Prefix
			for _, r := range routes {
				all = append(all, netip.MustParsePrefix(r))
			}
			if err := l.Reroute(all); err != nil {
				t.Fatal(err)
			}
		}
		reroute("10.9.1.0/24", "2.1.1.160/32") // now a user's own as well
		wantRoutes(t, l, "a user's own", "10.9.1.0/24", "2.1.1.160", "2.1.1.161")
		d.Unroute(a)
		wantRoutes(t, l, "her lease has ended", "10.9.1.0/24", "2.1.1.160", "2.1.1.161")
		if err := d.Route(a); err != nil {
			t.Fatal(err)
		}
		reroute("10.9.1.0/24")
		wantRoutes(t, l, "not her own any more", "10.9.1.0/24", "2.1.1.160", "2.1.1.161")
		d.Unroute(a)
		wantRoutes(t, l, "one is left", "10.9.1.0/24", "2.1.1.161")
		ip(t, "route del 2.1.1.161 dev carrier0") // somebody does
		ip(t, "route del 10.9.1.0/24 dev carrier0")
		d.Unroute(b)
		reroute("10.9.0.0/24")
		wantRoutes(t, l, "at the end", "10.9.0.0/24")
		if log.times("given back is left") != 0 {
			t.Error("the log warns of what is well")
		}
	})
}

// An address that cannot be routed leaves nothing that a later start of the
// interface would bring.
func TestLeasedWhileDown(t *testing.T) {
	inside(t, func(ns *namespace) {
		var log written
		l, d := ns.leasing(t, &log, "10.9.0.0/24")
		ip(t, "link set carrier0 down")
		eventually(t, "it is seen to be down", func() bool { return log.times("put down") == 1 })
		if err := d.Route(saran); err == nil || errors.Is(err, dhcp.ErrUnfit) {
			t.Errorf("routed over an interface that is down: %v", err)
		}
		ip(t, "link set carrier0 up")
		eventually(t, "it is seen to be up", func() bool { return log.times("put up") == 1 })
		wantRoutes(t, l, "up again", "10.9.0.0/24")
	})
}

// The interface's hardware address is known without asking the kernel, which would
// hold up all leases: on whatever thread, also one to whom the interface is unknown.
// It follows what becomes of the interface.
func TestHostIsKnown(t *testing.T) {
	inside(t, func(ns *namespace) {
		_, d := ns.leasing(t, io.Discard, "10.9.0.0/24")
		type answer struct {
			host [6]byte
			err  error
		}
		asked := func() answer {
			said := make(chan answer)
			go func() { // in no namespace of ours
				host, err := d.Host()
				said <- answer{host, err}
			}()
			return <-said
		}
		is := func(host [6]byte) func() bool { return func() bool { return asked() == answer{host, nil} } }
		ip(t, "link set eth0 address 02:00:00:00:00:01")
		eventually(t, "it is the address that it got", is([6]byte{2, 0, 0, 0, 0, 1}))
		ip(t, "link del eth0")
		eventually(t, "it is gone", func() bool { return asked().err != nil })
		ethernet(t, "eth0", "2.1.1.61/24")
		ip(t, "link set eth0 address 02:00:00:00:00:02")
		eventually(t, "it is that of another interface", is([6]byte{2, 0, 0, 0, 0, 2}))
	})
}
