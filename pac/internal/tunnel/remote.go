package tunnel

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"carrier/shared/peer"
)

// Port is PPTP's (RFC 2637 §2), where an address has none.
const Port = 1723

// remotes turns endpoints into addresses in the order in which they are tried:
// as listed, but those locked out last, and those that should have opened a control
// connection and have none. Endpoints that do not resolve are returned as attempts that
// failed.
func (t *Tunnels) remotes(ctx context.Context, endpoints []string) (good []peer.Remote, failed []Attempt) {
	for _, name := range endpoints {
		pns := t.pns(name)
		if pns.Opens {
			good = append(good, pns.remote(t.opened(pns.Name)))
			continue
		}
		addrs, err := t.resolve(ctx, pns.Connect)
		if err != nil {
			t.o.Stats.failed(pns.Name)
			t.o.Log.Warn("PNS has no address", "pns", pns.Name, "error", err)
			failed = append(failed, Attempt{PNS: pns.Name, Err: err})
		}
		for _, a := range addrs {
			good = append(good, pns.remote(a))
		}
	}
	now := time.Now()
	slices.SortStableFunc(good, func(a, b peer.Remote) int {
		return rank(t.down(a.Addr, now)) - rank(t.down(b.Addr, now))
	})
	return good, failed
}

// opened is where a PNS is that has opened a control connection; not valid: it has
// none.
func (t *Tunnels) opened(name string) netip.AddrPort {
	if c := t.endpoint.Of(name); c != nil {
		return c.Remote().Addr
	}
	return netip.AddrPort{}
}

// down tells of an address whether it is of no use, as far as is known.
func (t *Tunnels) down(a netip.AddrPort, now time.Time) bool {
	return !a.IsValid() || t.dead.is(a, now)
}

func rank(dead bool) int {
	if dead {
		return 1
	}
	return 0
}

// Remotes are the addresses of one endpoint, and how each is reached.
func (o Options) Remotes(ctx context.Context, endpoint string) ([]peer.Remote, error) {
	t := Tunnels{o: o}
	t.o.Attempt = cmp.Or(o.Attempt, 4*time.Second)
	pns := t.pns(endpoint)
	addrs, err := t.resolve(ctx, pns.Connect)
	if err != nil {
		return nil, err
	}
	all := make([]peer.Remote, 0, len(addrs))
	for _, a := range addrs {
		all = append(all, pns.remote(a))
	}
	return all, nil
}

func (p PNS) remote(a netip.AddrPort) peer.Remote {
	return peer.Remote{Name: p.Name, Addr: a, Transport: p.Transport, UDPPort: p.UDPPort, OneCall: p.OneCall, Settings: p.Settings, Limits: p.Limits}
}

func (t *Tunnels) pns(endpoint string) PNS { return t.o.Of(endpoint) }

// Of is the configuration of an endpoint, by its name or by what profiles call it; an
// endpoint without one has the defaults.
func (o Options) Of(endpoint string) PNS {
	i := slices.IndexFunc(o.PNS, func(p PNS) bool { return p.Name == endpoint || p.At == endpoint })
	if i < 0 {
		return PNS{Name: endpoint, At: endpoint, Connect: endpoint, Transport: peer.GRE}
	}
	p := o.PNS[i]
	if p.Connect == "" {
		p.Connect = p.At
	}
	return p
}

// resolve gives every IPv4 address of host or host:port: outside, PPTP is IPv4
// only (RFC 2637 §3.1.3 compares 32 bits).
func (t *Tunnels) resolve(ctx context.Context, where string) ([]netip.AddrPort, error) {
	host, number, err := split(where)
	if err != nil {
		return nil, err
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(a, number)}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.o.Attempt)
	defer cancel()
	addrs, err := t.o.Resolver.LookupNetIP(ctx, "ip4", host)
	if err != nil {
		return nil, fmt.Errorf("%s does not resolve: %w", host, err)
	}
	all := make([]netip.AddrPort, 0, len(addrs))
	for _, a := range addrs {
		all = append(all, netip.AddrPortFrom(a.Unmap(), number))
	}
	return all, nil
}

// split cuts host or host:port.
func split(where string) (host string, port uint16, err error) {
	h, p, err := net.SplitHostPort(where)
	if err != nil {
		return where, Port, nil
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("%s: %q is not a port", where, p)
	}
	return h, uint16(n), nil
}

// Admit knows a PNS by the address that it opens a control connection from.
func (t *Tunnels) Admit(from netip.Addr) (r peer.Remote, ok bool) {
	for _, p := range t.o.PNS {
		if !slices.ContainsFunc(p.From, func(n netip.Prefix) bool { return n.Contains(from) }) {
			continue
		}
		host, port, err := split(cmp.Or(p.Connect, p.At))
		if a, bad := netip.ParseAddr(host); err == nil && bad == nil {
			return p.remote(netip.AddrPortFrom(a, port)), true // so that callers' calls go on the same connection
		}
		return p.remote(netip.AddrPort{}), true
	}
	return r, false
}

// lockOut remembers which addresses failed lately.
type lockOut struct {
	mu    sync.Mutex
	until map[netip.AddrPort]time.Time
}

func (l *lockOut) note(a netip.AddrPort, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until[a] = until
}

func (l *lockOut) clear(a netip.AddrPort) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.until, a)
}

func (l *lockOut) is(a netip.AddrPort, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	until, ok := l.until[a]
	if ok && !now.Before(until) {
		delete(l.until, a)
		return false
	}
	return ok
}
