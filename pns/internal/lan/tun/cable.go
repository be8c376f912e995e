package tun

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A cable is what an interface of the LAN is like: it may go, come back as
// another one, and get its address late.
type cable struct {
	index   int    // 0: there is none
	admin   bool   // it is put up
	up      bool   // and has a carrier
	host    string // its hardware address
	subnets []netip.Prefix
}

// lookAt looks at the interface that has a name now.
func lookAt(h *netlink.Handle, name string) (netlink.Link, cable, error) {
	link, err := h.LinkByName(name)
	switch {
	case errors.As(err, new(netlink.LinkNotFoundError)):
		return nil, cable{}, noInterface(name)
	case err != nil:
		return nil, cable{}, fmt.Errorf("interface %s: %w", name, err)
	}
	a := link.Attrs()
	c := cable{index: a.Index, host: a.HardwareAddr.String(), admin: a.RawFlags&unix.IFF_UP != 0}
	c.up = c.admin && a.RawFlags&unix.IFF_RUNNING != 0
	addrs, err := whole(func() ([]netlink.Addr, error) { return h.AddrList(link, netlink.FAMILY_V4) })
	if err != nil {
		return link, c, fmt.Errorf("interface %s: its addresses cannot be listed: %w", name, err)
	}
	for _, own := range addrs {
		c.subnets = append(c.subnets, prefix(own.IPNet))
	}
	return link, c, nil
}

func noInterface(name string) error {
	return fmt.Errorf("there is no interface %s: make it, or name one that `ip link` lists in lan.tun.proxy_arp, lan.tun.masquerade and lan.relay", name)
}

// has tells whether an address is in a network of the interface's.
func (c cable) has(a netip.Addr) bool {
	return slices.ContainsFunc(c.subnets, func(s netip.Prefix) bool { return s.Contains(a) })
}

// fault says why no caller can be found there, and what to do.
func (c cable) fault(name string, callers []netip.Prefix, leased bool) error {
	switch {
	case !c.admin:
		return fmt.Errorf("interface %s is down, so callers reach nothing there: run ip link set %[1]s up", name)
	case !c.up:
		return fmt.Errorf("interface %s has no carrier, so callers reach nothing there: look at its cable", name)
	}
	if leased && len(c.subnets) > 0 {
		return nil
	}
	for _, p := range callers {
		if slices.ContainsFunc(c.subnets, p.Overlaps) {
			return nil
		}
	}
	return fmt.Errorf("interface %s has no address in a network of callers' addresses, so ARP is not answered for them there: give it one, or take it from lan.tun.proxy_arp", name)
}
