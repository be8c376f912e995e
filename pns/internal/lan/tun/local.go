package tun

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
)

// checkLocal tells who else has our own address towards callers. This host may
// have it on another interface too; anybody else would not be reached any more.
func (l *LAN) checkLocal() error {
	links, err := whole(l.netlink.LinkList)
	if err != nil {
		return fmt.Errorf("the interfaces cannot be listed: %w", err)
	}
	list, err := whole(func() ([]netlink.Addr, error) { return l.netlink.AddrList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return fmt.Errorf("the addresses of this host cannot be listed: %w", err)
	}
	routes, err := whole(func() ([]netlink.Route, error) { return l.netlink.RouteList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return fmt.Errorf("the routes of this host cannot be listed: %w", err)
	}
	names := make(map[int]string) // of others' interfaces
	ours := l.ours(links)
	for _, i := range links {
		if a := i.Attrs(); a.Index != ours {
			names[a.Index] = a.Name
		}
	}
	list = slices.DeleteFunc(list, func(a netlink.Addr) bool { return names[a.LinkIndex] == "" })
	if slices.ContainsFunc(list, func(a netlink.Addr) bool { return addr(a.IP) == l.o.Local }) {
		return nil
	}
	wrong := []error{l.checkPeers()}
	for _, r := range routes {
		if slices.Contains(gateways(r), l.o.Local) {
			return errors.Join(append(wrong, fmt.Errorf("lan.local: %v is the gateway of the route to %s, which would not be reached any more: take an address that nobody has", l.o.Local, destination(r)))...)
		}
	}
	for _, a := range list {
		if prefix(a.IPNet).Contains(l.o.Local) {
			wrong = append(wrong, l.checkNeighbours(names[a.LinkIndex]))
		}
	}
	return errors.Join(wrong...)
}

// checkPeers looks for the address among those of PACs.
func (l *LAN) checkPeers() error {
	if slices.Contains(l.o.Peers, netip.PrefixFrom(l.o.Local, l.o.Local.BitLen())) {
		return fmt.Errorf("lan.local: %v is the address of a PAC (pac.from), so the tunnel would lead into itself: take an address that nobody has", l.o.Local)
	}
	return nil
}

// checkNeighbours asks the hosts on an interface for the address, where ARP can
// be spoken.
func (l *LAN) checkNeighbours(name string) error {
	owners, err := l.owners(name, []netip.Addr{l.o.Local})
	if err != nil { // no Ethernet, or no right to ask, which proxy ARP needs and tells of
		return nil
	}
	if owner := owners[l.o.Local]; owner != "" {
		return fmt.Errorf("lan.local: %v is the address of a host on %s (%s), which would not be reached any more: take an address that nobody has", l.o.Local, name, owner)
	}
	return nil
}
