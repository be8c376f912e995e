package tun

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// check tells everything about this host that would keep callers from the LAN,
// or somebody else from this host, once their addresses are routed to them.
func (l *LAN) check() error {
	links, err := whole(l.netlink.LinkList)
	if err != nil {
		return fmt.Errorf("the interfaces cannot be listed: %w", err)
	}
	var wrong []error
	for _, name := range slices.Concat(l.o.ProxyARP, l.o.Masquerade) {
		if !slices.ContainsFunc(links, func(i netlink.Link) bool { return i.Attrs().Name == name }) {
			wrong = append(wrong, noInterface(name))
		}
	}
	return errors.Join(append(wrong, l.checkClashes(links))...)
}

// checkClashes tells who else has the callers' addresses.
func (l *LAN) checkClashes(links []netlink.Link) error {
	names := make(map[int]string)
	for _, i := range links {
		names[i.Attrs().Index] = i.Attrs().Name
	}
	own := l.ours(links)
	var wrong []error
	for _, family := range l.families() {
		wrong = append(wrong, l.checkAddresses(family, names, own), l.checkRoutes(family, names, own))
	}
	return errors.Join(wrong...)
}

// ours is the index of our own interface; -1: there is none. Where there is none
// now, somebody's who has its name is let be: to make ours tells of that.
func (l *LAN) ours(links []netlink.Link) int {
	if own := l.out.own(); own != 0 {
		return own
	}
	for _, i := range links {
		if i.Attrs().Name == l.o.Name {
			return i.Attrs().Index
		}
	}
	return -1
}

// families are those of callers' addresses.
func (l *LAN) families() []int {
	if l.six() {
		return []int{netlink.FAMILY_V4, netlink.FAMILY_V6}
	}
	return []int{netlink.FAMILY_V4}
}

// key is where callers get such an address from.
func key(a netip.Addr) string {
	if a.Is4() {
		return "lan.addresses"
	}
	return "lan.ipv6"
}

// checkAddresses compares the callers' addresses with those of this host and
// with the networks it is on.
func (l *LAN) checkAddresses(family int, names map[int]string, ours int) error {
	list, err := whole(func() ([]netlink.Addr, error) { return l.netlink.AddrList(nil, family) })
	if err != nil {
		return fmt.Errorf("the addresses of this host cannot be listed: %w", err)
	}
	var wrong []error
	for _, a := range list {
		name := names[a.LinkIndex]
		own, subnet := addr(a.IP), prefix(a.IPNet)
		if a.LinkIndex == ours {
			continue
		}
		if p := l.callers(netip.PrefixFrom(own, own.BitLen())); p != nil {
			wrong = append(wrong, fmt.Errorf("%v is this host's own address on %s, and among the callers' (%v): take it from %s", own, name, span(p), key(own)))
		} else if p := l.callers(subnet); p != nil && own.Is6() {
			wrong = append(wrong, fmt.Errorf("the callers' networks %v overlap %v, the network on %s: take it from lan.ipv6", span(p), subnet, name))
		} else if p := l.callers(subnet); p != nil && !slices.Contains(l.o.ProxyARP, name) {
			wrong = append(wrong, fmt.Errorf("the callers' addresses %v overlap %v, the network on %s, whose hosts would look for callers there: set lan.tun.proxy_arp = [%q], or give callers other addresses", span(p), subnet, name, name))
		}
	}
	return errors.Join(wrong...)
}

// checkRoutes looks for routes that would have the callers' packets, and for
// gateways among the callers' addresses.
func (l *LAN) checkRoutes(family int, names map[int]string, ours int) error {
	list, err := whole(func() ([]netlink.Route, error) { return l.netlink.RouteList(nil, family) })
	if err != nil {
		return fmt.Errorf("the routes of this host cannot be listed: %w", err)
	}
	var wrong []error
	for _, r := range list {
		if r.LinkIndex == ours {
			continue
		}
		for _, gateway := range gateways(r) {
			if l.callers(netip.PrefixFrom(gateway, gateway.BitLen())) != nil {
				wrong = append(wrong, fmt.Errorf("%v, the gateway of the route to %s, is among the callers' addresses: take it from %s", gateway, destination(r), key(gateway)))
			}
		}
		to := prefix(r.Dst)
		if to.Bits() <= 0 || r.Protocol == unix.RTPROT_KERNEL { // everywhere, or a network that this host is on
			continue
		}
		if p := l.callers(to); slices.ContainsFunc(p, func(p netip.Prefix) bool { return p.Bits() <= to.Bits() }) {
			wrong = append(wrong, fmt.Errorf("the callers' addresses %v overlap the route to %v%s: take them from %s, or remove the route", span(p), to, way(r, names), key(p[0].Addr())))
		}
	}
	return errors.Join(wrong...)
}

