// Package userspace is a LAN without privileges: NAT through this host. All
// callers' packets go into one user-space IP stack that answers for every
// address; what a caller opens there is opened again from this host, by its
// ordinary sockets. IPv4 only.
//
// TCP, UDP and pings pass; nothing else, no broadcast and no multicast. To an
// address that Map names, a ping goes to the host of the entry with the lowest
// port. A UDP port is the caller's towards one destination only, so protocols
// that want to be called back by strangers do not work.
//
// What leaves goes wherever this host's own programs could go, its other
// addresses included, except loopback and link-local ones; OnlyMapped shuts
// that.
package userspace

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"carrier/pns/internal/lan"
	"carrier/shared/netstack"
)

// Options say what the network is. Zero limits are the defaults.
type Options struct {
	// Local is our own address there. It answers pings, and what Map names.
	Local netip.Addr
	// Map says where an address and port, TCP and UDP alike, really are:
	// "host:port" as this host reaches it.
	Map map[netip.AddrPort]string
	// OnlyMapped lets nothing leave that Map does not name: a TCP connection
	// is reset, the rest answered by Destination Unreachable.
	OnlyMapped bool

	MaxOpen      int           // TCP connections, UDP flows and pings in all; 4096
	MaxPerCaller int           // the same of one caller; 256
	DialTimeout  time.Duration // until the outside connection must be there; 30 s
	UDPIdle      time.Duration // after which a UDP flow is forgotten; 2 min (RFC 4787 §4.3)

	Log   *slog.Logger // nil: none
	Stats *Stats       // nil: not counted
}

// Stats counts what the network did. Any goroutine may read it.
type Stats struct {
	Up, Down    atomic.Uint64 // packets from callers, and towards them
	Malformed   atomic.Uint64 // dropped: a header with a wrong length or checksum
	Unattached  atomic.Uint64 // dropped: from or to an address that nobody has
	Broadcast   atomic.Uint64 // dropped: to more than one host
	TooBig      atomic.Uint64 // refused: over the receiver's MTU, with DF
	QueueFull   atomic.Uint64 // dropped
	Prohibited  atomic.Uint64 // refused: OnlyMapped, or nothing that may be forwarded
	Unreachable atomic.Uint64 // refused by, or no way to, the destination
	Limited     atomic.Uint64 // refused: too many open

	Connections, Flows, Pings atomic.Int64 // open now
}

// LAN is the network.
type LAN struct {
	o     Options
	stats *Stats
	table lan.Table
	stack *netstack.Stack
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	ids   atomic.Uint32 // of the packets we make
	flows flows
	ping  pinger
	run   [][]byte // output's

	ctx  context.Context // ends with Run
	stop context.CancelFunc
	mu   sync.Mutex
	open map[*lan.Port]int
	all  int // sum of open
	over bool
	wg   sync.WaitGroup // what begin counted
}

// New makes the network; Run must be called, it also ends what New began.
func New(o Options) (*LAN, error) {
	if !o.Local.Is4() {
		return nil, fmt.Errorf("local address %v is not IPv4", o.Local)
	}
	for from, to := range o.Map {
		if !from.Addr().Is4() {
			return nil, fmt.Errorf("map %v: not an IPv4 address", from)
		}
		if _, _, err := net.SplitHostPort(to); err != nil {
			return nil, fmt.Errorf("map %v: %w", from, err)
		}
	}
	o.defaults()
	l := &LAN{o: o, stats: o.Stats, open: make(map[*lan.Port]int),
		dial: new(net.Dialer).DialContext, ping: pinger{listen: listenEcho}}
	l.ctx, l.stop = context.WithCancel(context.Background())
	var err error
	l.stack, err = netstack.New(netstack.Options{Addr: o.Local, Queue: queue, Output: l.output,
		Forwarder: &netstack.Forwarder{TCP: l.tcp, MaxRequests: o.MaxOpen, UDP: l.udp, Echo: l.echo}})
	if err != nil {
		l.stop()
		return nil, err
	}
	return l, nil
}

// queue is how many packets wait for the goroutine that delivers them: enough
// for a window of each of some downloads at once.
const queue = 1024

func (o *Options) defaults() {
	if o.MaxOpen == 0 {
		o.MaxOpen = 4096
	}
	if o.MaxPerCaller == 0 {
		o.MaxPerCaller = 256
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = 30 * time.Second
	}
	if o.UDPIdle == 0 {
		o.UDPIdle = 2 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Stats == nil {
		o.Stats = new(Stats)
	}
}

// Attach is that of lan.Network. What the caller has open ends with detach.
func (l *LAN) Attach(addr netip.Addr, mtu int, r lan.Receiver) (detach func(), err error) {
	if !addr.Is4() || !lan.Unicast(addr) || addr == l.o.Local {
		return nil, fmt.Errorf("address %v cannot be a caller's", addr)
	}
	return l.table.Attach(addr, mtu, r)
}

// Delegate sends packets for a network of IPv4 to r from now on, as Attach does those
// for an address.
func (l *LAN) Delegate(network netip.Prefix, mtu int, r lan.Receiver) (detach func(), err error) {
	if !network.Addr().Is4() || network.Contains(l.o.Local) {
		return nil, fmt.Errorf("network %v cannot be behind a caller", network)
	}
	return l.table.Delegate(network, mtu, r)
}

// Local is that of lan.Network.
func (l *LAN) Local() netip.Addr { return l.o.Local }

// Malformed counts all packets with a wrong length or checksum, those among
// them that the stack found.
func (l *LAN) Malformed() uint64 { return l.stats.Malformed.Load() + l.stack.Malformed() }

// Run is that of lan.Network.
func (l *LAN) Run(ctx context.Context) error {
	<-ctx.Done()
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	l.stop()
	l.wg.Wait()
	return l.stack.Close()
}

// begin counts one goroutine that Run waits for; false when it is too late.
func (l *LAN) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.wg.Add(1)
	}
	return !l.over
}

// acquire takes one of the things that a caller may have open at once.
func (l *LAN) acquire(p *lan.Port) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= l.o.MaxOpen || l.open[p] >= l.o.MaxPerCaller {
		l.stats.Limited.Add(1)
		return false
	}
	l.open[p]++
	l.all++
	return true
}

func (l *LAN) release(p *lan.Port) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.open[p]--; l.open[p] == 0 {
		delete(l.open, p)
	}
}

// context is p's, ending with Run too.
func (l *LAN) context(p *lan.Port) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(p.Context)
	stop := context.AfterFunc(l.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
