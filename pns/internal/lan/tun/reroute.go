package tun

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// Reroute routes other addresses to the interface: those of callers from now
// on, beside those that the LAN's DHCP server gave. Callers who are attached keep working only if theirs are among them.
// Where they clash with something of this host's that is the error, and nothing
// changes; another error may leave some of them not routed.
func (l *LAN) Reroute(callers []netip.Prefix) error {
	links, err := whole(l.netlink.LinkList)
	if err != nil {
		return fmt.Errorf("the interfaces cannot be listed: %w", err)
	}
	l.changing.Lock()
	defer l.changing.Unlock()
	before := l.reroute(callers)
	if err := l.checkClashes(links); err != nil { // one of the LAN's that has gone may come back
		l.reroute(before)
		return err
	}
	if own := l.out.own(); own != 0 { // else it gets these when it is made anew
		if err := l.move(own, before); err != nil {
			return err
		}
	}
	if l.hidden != nil {
		return l.hidden.use(of4(l.routes()))
	}
	return nil
}

// move has our interface's routes be those to callers, and no more those of before.
func (l *LAN) move(own int, before []netip.Prefix) error {
	if err := l.setUp(own); err != nil {
		return err
	}
	now := l.routes()
	for _, p := range before {
		if slices.Contains(now, p) {
			continue
		}
		if err := l.unroute(own, p); err != nil {
			return err
		}
	}
	return nil
}

// unroute takes away a route to callers, if it is still there.
func (l *LAN) unroute(own int, p netip.Prefix) error {
	if err := l.netlink.RouteDel(l.route(own, p)); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("interface %s: route to %v: %w", l.o.Name, p, err)
	}
	return nil
}

// of4 are those networks that are IPv4's.
func of4(all []netip.Prefix) []netip.Prefix {
	return slices.DeleteFunc(slices.Clone(all), func(p netip.Prefix) bool { return !p.Addr().Is4() })
}

// six tells whether callers have networks of IPv6.
func (l *LAN) six() bool {
	return l.o.Rest6 || slices.ContainsFunc(l.routes(), func(p netip.Prefix) bool { return p.Addr().Is6() })
}

// reroute notes what is routed to the interface, beside what is leased, and returns
// what was.
func (l *LAN) reroute(callers []netip.Prefix) (before []netip.Prefix) {
	l.routing.Lock()
	defer l.routing.Unlock()
	before = l.o.Routes
	l.o.Routes = slices.Clone(callers)
	return before
}

// routes are the addresses that are routed to the interface, each once.
func (l *LAN) routes() []netip.Prefix {
	l.routing.Lock()
	defer l.routing.Unlock()
	all := slices.Clip(l.o.Routes)
	for a := range l.leased {
		if p := netip.PrefixFrom(a, a.BitLen()); !slices.Contains(l.o.Routes, p) {
			all = append(all, p)
		}
	}
	return all
}
