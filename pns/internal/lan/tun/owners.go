package tun

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
)

// mostAsked is how many of callers' addresses the doctor asks an interface for:
// each is three frames to all of its hosts.
const mostAsked = 256

// askable are the addresses of callers that hosts on a cable could have, in their
// order, up to mostAsked; not our own, for which checkLocal asks.
func (l *LAN) askable(at cable) (all []netip.Addr) {
	for _, p := range of4(l.routes()) {
		for _, s := range at.subnets {
			if !p.Overlaps(s) {
				continue
			}
			both := p.Masked()
			if s.Bits() > p.Bits() {
				both = s
			}
			for a := both.Addr(); both.Contains(a) && len(all) < mostAsked; a = a.Next() {
				if a != l.o.Local && !slices.Contains(all, a) {
					all = append(all, a)
				}
			}
		}
	}
	return all
}

// examineOwners asks the hosts on an interface for the callers' addresses, and
// names those who have some. For callers who are online this host answers, and
// does not hear itself.
func (l *LAN) examineOwners(name string, at cable) error {
	routes, err := whole(func() ([]netlink.Route, error) { return l.netlink.RouteList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return fmt.Errorf("the routes of this host cannot be listed: %w", err)
	}
	asked := slices.DeleteFunc(l.askable(at), func(a netip.Addr) bool { // of a gateway checkRoutes tells
		return slices.ContainsFunc(routes, func(r netlink.Route) bool { return slices.Contains(gateways(r), a) })
	})
	owners, err := l.owners(name, asked)
	wrong := []error{err}
	for _, a := range asked {
		if owner := owners[a]; owner != "" {
			wrong = append(wrong, fmt.Errorf("%v is the address of a host on %s (%s), and among the callers': give that host another one, or take it from %s", a, name, owner, key(a)))
		}
	}
	return errors.Join(wrong...)
}

// owners asks an interface for addresses, all at once, and returns the hardware
// addresses of other hosts that have some.
func (l *LAN) owners(name string, asked []netip.Addr) (map[netip.Addr]string, error) {
	links, err := whole(l.netlink.LinkList)
	if err != nil {
		return nil, fmt.Errorf("the interfaces cannot be listed: %w", err)
	}
	port, err := openARP(name)
	if err != nil {
		return nil, err
	}
	heard := make(chan error, 1)
	go func() { heard <- port.read() }()
	var answers []<-chan string
	for _, a := range asked {
		answers = append(answers, port.probe(a))
	}
	owners := make(map[netip.Addr]string)
	for i, answer := range answers {
		owners[asked[i]] = <-answer
	}
	port.file.Close()
	<-heard
	for _, i := range links { // of which another one may be on the same cable
		ours := i.Attrs().HardwareAddr.String()
		maps.DeleteFunc(owners, func(_ netip.Addr, owner string) bool { return owner == ours })
	}
	return owners, nil
}
