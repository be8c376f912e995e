// Package tun is a LAN through the kernel: one TUN interface for all callers,
// routed by this host. Packets cross it in batches: what callers send is joined
// to large TCP segments where it can be, and what comes for them is split
// again, so that the kernel is asked once for many packets (virtio headers,
// TSO). Packets between two callers go through the kernel as well, so that its
// packet filter sees them.
package tun

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
	wgtun "golang.zx2c4.com/wireguard/tun"

	"carrier/pns/internal/lan"
	"carrier/pns/internal/lan/relay"
)

// Options say what the network is.
type Options struct {
	Name       string         // of the interface; no other may have it
	Local      netip.Addr     // our own address towards callers
	MTU        int            // of the interface, in octets; 0: lan.DefaultMTU
	Routes     []netip.Prefix // the callers' addresses, of IPv4 and IPv6, which are routed to the interface
	ProxyARP   []string       // interfaces of the LAN, in whose networks callers' addresses may lie
	Rest6      bool           // a server may be delegated all of IPv6 that leads nowhere else
	Leased     bool           // more addresses will come from a DHCP server of such a network
	Masquerade []string       // interfaces on which callers are hidden behind this host's address
	Peers      []netip.Prefix // where tunnels come from
	Relay      *Relay         // of broadcasts and multicasts; nil: none
	Forward    bool           // make this host a router where it is none; otherwise that is an error

	Log   *slog.Logger // nil: none
	Stats *Stats       // nil: not counted
}

// Stats counts what the network did. Any goroutine may read it.
type Stats struct {
	Up, Down   atomic.Uint64 // packets from callers, and towards them
	Malformed  atomic.Uint64 // dropped: from a caller, and no IP packet
	Foreign    atomic.Uint64 // dropped: from the kernel, and no IP packet, or one of IPv6 for this link alone
	Unattached atomic.Uint64 // dropped: to an address that no caller has
	TooBig     atomic.Uint64 // refused: over the receiver's MTU, with DF or of IPv6
	Unwritten  atomic.Uint64 // dropped: the kernel did not take them, the interface is down or gone; those that were joined count as one
	Lost       atomic.Uint64 // times that the interface went, and was made anew
	Relay      relay.Stats
}

// LAN is the network.
type LAN struct {
	o       Options
	stats   *Stats
	netlink *netlink.Handle
	proxy   *proxy
	hidden  *masquerade // nil: nobody
	relay   *spreader   // nil: nothing is relayed

	changing  sync.Mutex          // of what leads to callers
	routing   sync.Mutex          // of o.Routes, leased and given, once Run may run
	leased    map[netip.Addr]bool // that the LAN's DHCP server gave
	given     map[netip.Addr]int  // to this host by servers that it calls; how often
	rest      []netip.Prefix      // of length 0, that are delegated
	pinned    map[netip.Addr]int  // servers whose way is kept, and how often; under changing
	attaching sync.Mutex          // so that table and proxy agree
	table     lan.Table

	out    writer
	in     reader
	fault  fault
	kernel *nl.NetlinkSocket // tells of interfaces; nil: not yet
}