// nowhere are the kinds of routes that lead to no interface, as ip(8) calls them.
var nowhere = map[int]string{unix.RTN_BLACKHOLE: "blackhole", unix.RTN_UNREACHABLE: "unreachable", unix.RTN_PROHIBIT: "prohibit"}

// way says where a route leads.
func way(r netlink.Route, names map[int]string) string {
	if kind := nowhere[r.Type]; kind != "" {
		return " (" + kind + ")"
	}
	over := []string{names[r.LinkIndex]}
	if len(r.MultiPath) > 0 {
		over = nil
	}
	for _, hop := range r.MultiPath {
		over = append(over, names[hop.LinkIndex])
	}
	return " over " + strings.Join(over, " and ")
}

// gateways are those of a route, which may have several ways.
func gateways(r netlink.Route) (all []netip.Addr) {
	ways := []net.IP{r.Gw}
	for _, way := range r.MultiPath {
		ways = append(ways, way.Gw)
	}
	for _, ip := range ways {
		if a := addr(ip); a.IsValid() {
			all = append(all, a)
		}
	}
	return all
}

// callers are the networks of callers that have an address of p's.
func (l *LAN) callers(p netip.Prefix) (all []netip.Prefix) {
	for _, c := range l.routes() {
		if c.Overlaps(p) {
			all = append(all, c)
		}
	}
	return all
}

// listTries bounds how often a list that changes all the time is read.
const listTries = 50

// whole reads a list of the kernel's until nothing of it changed meanwhile.
func whole[T any](list func() ([]T, error)) (all []T, err error) {
	for range listTries {
		if all, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return all, err
}

// span shows networks, which are in their order, in few words.
func span(networks []netip.Prefix) string {
	first, last := networks[0], networks[len(networks)-1]
	if first == last {
		return first.String()
	}
	return first.String() + " to " + last.String()
}

func destination(r netlink.Route) string {
	if to := prefix(r.Dst); to.Bits() > 0 {
		return to.String()
	}
	return "everywhere"
}

// addr is an address of netlink's; invalid when there is none.
func addr(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}

// prefix is a network of netlink's, without what is behind its mask.
func prefix(n *net.IPNet) netip.Prefix {
	if n == nil {
		return netip.Prefix{}
	}
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(addr(n.IP), bits).Masked()
}

// forwarding makes sure that the kernel is a router on every interface that is
// named, and on all others by default: it sets this where it may, else it
// checks.
func (l *LAN) forwarding() error {
	for i, file := range l.switches() {
		on, err := switched(file)
		switch {
		case errors.Is(err, fs.ErrNotExist) && i > 0: // its interface is not there, which is told
			continue
		case err != nil:
			return err
		case on:
			continue
		}
		if !l.o.Forward {
			return fmt.Errorf("this host does not route between callers and the LAN: run sysctl -w %s=1 (and keep it in /etc/sysctl.d), or set lan.tun.forwarding = true", sysctl(file))
		}
		if err := os.WriteFile(file, []byte("1"), 0); err != nil {
			return fmt.Errorf("lan.tun.forwarding: %s cannot be set (%w): run sysctl -w %[1]s=1 beforehand, and keep it in /etc/sysctl.d", sysctl(file), err)
		}
		l.o.Log.Info("this host routes now", "sysctl", sysctl(file))
	}
	return nil
}

const switchboard = "/proc/sys/"

// switches are the kernel's files that must not say 0. The first sets all of
// IPv4's.
func (l *LAN) switches() []string {
	files := []string{switchboard + "net/ipv4/ip_forward"}
	for _, name := range slices.Concat([]string{l.o.Name}, l.o.ProxyARP, l.o.Masquerade) {
		files = append(files, switchboard+"net/ipv4/conf/"+name+"/forwarding")
	}
	if l.six() {
		files = append(files, switchboard+"net/ipv6/conf/all/forwarding")
	}
	return files
}

func switched(file string) (on bool, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return false, fmt.Errorf("whether this host routes cannot be read: %w", err)
	}
	return strings.TrimSpace(string(b)) != "0", nil
}

// sysctl is what sysctl(8) calls a switch.
func sysctl(file string) string {
	return strings.NewReplacer("/", ".", ".", "/").Replace(strings.TrimPrefix(file, switchboard)) // eth0.7 is eth0/7 there
}
