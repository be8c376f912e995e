package tun

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Own has this host have an address of IPv4, which a server that it calls has given
// it, until release: what comes for it is for this host, and does not go back to where
// it came from. It must be one that is routed to our interface, so that no server takes
// an address from somebody else.
func (l *LAN) Own(a netip.Addr) (release func(), err error) {
	if !a.Is4() || !l.routed(netip.PrefixFrom(a, 32)) && !l.leadsHere(a) {
		return nil, fmt.Errorf("address %v is not routed to interface %s", a, l.o.Name)
	}
	l.changing.Lock()
	defer l.changing.Unlock()
	l.give(a, 1)
	if err := l.address(a, l.netlink.AddrReplace); err != nil {
		l.give(a, -1)
		return nil, err
	}
	return sync.OnceFunc(func() {
		l.changing.Lock()
		defer l.changing.Unlock()
		if l.give(a, -1) > 0 {
			return
		}
		if err := l.address(a, l.netlink.AddrDel); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			l.o.Log.Warn("an address that a server gave is left", "error", err)
		}
	}), nil
}

// address does something with an address of our interface, if that is there.
func (l *LAN) address(a netip.Addr, do func(netlink.Link, *netlink.Addr) error) error {
	link, err := l.netlink.LinkByIndex(l.out.own())
	if err != nil { // it gets its addresses when it is made anew
		return nil
	}
	if err := do(link, host(a)); err != nil {
		return fmt.Errorf("interface %s: address %v: %w", l.o.Name, a, err)
	}
	return nil
}

// host is an address as netlink has it, of a host alone.
func host(a netip.Addr) *netlink.Addr {
	return &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(a, 32)), Scope: unix.RT_SCOPE_LINK}
}

// give notes that an address is given once more, or once less, and returns how often it
// is now.
func (l *LAN) give(a netip.Addr, n int) int {
	l.routing.Lock()
	defer l.routing.Unlock()
	if l.given[a] += n; l.given[a] == 0 {
		delete(l.given, a)
	}
	return l.given[a]
}

// owned are the addresses that servers gave.
func (l *LAN) owned() []netip.Addr {
	l.routing.Lock()
	defer l.routing.Unlock()
	return slices.Collect(maps.Keys(l.given))
}
