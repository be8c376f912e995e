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
	if err := l.netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("interface %s: up: %w", l.o.Name, err)
	}
	for _, p := range l.routes() {
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

// follow puts back what the kernel takes away when an interface goes down or is
// removed, once it is there again: the routes to ours, the answers of ARP on
// those of the LAN.
func (l *LAN) follow() {
	var own owned
	links, addrs := l.links, l.addrs
	for links != nil || addrs != nil { // closed after done
		select {
		case u, ok := <-links:
			if !ok {
				links = nil
				continue
			}
			l.proxy.changed(u.Attrs().Index, u.Attrs().Name)
			if u.Attrs().Index == l.out.own() {
				l.followOwn(&own, u)
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

// An owned interface is ours, as it was said to be.
type owned struct {
	down  int    // the index of one that was put down
	named string // other than it should be
}

// followOwn puts the routes back, and lets an interface go that was moved to
// another namespace: it is made anew. One that was renamed works on.
func (l *LAN) followOwn(o *owned, u netlink.LinkUpdate) {
	index, log := u.Attrs().Index, l.o.Log.With("interface", l.o.Name)
	if u.Header.Type == unix.RTM_DELLINK {
		l.out.leave(index)
		return
	}
	if name := u.Attrs().Name; name != l.o.Name && name != o.named {
		log.Warn("the interface was renamed: callers stay on it", "name", name)
		o.named = name
	} else if name == l.o.Name {
		o.named = ""
	}
	if u.Change&unix.IFF_UP == 0 || u.Change == ^uint32(0) { // not put up or down, or just made
		return
	}
	if u.Attrs().Flags&net.FlagUp == 0 {
		log.Warn("the interface was put down: callers reach nothing")
		o.down = index
		return
	}
	if err := l.setUp(index); o.down == index || err != nil {
		log.Info("the interface was put up", "error", err)
	}
	o.down = 0
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
