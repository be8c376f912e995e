package dial

import (
	"net/netip"
	"slices"
	"sync"

	"carrier/pns/internal/activity"
	"carrier/pns/internal/lan"
	"carrier/pns/internal/session"
)

// most is how many packets wait for a call that they have opened.
const most = 16

// A gate stands before the networks of a call that is down. The first packet for them
// that counts rings for the call, and those that come until it is there wait for it. It
// is the session's Delegator.
type gate struct {
	lan    session.Delegator
	routes []netip.Prefix
	filter *activity.Filter
	rung   chan struct{} // somebody wants the call

	mu      sync.Mutex
	shut    bool                    // no network is to be stood before any more
	before  map[netip.Prefix]func() // the networks that are stood before, and how that ends
	tracker activity.Tracker
	waiting [][]byte
}

func newGate(lan session.Delegator, routes []netip.Prefix, f *activity.Filter) *gate {
	return &gate{lan: lan, routes: routes, filter: f, rung: make(chan struct{}, 1), before: map[netip.Prefix]func(){},
		tracker: activity.NewTracker(f)}
}

// open stands before all networks. The error leaves none.
func (g *gate) open() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, n := range g.routes {
		if err := g.stand(n); err != nil {
			g.leave()
			return err
		}
	}
	return nil
}

// stand stands before a network; mu is held.
func (g *gate) stand(n netip.Prefix) error {
	detach, err := g.lan.Delegate(n, 0, g)
	if err == nil {
		g.before[n] = detach
	}
	return err
}

// leave stands before nothing more; mu is held.
func (g *gate) leave() {
	for _, detach := range g.before {
		detach()
	}
	clear(g.before)
}

// close ends the gate, for good.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut, g.waiting = true, nil
	g.leave()
}

// forget lets what waits wait no longer: the call did not come.
func (g *gate) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = nil
	select {
	case <-g.rung:
	default:
	}
}

// Deliver makes a gate a lan.Receiver. What does not count opens no call, and waits for
// none; what was under way when the call took the gate's place is lost.
func (g *gate) Deliver(packets [][]byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range packets {
		if !g.stands(destination(p)) || !g.tracker.FromCaller(p) || len(g.waiting) == most {
			continue
		}
		g.waiting = append(g.waiting, slices.Clone(p))
		select {
		case g.rung <- struct{}{}:
		default:
		}
	}
}

// stands tells whether the gate is before the network of an address; mu is held.
func (g *gate) stands(a netip.Addr) bool {
	for n := range g.before {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// Delegate makes a gate a session.Delegator: r takes the gate's place before a network,
// with what waits there, until detach.
func (g *gate) Delegate(network netip.Prefix, mtu int, r lan.Receiver) (detach func(), err error) {
	g.mu.Lock()
	if stop := g.before[network]; stop != nil {
		stop()
		delete(g.before, network)
	}
	forget, err := g.lan.Delegate(network, mtu, r)
	if err != nil {
		g.mu.Unlock()
		return nil, err
	}
	waited := g.take(network)
	g.mu.Unlock()
	if len(waited) > 0 {
		r.Deliver(waited)
	}
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		forget()
		if !g.shut {
			g.tracker = activity.NewTracker(g.filter)
			_ = g.stand(network) // it was ours until now
		}
	}), nil
}

// take takes the packets that wait for a network; mu is held. Nobody needs to ring any
// more.
func (g *gate) take(network netip.Prefix) (some [][]byte) {
	var rest [][]byte
	for _, p := range g.waiting {
		if network.Contains(destination(p)) {
			some = append(some, p)
		} else {
			rest = append(rest, p)
		}
	}
	g.waiting = rest
	select {
	case <-g.rung:
	default:
	}
	return some
}

// destination is where an IP packet goes, whose header was checked.
func destination(p []byte) netip.Addr {
	if p[0]>>4 == 4 {
		return netip.AddrFrom4([4]byte(p[16:20]))
	}
	return netip.AddrFrom16([16]byte(p[24:40]))
}
