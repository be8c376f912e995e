package tun

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"slices"
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
	entries *entries
	log     *slog.Logger
	routes  func() []netip.Prefix // the callers' addresses
	leased  bool                  // more will come from the LAN

	mu     sync.Mutex
	ports  []*proxied
	online map[netip.Addr]bool // callers who are there
}

// A proxied interface is one of the LAN's.
type proxied struct {
	*arpPort
	at   cable
	said string // what was logged of it last
}

// newProxy takes away what an earlier run left, and opens the interfaces. own is the
// index of ours.
func newProxy(h *netlink.Handle, own int, interfaces []string, routes func() []netip.Prefix, leased bool, log *slog.Logger) (*proxy, error) {
	p := &proxy{netlink: h, log: log, routes: routes, leased: leased, online: make(map[netip.Addr]bool)}
	var err error
	if p.entries, err = openEntries(); err != nil {
		return nil, err
	}
	if err := p.sweep(own); err != nil {
		log.Warn("an earlier run may have left proxy entries", "error", err)
	}
	for _, name := range interfaces {
		port, err := openARP(name)
		if err != nil {
			p.close()
			return nil, err
		}
		i := &proxied{arpPort: port}
		p.ports = append(p.ports, i)
		p.look(i)
	}
	return p, nil
}

// on is the interface in whose network an address lies; nil: none.
func (p *proxy) on(a netip.Addr) *proxied {
	for _, i := range p.ports {
		if i.at.up && i.at.has(a) {
			return i
		}
	}
	return nil
}

// answer begins to answer for an address, and tells the LAN so, now or when the
// interface of its network is there.
func (p *proxy) answer(a netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.online[a] = true
	if i := p.on(a); i != nil {
		if err := p.put(i, a); err != nil {
			p.say(i, err)
		}
	}
}

func (p *proxy) put(i *proxied, a netip.Addr) error {
	if err := p.entries.set(i.at.index, a); err != nil {
		return fmt.Errorf("proxy ARP for %v on %s: %w", a, i.name, err)
	}
	return i.announce(a)
}

// forget stops answering. An interface that has gone took its entries along.
func (p *proxy) forget(a netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.online, a)
	if i := p.on(a); i != nil {
		p.netlink.NeighDel(i.at.entry(a))
	}
}

// probe asks the LAN for the owner of an address; nil: nobody could answer.
func (p *proxy) probe(a netip.Addr) <-chan string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := p.on(a); i != nil {
		return i.probe(a)
	}
	return nil
}

// changed looks again at an interface of which the kernel told something.
func (p *proxy) changed(index int, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.ports {
		if i.at.index == index || i.name == name {
			p.look(i)
		}
	}
}

// lookAll looks again at all interfaces.
func (p *proxy) lookAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.ports {
		p.look(i)
	}
}

// look takes an interface as it is now: it may be another one of this name, or
// none. What the kernel has flushed of its entries is put back.
func (p *proxy) look(i *proxied) {
	before := i.at
	link, at, err := lookAt(p.netlink, i.name)
	if i.at = at; before.index != at.index {
		i.lose()
		for a := range p.online { // a renamed one still has them
			p.netlink.NeighDel(before.entry(a))
		}
	}
	if err == nil {
		err = i.use(at.index, link.Attrs().HardwareAddr)
	}
	if err == nil {
		err = at.fault(i.name, p.routes(), p.leased)
	}
	if at.up {
		err = errors.Join(err, p.restore(i, !before.up || before.index != at.index || before.host != at.host))
	}
	p.say(i, err)
}

// restore makes the entries on an interface those of callers who are there. One
// that came back tells the LAN of all of them.
func (p *proxy) restore(i *proxied, back bool) error {
	list, err := whole(func() ([]netlink.Neigh, error) { return p.netlink.NeighProxyList(i.at.index, netlink.FAMILY_V4) })
	if err != nil {
		return fmt.Errorf("interface %s: its proxy entries cannot be listed: %w", i.name, err)
	}
	for a := range p.online {
		there := slices.ContainsFunc(list, func(n netlink.Neigh) bool { return addr(n.IP) == a })
		switch here := p.on(a) == i; {
		case here && (back || !there):
			err = errors.Join(err, p.put(i, a))
		case !here && there:
			p.netlink.NeighDel(i.at.entry(a))
		}
	}
	return err
}

// say logs what keeps callers from being found on an interface, once, and that
// nothing does any more.
func (p *proxy) say(i *proxied, err error) {
	said := ""
	if err != nil {
		said = err.Error()
	}
	switch {
	case said == i.said:
	case err != nil:
		p.log.Warn("ARP is not answered for callers", "interface", i.name, "error", err)
	default:
		p.log.Info("ARP is answered for callers again", "interface", i.name, "callers", len(p.online))
	}
	i.said = said
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
	p.entries.close()
	for _, i := range p.ports {
		i.file.Close()
	}
}

func (c cable) entry(a netip.Addr) *netlink.Neigh {
	return &netlink.Neigh{LinkIndex: c.index, Family: netlink.FAMILY_V4, Flags: netlink.NTF_PROXY, State: unix.NUD_PERMANENT, IP: a.AsSlice()}
}
