package tun

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"

	"carrier/pns/internal/dhcp"
)

// fits tells whether a caller can have an address: hosts of the LAN look for it on
// their cable, and it is neither this host's nor a PAC's nor a router's, nor routed
// elsewhere.
func (l *LAN) fits(a netip.Addr) error {
	if slices.Contains(l.o.Peers, netip.PrefixFrom(a, a.BitLen())) {
		return fmt.Errorf("%w: %v is the address of a PAC (pac.from), so the tunnel would lead into itself", dhcp.ErrUnfit, a)
	}
	links, err := whole(l.netlink.LinkList)
	if err != nil {
		return fmt.Errorf("the interfaces cannot be listed: %w", err)
	}
	names := make(map[int]string)
	for _, i := range links {
		names[i.Attrs().Index] = i.Attrs().Name
	}
	if err := l.fitsAddresses(a, names); err != nil {
		return err
	}
	return l.fitsRoutes(a, names, l.ours(links))
}

func (l *LAN) fitsAddresses(a netip.Addr, names map[int]string) error {
	list, err := whole(func() ([]netlink.Addr, error) { return l.netlink.AddrList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return fmt.Errorf("the addresses of this host cannot be listed: %w", err)
	}
	var there cable
	for _, own := range list {
		name := names[own.LinkIndex]
		if addr(own.IP) == a {
			return fmt.Errorf("%w: %v is this host's own address on %s", dhcp.ErrUnfit, a, name)
		}
		if slices.Contains(l.o.ProxyARP, name) {
			there.subnets = append(there.subnets, prefix(own.IPNet))
		}
	}
	switch on := strings.Join(l.o.ProxyARP, " and "); {
	case len(there.subnets) == 0: // which may come back
		return fmt.Errorf("interface %s has no address, so callers cannot be found there", on)
	case !there.has(a):
		return fmt.Errorf("%w: %v is in no network on %s", dhcp.ErrUnfit, a, on)
	}
	return nil
}

func (l *LAN) fitsRoutes(a netip.Addr, names map[int]string, ours int) error {
	list, err := whole(func() ([]netlink.Route, error) { return l.netlink.RouteList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return fmt.Errorf("the routes of this host cannot be listed: %w", err)
	}
	for _, r := range list {
		switch {
		case slices.Contains(gateways(r), a):
			return fmt.Errorf("%w: %v is the gateway of the route to %s", dhcp.ErrUnfit, a, destination(r))
		case r.LinkIndex != ours && prefix(r.Dst) == netip.PrefixFrom(a, a.BitLen()):
			return fmt.Errorf("%w: there is a route to %v%s", dhcp.ErrUnfit, a, way(r, names))
		}
	}
	return nil
}
