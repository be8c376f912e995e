package tun

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Check says everything that would keep New from making the network, and
// changes nothing. Where it runs already, in another process, its interface is
// let be, and what New set is looked at.
func Check(o Options, runs bool) error {
	return examine(o, func(l *LAN) error {
		if runs {
			if i, err := l.made(); err == nil && i != nil && i.Type() == tunType {
				l.out.link = i.Attrs().Index
			}
		}
		wrong := []error{l.check(), l.checkLocal(), l.examineLAN()}
		if runs {
			return errors.Join(append(wrong, l.examineForwarding())...)
		}
		d, err := create(o.Name)
		if err != nil {
			return errors.Join(append(wrong, err)...)
		}
		defer d.Close()
		if !o.Forward { // else New sets it
			wrong = append(wrong, l.forwarding())
		}
		return errors.Join(wrong...)
	})
}

// Examine says what is missing of the network that another process made by the
// same Options, and what to do. It changes nothing.
func Examine(o Options) error {
	return examine(o, func(l *LAN) error {
		return errors.Join(l.examineInterface(), l.examineMasquerade())
	})
}

func examine(o Options, look func(*LAN) error) error {
	o.defaults()
	l := &LAN{o: o, stats: o.Stats}
	var err error
	if l.netlink, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return fmt.Errorf("netlink: %w", err)
	}
	defer l.netlink.Close()
	return look(l)
}

// reload is what makes Reroute put back what is not there.
const reload = "`systemctl reload pns` or `pns reload` puts it back, and calls go on"

// examineInterface looks for what setUp made.
func (l *LAN) examineInterface() error {
	link, err := l.made()
	switch {
	case err != nil:
		return err
	case link == nil:
		return fmt.Errorf("there is no interface %s, so callers reach nothing: pns makes it anew within a second, or its log says why it cannot", l.o.Name)
	case link.Type() != tunType:
		return fmt.Errorf("interface %s is another program's, so callers reach nothing: remove or rename it, and pns makes its own within a second", l.o.Name)
	case link.Attrs().Name != l.o.Name:
		return fmt.Errorf("interface %s is called %s now: filters that name it do not see callers: run ip link set %[2]s name %[1]s, once no other has that name", l.o.Name, link.Attrs().Name)
	case link.Attrs().Flags&net.FlagUp == 0:
		return fmt.Errorf("interface %s is down, so callers reach nothing: run ip link set %[1]s up, and pns routes to it again", l.o.Name)
	}
	local, missing, err := l.lacks(link)
	if err != nil {
		return err
	}
	var wrong []error
	if local {
		wrong = append(wrong, fmt.Errorf("interface %s has not its address %v any more: "+reload, l.o.Name, l.o.Local))
	}
	if len(missing) > 0 {
		wrong = append(wrong, fmt.Errorf("the callers' addresses %v are not routed to interface %s any more: "+reload, span(missing), l.o.Name))
	}
	return errors.Join(wrong...)
}

const tunType = "tuntap"

// made is the interface that another process made: the TUN with our own address,
// whatever it is called, else what has its name; nil: there is none.
func (l *LAN) made() (netlink.Link, error) {
	links, err := whole(l.netlink.LinkList)
	if err != nil {
		return nil, fmt.Errorf("the interfaces cannot be listed: %w", err)
	}
	var named netlink.Link
	for _, i := range links {
		if i.Attrs().Name == l.o.Name {
			named = i
		}
		if i.Type() != tunType {
			continue
		}
		own, err := whole(func() ([]netlink.Addr, error) { return l.netlink.AddrList(i, netlink.FAMILY_V4) })
		if err == nil && slices.ContainsFunc(own, func(a netlink.Addr) bool { return addr(a.IP) == l.o.Local }) {
			return i, nil
		}
	}
	return named, nil
}

// examineLAN looks at the interfaces of the LAN. What is wrong there keeps pns
// from nothing: it waits for it to be mended.
func (l *LAN) examineLAN() error {
	var wrong []error
	for _, name := range l.o.ProxyARP {
		link, at, err := lookAt(l.netlink, name)
		if link == nil { // check tells of that
			continue
		}
		if err == nil {
			err = at.fault(name, l.o.Routes, l.o.Leased)
		}
		if err == nil {
			err = l.examineOwners(name, at)
		}
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// examineForwarding looks whether this host is still the router that it was
// when the network was made.
func (l *LAN) examineForwarding() error {
	for i, file := range l.switches() {
		on, err := switched(file)
		switch {
		case errors.Is(err, fs.ErrNotExist) && i > 0: // its interface is not there, which is told
		case err != nil:
			return err
		case !on:
			return fmt.Errorf("this host does not route between callers and the LAN any more: run sysctl -w %s=1 (and keep it in /etc/sysctl.d)", sysctl(file))
		}
	}
	return nil
}

// examineMasquerade looks for the table that hides callers.
func (l *LAN) examineMasquerade() error {
	if len(l.o.Masquerade) == 0 {
		return nil
	}
	links, err := whole(l.netlink.LinkList)
	if err != nil {
		return fmt.Errorf("the interfaces cannot be listed: %w", err)
	}
	wants := masquerade{known: indexes(links, l.o.Masquerade)}
	n, err := hiding(l.o.Name)
	switch {
	case err != nil:
		return err
	case n < len(of4(l.o.Routes))*(len(wants.sides(l.o.Masquerade))+len(wants.sides(l.o.closed()))):
		return fmt.Errorf("the nftables table ip %s is not there or not whole, so callers are not hidden behind this host's address, or not out of reach there: "+reload, tableOf(l.o.Name))
	}
	return nil
}
