package tun

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// lose notes that our interface lost an address or a route. What it lacks is seen
// a while later: `ip route flush` asks again and again until nothing is left, and
// is let finish.
func (o *owned) lose() {
	if o.look.IsZero() {
		o.look = time.Now().Add(again)
	}
}

// due tells whether it is time to look.
func (o *owned) due() bool { return !o.look.IsZero() && !time.Now().Before(o.look) }

// patience is how long to wait for the kernel's next message; 0: for ever.
func (o *owned) patience() *unix.Timeval {
	var wait unix.Timeval
	if !o.look.IsZero() {
		wait = unix.NsecToTimeval(max(time.Until(o.look), time.Millisecond).Nanoseconds())
	}
	return &wait
}

// repair puts back what somebody took away of our interface's address and routes.
// One that is down gets them when it is put up, one that is gone when it is made.
func (l *LAN) repair(o *owned) {
	o.look = time.Time{}
	l.changing.Lock() // what Reroute and lead are about to make is not missed
	defer l.changing.Unlock()
	link, err := l.netlink.LinkByIndex(l.out.own())
	if err != nil || link.Attrs().Flags&net.FlagUp == 0 {
		return
	}
	log := l.o.Log.With("interface", l.o.Name)
	local, missing, err := l.lacks(link)
	if err == nil && !local && len(missing) == 0 {
		o.failed = ""
		return
	}
	if err == nil {
		err = l.setUp(link.Attrs().Index)
	}
	switch {
	case err == nil:
		log.Warn("somebody took the interface's address or routes away: they are put back", "address", local, "routes", len(missing))
		o.failed = ""
		return
	case err.Error() != o.failed:
		log.Error("the interface's address and routes cannot be put back: callers may reach nothing", "error", err)
		o.failed = err.Error()
	}
	o.lose() // tries again
}

// setUpAgain is setUp while Reroute and lead may run.
func (l *LAN) setUpAgain(index int) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.setUp(index)
}

// lacks tells what an interface has no more of what setUp gave it: our own
// address, the routes to callers.
func (l *LAN) lacks(link netlink.Link) (local bool, missing []netip.Prefix, err error) {
	own, err := whole(func() ([]netlink.Addr, error) { return l.netlink.AddrList(link, netlink.FAMILY_V4) })
	if err != nil {
		return false, nil, fmt.Errorf("the addresses of interface %s cannot be listed: %w", l.o.Name, err)
	}
	local = !slices.ContainsFunc(own, func(a netlink.Addr) bool { return addr(a.IP) == l.o.Local })
	var there []netlink.Route
	for _, family := range l.families() {
		some, err := whole(func() ([]netlink.Route, error) { return l.netlink.RouteList(link, family) })
		if err != nil {
			return false, nil, fmt.Errorf("the routes of interface %s cannot be listed: %w", l.o.Name, err)
		}
		there = append(there, some...)
	}
	missing = slices.DeleteFunc(slices.Clone(l.leading()), func(p netip.Prefix) bool {
		return slices.ContainsFunc(there, func(r netlink.Route) bool { return prefix(r.Dst) == p })
	})
	return local, missing, nil
}

// over is the index of the interface over which a route of the kernel's message
// leads; 0: none, or several.
func over(data []byte) int {
	if len(data) < unix.SizeofRtMsg {
		return 0
	}
	attributes, err := nl.ParseRouteAttr(data[unix.SizeofRtMsg:])
	if err != nil {
		return 0
	}
	for _, a := range attributes {
		if a.Attr.Type == unix.RTA_OIF && len(a.Value) == 4 {
			return int(nl.NativeEndian().Uint32(a.Value))
		}
	}
	return 0
}
