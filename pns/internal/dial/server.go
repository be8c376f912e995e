package dial

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// A Server is where one takes control connections: an address, or a host by its name,
// which may have several, and others tomorrow.
type Server struct {
	Host string         // "": it is at Addr
	Addr netip.AddrPort // with Host only its port counts
}

// String is the server as a configuration writes it, with its port.
func (s Server) String() string {
	if s.Host == "" {
		return s.Addr.String()
	}
	return fmt.Sprintf("%s:%d", s.Host, s.Addr.Port())
}

// resolver is what of *net.Resolver is needed.
type resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// lookup is how long a name may take to have its addresses.
const lookup = 10 * time.Second

// Resolve gives every IPv4 address of a server, each once, in the resolver's order:
// outside, PPTP is IPv4 only.
func (s Server) Resolve(ctx context.Context, r resolver) (all []netip.AddrPort, err error) {
	if s.Host == "" {
		return []netip.AddrPort{s.Addr}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lookup, fmt.Errorf("no answer within %v", lookup))
	defer cancel()
	found, err := r.LookupNetIP(ctx, "ip4", s.Host)
	if err == nil && len(found) == 0 {
		err = errors.New("it has no address")
	}
	if err != nil {
		return nil, fmt.Errorf("%s does not resolve: %w", s.Host, err)
	}
	for _, a := range found {
		if to := netip.AddrPortFrom(a.Unmap(), s.Addr.Port()); !slices.Contains(all, to) {
			all = append(all, to)
		}
	}
	return all, nil
}
