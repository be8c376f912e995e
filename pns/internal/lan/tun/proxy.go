package tun

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A proxy answers ARP on the LAN for the callers that are there. The kernel
// does it: an entry for each caller makes it answer, as long as her address is
// routed to another interface. So an entry that a killed program left does no
// harm: the route went with the TUN.
type proxy struct {
	netlink *netlink.Handle
	ports   []*proxied
}

// A proxied interface is one of the LAN's.
type proxied struct {
	*arpPort
	index   int
	subnets []netip.Prefix
}

// newProxy opens the interfaces, and takes away what is left there for the
// callers' addresses.
func newProxy(h *netlink.Handle, interfaces []string, callers []netip.Prefix) (*proxy, error) {
	p := &proxy{netlink: h}
	for _, name := range interfaces {
		if err := p.add(name, callers); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

func (p *proxy) add(name string, callers []netip.Prefix) error {
	link, err := p.netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("interface %s: %w", name, err)
	}
	addrs, err := whole(func() ([]netlink.Addr, error) { return p.netlink.AddrList(link, netlink.FAMILY_V4) })
	if err != nil {
		return fmt.Errorf("interface %s: its addresses cannot be listed: %w", name, err)
	}
	port, err := openARP(name)
	if err != nil {
		return err
	}
	i := &proxied{arpPort: port, index: link.Attrs().Index}
	for _, a := range addrs {
		i.subnets = append(i.subnets, prefix(a.IPNet))
	}
	p.ports = append(p.ports, i)
	left, err := whole(func() ([]netlink.Neigh, error) { return p.netlink.NeighProxyList(i.index, netlink.FAMILY_V4) })
	if err != nil {
		return fmt.Errorf("interface %s: its proxy entries cannot be listed: %w", name, err)
	}
	for _, n := range left {
		for _, c := range callers {
			if c.Contains(addr(n.IP)) {
				p.netlink.NeighDel(&n)
			}
		}
	}
	return nil
}

// on is the interface in whose network an address lies; nil: none.
func (p *proxy) on(a netip.Addr) *proxied {
	for _, i := range p.ports {
		for _, s := range i.subnets {
			if s.Contains(a) {
				return i
			}
		}
	}
	return nil
}

// answer begins to answer for an address, and tells the LAN so.
func (p *proxy) answer(a netip.Addr) error {
	i := p.on(a)
	if i == nil {
		return nil
	}
	if err := p.netlink.NeighSet(i.entry(a)); err != nil {
		return fmt.Errorf("proxy ARP for %v on %s: %w", a, i.name, err)
	}
	return i.announce(a)
}

// forget stops answering. An interface that has gone took its entries along.
func (p *proxy) forget(a netip.Addr) {
	if i := p.on(a); i != nil {
		p.netlink.NeighDel(i.entry(a))
	}
}

func (i *proxied) entry(a netip.Addr) *netlink.Neigh {
	return &netlink.Neigh{LinkIndex: i.index, Family: netlink.FAMILY_V4, Flags: netlink.NTF_PROXY, State: unix.NUD_PERMANENT, IP: a.AsSlice()}
}

// read listens on all interfaces until they are closed.
func (p *proxy) read() error {
	errs := make([]error, len(p.ports))
	var reading sync.WaitGroup
	for n, i := range p.ports {
		reading.Go(func() {
			if err := i.read(); !errors.Is(err, os.ErrClosed) {
				errs[n] = fmt.Errorf("ARP on %s: %w", i.name, err)
			}
		})
	}
	reading.Wait()
	return errors.Join(errs...)
}

func (p *proxy) close() {
	for _, i := range p.ports {
		i.file.Close()
	}
}
