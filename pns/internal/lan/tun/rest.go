package tun

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"carrier/pns/internal/lan"
)

// delegateRest sends r what no other route of this host leads anywhere, until detach. The
// host's own way out stays as it is, and comes back by itself when ours ends, even by a
// kill: the interface goes then.
func (l *LAN) delegateRest(rest netip.Prefix, mtu int, r lan.Receiver) (detach func(), err error) {
	forget, err := l.table.Delegate(rest, mtu, r)
	if err != nil {
		return nil, err
	}
	l.changing.Lock()
	defer l.changing.Unlock()
	if err := l.leadRest(rest); err != nil {
		forget()
		return nil, err
	}
	return sync.OnceFunc(func() {
		l.changing.Lock()
		defer l.changing.Unlock()
		if err := l.abandonRest(rest); err != nil {
			l.o.Log.Warn("a route to everywhere is left", "error", err)
		}
		forget()
	}), nil
}

// halves are two networks that are all of a family together: routes to them come before
// one to the whole, whatever metric that has.
func halves(rest netip.Prefix) [2]netip.Prefix {
	first, second := rest.Addr().AsSlice(), rest.Addr().AsSlice()
	second[0] = 0x80
	a, _ := netip.AddrFromSlice(first)
	b, _ := netip.AddrFromSlice(second)
	return [2]netip.Prefix{netip.PrefixFrom(a, 1), netip.PrefixFrom(b, 1)}
}

// leadRest routes all of a family to our interface. The error leaves nothing.
func (l *LAN) leadRest(rest netip.Prefix) error {
	l.noteRest(rest, true)
	own := l.out.own()
	if own == 0 { // it gets these when it is made anew
		return nil
	}
	for _, p := range halves(rest) {
		if err := l.netlink.RouteAdd(l.route(own, p)); err != nil {
			if errors.Is(err, unix.EEXIST) {
				err = errors.New("somebody has one already")
			}
			return errors.Join(fmt.Errorf("interface %s: route to %v: %w", l.o.Name, p, err), l.abandonRest(rest))
		}
	}
	return nil
}

func (l *LAN) abandonRest(rest netip.Prefix) (err error) {
	l.noteRest(rest, false)
	if own := l.out.own(); own != 0 {
		for _, p := range halves(rest) {
			err = errors.Join(err, l.unroute(own, p))
		}
	}
	return err
}

func (l *LAN) noteRest(rest netip.Prefix, on bool) {
	l.routing.Lock()
	defer l.routing.Unlock()
	if l.rest = slices.DeleteFunc(l.rest, func(p netip.Prefix) bool { return p == rest }); on {
		l.rest = append(l.rest, rest)
	}
}

// leading are all networks that our interface has a route to.
func (l *LAN) leading() []netip.Prefix {
	all := l.routes()
	l.routing.Lock()
	defer l.routing.Unlock()
	for _, rest := range l.rest {
		h := halves(rest)
		all = append(all, h[:]...)
	}
	return all
}

// leadsHere tells whether what is sent to an address goes to our interface.
func (l *LAN) leadsHere(a netip.Addr) bool {
	routes, err := l.netlink.RouteGet(a.AsSlice())
	return err == nil && len(routes) > 0 && routes[0].LinkIndex == l.out.own()
}

// Pin keeps the way to the server of a tunnel as it is now, until release, whatever is
// routed into that tunnel meanwhile: else it would lead into itself.
func (l *LAN) Pin(server netip.Addr) (release func(), err error) {
	l.changing.Lock()
	defer l.changing.Unlock()
	if l.pinned[server] == 0 {
		if err := l.pin(server); err != nil {
			return nil, err
		}
	}
	l.pinned[server]++
	return sync.OnceFunc(func() {
		l.changing.Lock()
		defer l.changing.Unlock()
		if l.pinned[server]--; l.pinned[server] > 0 {
			return
		}
		delete(l.pinned, server)
		if err := l.unpin(server); err != nil {
			l.o.Log.Warn("the route to a server is left", "server", server, "error", err)
		}
	}), nil
}

func (l *LAN) pin(server netip.Addr) error {
	routes, err := l.netlink.RouteGet(server.AsSlice())
	if err != nil || len(routes) == 0 {
		return fmt.Errorf("this host knows no way to %v: %w", server, err)
	}
	way := routes[0]
	if way.Type == unix.RTN_LOCAL { // nothing leads away from there
		return nil
	}
	r := l.pinOf(server)
	r.LinkIndex, r.Gw, r.Src = way.LinkIndex, way.Gw, way.Src
	if way.Gw == nil {
		r.Scope = netlink.SCOPE_LINK
	}
	if err := l.netlink.RouteReplace(r); err != nil {
		return fmt.Errorf("the route to %v: %w", server, err)
	}
	return nil
}

// unpin takes away the route to a server, if it is still there: its interface may have
// gone down.
func (l *LAN) unpin(server netip.Addr) error {
	if err := l.netlink.RouteDel(l.pinOf(server)); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// pinOf is a route to a server alone. By its protocol and its metric it is known as ours
// when a killed run has left it; that of another pns has another metric.
func (l *LAN) pinOf(server netip.Addr) *netlink.Route {
	return &netlink.Route{Dst: ipNet(netip.PrefixFrom(server, server.BitLen())), Protocol: mark, Priority: l.metric()}
}

// metric is one for the name of our interface.
func (l *LAN) metric() int {
	h := fnv.New32a()
	h.Write([]byte(l.o.Name))
	return int(h.Sum32()>>1 | 1)
}

// unpinAll takes away the routes to servers when we end.
func (l *LAN) unpinAll() (err error) {
	l.changing.Lock()
	defer l.changing.Unlock()
	for _, server := range slices.Collect(maps.Keys(l.pinned)) {
		err = errors.Join(err, l.unpin(server))
	}
	clear(l.pinned)
	return err
}

// sweepPins takes away the routes to servers that a killed run left.
func (l *LAN) sweepPins() error {
	left, err := whole(func() ([]netlink.Route, error) {
		return l.netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Protocol: mark}, netlink.RT_FILTER_PROTOCOL)
	})
	if err != nil {
		return fmt.Errorf("the routes of this host cannot be listed: %w", err)
	}
	gone := 0
	for _, r := range left {
		if r.Priority != l.metric() {
			continue
		}
		if err := l.netlink.RouteDel(&r); err != nil {
			return fmt.Errorf("the route to %v, which an earlier run left, cannot be taken away: %w", r.Dst, err)
		}
		gone++
	}
	if gone > 0 {
		l.o.Log.Info("routes to servers that an earlier run left are taken away", "routes", gone)
	}
	return nil
}
