// Package tun is a LAN through the kernel: one TUN interface for all callers,
// routed by this host. Packets cross it in batches: what callers send is joined
// to large TCP segments where it can be, and what comes for them is split
// again, so that the kernel is asked once for many packets (virtio headers,
// TSO). Packets between two callers go through the kernel as well, so that its
// packet filter sees them. IPv4 only.
package tun

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"

	"github.com/vishvananda/netlink"
	wgtun "golang.zx2c4.com/wireguard/tun"

	"carrier/pns/internal/lan"
)

// Options say what the network is.
type Options struct {
	Name   string         // of the interface; no other may have it
	Local  netip.Addr     // our own address towards callers
	MTU    int            // of the interface, in octets; 0: lan.DefaultMTU
	Routes []netip.Prefix // the callers' addresses, which are routed to the interface

	Log   *slog.Logger // nil: none
	Stats *Stats       // nil: not counted
}

// Stats counts what the network did. Any goroutine may read it.
type Stats struct {
	Up, Down   atomic.Uint64 // packets from callers, and towards them
	Malformed  atomic.Uint64 // dropped: from a caller, and no IPv4 packet
	Foreign    atomic.Uint64 // dropped: from the kernel, and no IPv4 packet
	Unattached atomic.Uint64 // dropped: to an address that no caller has
	TooBig     atomic.Uint64 // refused: over the receiver's MTU, with DF
	Unwritten  atomic.Uint64 // batches of which the kernel did not take all: the interface is down or gone
}

// LAN is the network.
type LAN struct {
	o       Options
	stats   *Stats
	table   lan.Table
	netlink *netlink.Handle

	out writer
	in  reader
}

// New makes the interface and all that belongs to it; Run must be called, it
// also ends what New began. The network namespace is that of the calling
// thread. The error says what to do.
func New(o Options) (*LAN, error) {
	if !o.Local.Is4() {
		return nil, fmt.Errorf("local address %v is not IPv4", o.Local)
	}
	o.defaults()
	l := &LAN{o: o, stats: o.Stats}
	var err error
	if l.netlink, err = netlink.NewHandle(); err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	d, err := l.open()
	if err != nil {
		l.netlink.Close()
		return nil, err
	}
	l.out.use(d)
	l.in.use(d)
	return l, nil
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

// open makes the interface and sets it up.
func (l *LAN) open() (wgtun.Device, error) {
	d, err := create(l.o.Name)
	if err != nil {
		return nil, err
	}
	if err := l.setUp(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Attach is that of lan.Network.
func (l *LAN) Attach(addr netip.Addr, mtu int, r lan.Receiver) (detach func(), err error) {
	if !l.routed(addr) || addr == l.o.Local {
		return nil, fmt.Errorf("address %v is not routed to callers", addr)
	}
	return l.table.Attach(addr, mtu, r)
}

func (l *LAN) routed(addr netip.Addr) bool {
	for _, p := range l.o.Routes {
		if p.Contains(addr) {
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
	var reading sync.WaitGroup
	var err error
	reading.Go(func() { err = l.read() })
	<-ctx.Done()
	closed := l.out.close() // wakes the reader
	reading.Wait()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	return errors.Join(err, closed)
}
