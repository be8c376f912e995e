package tun

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// setUp gives the interface its MTU, its address and its routes, and puts it
// up. Called again it changes what is missing only.
func (l *LAN) setUp() error {
	link, err := l.netlink.LinkByName(l.o.Name)
	if err != nil {
		return fmt.Errorf("interface %s: %w", l.o.Name, err)
	}
	if err := l.netlink.LinkSetMTU(link, l.o.MTU); err != nil {
		return fmt.Errorf("interface %s: MTU %d: %w", l.o.Name, l.o.MTU, err)
	}
	own := &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(l.o.Local, 32)), Scope: unix.RT_SCOPE_LINK}
	if err := l.netlink.AddrReplace(link, own); err != nil {
		return fmt.Errorf("interface %s: address %v: %w", l.o.Name, l.o.Local, err)
	}
	if err := l.netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("interface %s: up: %w", l.o.Name, err)
	}
	for _, p := range l.routes() {
		if err := l.netlink.RouteReplace(l.route(link, p)); err != nil {
			return fmt.Errorf("interface %s: route to %v: %w", l.o.Name, p, err)
		}
	}
	return nil
}

// route leads to callers. IPv6 has no scopes, and no address of ours.
func (l *LAN) route(link netlink.Link, p netip.Prefix) *netlink.Route {
	r := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(p)}
	if p.Addr().Is4() {
		r.Scope, r.Src = netlink.SCOPE_LINK, l.o.Local.AsSlice()
	}
	return r
}

// follow puts back what the kernel takes away when an interface goes down or is
// removed, once it is there again: the routes to ours, the answers of ARP on
// those of the LAN.
func (l *LAN) follow() {
	up := true
	links, addrs := l.links, l.addrs
	for links != nil || addrs != nil { // closed after done
		select {
		case u, ok := <-links:
			if !ok {
				links = nil
				continue
			}
			l.proxy.changed(u.Attrs().Index, u.Attrs().Name)
			if u.Attrs().Name == l.o.Name {
				up = l.followOwn(up, u.Attrs().Flags&net.FlagUp != 0)
			}
		case u, ok := <-addrs:
			if !ok {
				addrs = nil
				continue
			}
			l.proxy.changed(u.LinkIndex, "")
		}
	}
}

// followOwn puts the routes back.
func (l *LAN) followOwn(was, up bool) bool {
	switch {
	case was && !up:
		l.o.Log.Warn("the interface was put down: callers reach nothing", "interface", l.o.Name)
	case up && !was:
		err := l.setUp()
		l.o.Log.Info("the interface was put up", "interface", l.o.Name, "error", err)
	}
	return up
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