// New makes the interface and all that belongs to it; Run must be called, it
// also ends what New began. The network namespace is that of the calling
// thread. The error says what to do.
func New(o Options) (*LAN, error) {
	if !o.Local.Is4() {
		return nil, fmt.Errorf("local address %v is not IPv4", o.Local)
	}
	o.defaults()
	l := &LAN{o: o, stats: o.Stats, leased: make(map[netip.Addr]bool), given: make(map[netip.Addr]int), pinned: make(map[netip.Addr]int)}
	var err error
	if l.netlink, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	if err := l.start(); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// start makes everything, in an order in which nothing is changed before what
// is wrong has been found.
func (l *LAN) start() error {
	if err := errors.Join(l.check(), l.checkLocal()); err != nil {
		return err
	}
	d, index, err := l.open()
	if err != nil {
		return err
	}
	l.out.use(d, index)
	l.in.use(d)
	if err := l.forwarding(); err != nil {
		return err
	}
	if l.kernel, err = hearken(); err != nil {
		return fmt.Errorf("changes of interfaces cannot be followed: %w", err)
	}
	if err := l.heed(index); err != nil {
		return err
	}
	if l.proxy, err = newProxy(l.netlink, index, l.o.ProxyARP, func() []netip.Prefix { return of4(l.routes()) }, l.o.Leased, l.o.Log); err != nil {
		return err
	}
	if err := l.sweepPins(); err != nil {
		l.o.Log.Warn("an earlier run may have left routes to servers", "error", err)
	}
	if err := l.unhide(); err != nil {
		return err
	}
	if l.o.Relay != nil {
		if err := l.spread(l.o.Relay); err != nil {
			return err
		}
	}
	if len(l.o.Masquerade) == 0 {
		return nil
	}
	links, err := whole(l.netlink.LinkList)
	if err != nil {
		return fmt.Errorf("the interfaces cannot be listed: %w", err)
	}
	if l.hidden, err = hide(l.o.Name, of4(l.o.Routes), l.o.Masquerade, l.o.closed(), indexes(links, l.o.Masquerade)); err != nil {
		return err
	}
	return nil
}

// close takes away what start made. The kernel does the same with what matters
// when the program is killed.
func (l *LAN) close() error {
	err := errors.Join(l.unpinAll(), l.out.drop(true)) // wakes the reader
	if l.kernel != nil {
		l.kernel.Close()
	}
	if l.proxy != nil {
		l.proxy.close()
	}
	if l.relay != nil {
		l.relay.close()
	}
	if l.hidden != nil {
		err = errors.Join(err, l.hidden.close())
	}
	return err
}

func (o *Options) defaults() {
	if o.MTU == 0 {
		o.MTU = lan.DefaultMTU
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Stats == nil {
		o.Stats = new(Stats)
	}
}

// closed are the interfaces over which nobody opens connections to callers. Who
// proxies ARP on one wants its hosts to do that.
func (o *Options) closed() []string {
	return slices.DeleteFunc(slices.Clone(o.Masquerade), func(name string) bool { return slices.Contains(o.ProxyARP, name) })
}

// open makes the interface and sets it up.
func (l *LAN) open() (d wgtun.Device, index int, err error) {
	if d, err = create(l.o.Name); err != nil {
		return nil, 0, err
	}
	link, err := l.netlink.LinkByName(l.o.Name)
	if err == nil {
		index = link.Attrs().Index
		if l.kernel != nil { // before its routes are there
			err = l.heed(index)
		}
		if err == nil {
			err = l.setUp(index)
		}
	}
	if err != nil {
		return nil, 0, errors.Join(err, d.Close())
	}
	return d, index, nil
}

// Attach is that of lan.Network.
func (l *LAN) Attach(addr netip.Addr, mtu int, r lan.Receiver) (detach func(), err error) {
	if !l.routed(netip.PrefixFrom(addr, addr.BitLen())) || addr == l.o.Local {
		return nil, fmt.Errorf("address %v is not routed to callers", addr)
	}
	l.attaching.Lock()
	defer l.attaching.Unlock()
	forget, err := l.table.Attach(addr, mtu, r)
	if err != nil {
		return nil, err
	}
	l.proxy.answer(addr)
	return sync.OnceFunc(func() {
		l.attaching.Lock()
		defer l.attaching.Unlock()
		forget()
		l.proxy.forget(addr)
	}), nil
}

// Delegate sends packets for a network to r from now on, as Attach does those for an
// address: of IPv4, or of IPv6 and no longer than a /64. One of length 0 is what leads
// nowhere else; it is routed to our interface for as long.
func (l *LAN) Delegate(network netip.Prefix, mtu int, r lan.Receiver) (detach func(), err error) {
	if network.Bits() == 0 {
		return l.delegateRest(network, mtu, r)
	}
	if !l.routed(network) {
		return nil, fmt.Errorf("network %v is not routed to callers", network)
	}
	return l.table.Delegate(network, mtu, r)
}

// Probe asks the LAN whether a host there has an address that a caller may get.
// The channel brings its hardware address, or "" after a quarter of a second
// without an answer. It is nil where nobody could answer: the address is in no
// network that is proxied, or its interface is down or gone.
func (l *LAN) Probe(addr netip.Addr) <-chan string { return l.proxy.probe(addr) }

func (l *LAN) routed(network netip.Prefix) bool {
	for _, p := range l.routes() {
		if p.Bits() <= network.Bits() && p.Contains(network.Addr()) {
			return true
		}
	}
	return false
}

// Local is that of lan.Network.
func (l *LAN) Local() netip.Addr { return l.o.Local }

// Run is that of lan.Network.
func (l *LAN) Run(ctx context.Context) error {
	defer l.netlink.Close()
	var listening sync.WaitGroup
	var arp, relaying error
	listening.Go(func() { arp = l.proxy.read() })
	listening.Go(func() { l.follow(ctx) })
	if l.hidden != nil {
		listening.Go(func() { l.keepHidden(ctx) })
	}
	if l.relay != nil {
		listening.Go(func() { relaying = l.relay.run(ctx) })
	}
	stop := make(chan error, 1)
	context.AfterFunc(ctx, func() { stop <- l.close() })
	err := l.read(ctx)
	listening.Wait()
	return errors.Join(err, arp, relaying, <-stop)
}
