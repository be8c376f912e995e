package tun

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// Route has an address lead to callers, which the LAN's DHCP server gave; nobody
// else may have had it routed so. The error matches dhcp.ErrUnfit where no caller can
// have it, and leaves nothing.
func (d *DHCP) Route(a netip.Addr) error { return d.lan.lead(a) }

// Unroute ends that.
func (d *DHCP) Unroute(a netip.Addr) {
	if err := d.lan.abandon(a); err != nil {
		d.lan.o.Log.Warn("the route to an address that was given back is left", "address", a, "error", err)
	}
}

// lead has one more address lead to callers.
func (l *LAN) lead(a netip.Addr) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	if err := l.fits(a); err != nil {
		return err
	}
	l.lease(a, true)
	if err := l.add(a); err != nil {
		return errors.Join(err, l.remove(a))
	}
	return nil
}

// add routes an address that is leased now.
func (l *LAN) add(a netip.Addr) error {
	p := netip.PrefixFrom(a, a.BitLen())
	if own := l.out.own(); own != 0 { // else it gets this when it is made anew
		if err := l.netlink.RouteReplace(l.route(own, p)); err != nil {
			return fmt.Errorf("interface %s: route to %v: %w", l.o.Name, p, err)
		}
	}
	if l.hidden != nil {
		return l.hidden.use(of4(l.routes()))
	}
	return nil
}

// abandon has an address lead to callers no more.
func (l *LAN) abandon(a netip.Addr) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.remove(a)
}

// remove takes away the route to an address, unless Reroute wants that too.
func (l *LAN) remove(a netip.Addr) error {
	l.lease(a, false)
	p, now := netip.PrefixFrom(a, a.BitLen()), l.routes()
	if own := l.out.own(); own != 0 && !slices.Contains(now, p) {
		if err := l.unroute(own, p); err != nil {
			return err
		}
	}
	if l.hidden != nil {
		return l.hidden.use(of4(now))
	}
	return nil
}

// lease notes that an address is leased, or is no more.
func (l *LAN) lease(a netip.Addr, on bool) {
	l.routing.Lock()
	defer l.routing.Unlock()
	if on {
		l.leased[a] = true
	} else {
		delete(l.leased, a)
	}
}
