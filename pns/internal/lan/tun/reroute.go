package tun

import (
	"fmt"
	"net/netip"
	"slices"
)

// Reroute routes other addresses to the interface: those of callers from now
// on. Callers who are attached keep working only if theirs are among them.
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
		if err := l.move(own, before, callers); err != nil {
			return err
		}
	}
	if l.hidden != nil {
		return l.hidden.use(of4(callers))
	}
	return nil
}

// lead has one more address lead to callers, or with on false one less.
func (l *LAN) lead(p netip.Prefix, on bool) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	now, change := slices.Clone(l.routes()), l.netlink.RouteReplace
	if on {
		now = append(now, p)
	} else {
		now, change = slices.DeleteFunc(now, func(q netip.Prefix) bool { return q == p }), l.netlink.RouteDel
	}
	l.reroute(now)
	if own := l.out.own(); own != 0 { // else it gets these when it is made anew
		if err := change(l.route(own, p)); err != nil {
			return fmt.Errorf("interface %s: route to %v: %w", l.o.Name, p, err)
		}
	}
	if l.hidden != nil {
		return l.hidden.use(of4(now))
	}
	return nil
}

// move has our interface's routes be those to callers.
func (l *LAN) move(own int, before, callers []netip.Prefix) error {
	if err := l.setUp(own); err != nil {
		return err
	}
	for _, p := range before {
		if slices.Contains(callers, p) {
			continue
		}
		if err := l.netlink.RouteDel(l.route(own, p)); err != nil {
			return fmt.Errorf("interface %s: route to %v: %w", l.o.Name, p, err)
		}
	}
	return nil
}

// of4 are those networks that are IPv4's.
func of4(all []netip.Prefix) []netip.Prefix {
	return slices.DeleteFunc(slices.Clone(all), func(p netip.Prefix) bool { return !p.Addr().Is4() })
}

// six tells whether callers have networks of IPv6.
func (l *LAN) six() bool {
	return slices.ContainsFunc(l.routes(), func(p netip.Prefix) bool { return p.Addr().Is6() })
}

// reroute notes what is routed to the interface, and returns what was.
func (l *LAN) reroute(callers []netip.Prefix) (before []netip.Prefix) {
	l.routing.Lock()
	defer l.routing.Unlock()
	before = l.o.Routes
	l.o.Routes = slices.Clone(callers)
	return before
}

// routes are the addresses that are routed to the interface.
func (l *LAN) routes() []netip.Prefix {
	l.routing.Lock()
	defer l.routing.Unlock()
	return l.o.Routes
}
