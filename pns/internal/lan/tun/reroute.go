package tun

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
)

// Reroute routes other addresses to the interface: those of callers from now
// on. Those who are attached keep working only if theirs are among them. What
// goes wrong is tried again when the interface comes up.
func (l *LAN) Reroute(callers []netip.Prefix) error {
	l.routing.Lock()
	before := l.o.Routes
	l.o.Routes = slices.Clone(callers)
	l.routing.Unlock()
	if err := l.setUp(); err != nil {
		return err
	}
	link, err := l.netlink.LinkByName(l.o.Name)
	if err != nil {
		return fmt.Errorf("interface %s: %w", l.o.Name, err)
	}
	for _, p := range before {
		if slices.Contains(callers, p) {
			continue
		}
		if err := l.netlink.RouteDel(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(p), Scope: netlink.SCOPE_LINK}); err != nil {
			return fmt.Errorf("interface %s: route to %v: %w", l.o.Name, p, err)
		}
	}
	if l.hidden != nil {
		return l.hidden.use(callers)
	}
	return nil
}

// routes are the addresses that are routed to the interface.
func (l *LAN) routes() []netip.Prefix {
	l.routing.Lock()
	defer l.routing.Unlock()
	return l.o.Routes
}
