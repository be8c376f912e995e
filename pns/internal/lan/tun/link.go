package tun

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// setUp gives our interface, which has an index whatever it is called, its MTU,
// its address and its routes, and puts it up. Called again it changes what is
// missing only.
func (l *LAN) setUp(index int) error {
	link, err := l.netlink.LinkByIndex(index)
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
	for _, a := range l.owned() {
		if err := l.netlink.AddrReplace(link, host(a)); err != nil {
			return fmt.Errorf("interface %s: address %v: %w", l.o.Name, a, err)
		}
	}
	if err := l.netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("interface %s: up: %w", l.o.Name, err)
	}
	for _, p := range l.leading() {
		if err := l.netlink.RouteReplace(l.route(index, p)); err != nil {
			return fmt.Errorf("interface %s: route to %v: %w", l.o.Name, p, err)
		}
	}
	return nil
}

// route leads to callers. IPv6 has no scopes, and no address of ours.
func (l *LAN) route(index int, p netip.Prefix) *netlink.Route {
	r := &netlink.Route{LinkIndex: index, Dst: ipNet(p)}
	if p.Addr().Is4() {
		r.Scope, r.Src = netlink.SCOPE_LINK, l.o.Local.AsSlice()
	}
	return r
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
