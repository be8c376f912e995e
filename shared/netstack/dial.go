package netstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// DialContext connects to address, "host:port", over TCP or UDP; network is
// one of tcp, tcp4, udp and udp4. It has the form that http.Transport wants.
// Names are looked up at Options.DNS; /etc/hosts of this computer comes first,
// as Go's resolver has it.
func (s *Stack) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%s: port %q is not a number up to 65535", address, service)
	}
	addrs, err := s.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var failed error
	for _, a := range addrs {
		c, err := s.dial(ctx, network, netip.AddrPortFrom(a, uint16(port)))
		if err == nil {
			return c, nil
		}
		failed = errors.Join(failed, err)
	}
	return nil, failed
}

func (s *Stack) dial(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	remote, err := full(to)
	if err != nil {
		return nil, err
	}
	switch network {
	case "tcp", "tcp4":
		c, err := gonet.DialContextTCP(ctx, s.s, remote, ipv4.ProtocolNumber)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", to, err)
		}
		return c, nil
	case "udp", "udp4":
		c, err := s.udp(func(ep tcpip.Endpoint) tcpip.Error { return ep.Connect(remote) })
		if err != nil {
			return nil, fmt.Errorf("%v: %w", to, err)
		}
		return c, nil
	}
	return nil, net.UnknownNetworkError(network)
}

// resolve finds host's IPv4 addresses; an address is itself.
func (s *Stack) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	if len(s.dns) == 0 {
		return nil, fmt.Errorf("%s: no DNS server is known to look it up", host)
	}
	turn := 0
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		server := s.dns[turn%len(s.dns)] // the resolver dials again for each of its attempts
		turn++
		return s.dial(ctx, network, netip.AddrPortFrom(server, 53))
	}}
	return r.LookupNetIP(ctx, "ip4", host)
}

// ListenTCP accepts connections to a port of the stack's own address; port 0
// takes a free one.
func (s *Stack) ListenTCP(port uint16) (net.Listener, error) {
	l, err := gonet.ListenTCP(s.s, tcpip.FullAddress{NIC: nic, Addr: s.addr, Port: port}, ipv4.ProtocolNumber)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// ListenUDP takes datagrams to a port of the stack's own address; port 0 takes
// a free one.
func (s *Stack) ListenUDP(port uint16) (net.PacketConn, error) {
	local := tcpip.FullAddress{NIC: nic, Addr: s.addr, Port: port}
	c, err := s.udp(func(ep tcpip.Endpoint) tcpip.Error { return ep.Bind(local) })
	if err != nil {
		return nil, fmt.Errorf("UDP port %d: %w", port, err)
	}
	return c, nil
}

// udp makes a UDP socket that start has bound or connected.
func (s *Stack) udp(start func(tcpip.Endpoint) tcpip.Error) (*gonet.UDPConn, error) {
	var queue waiter.Queue
	ep, err := s.s.NewEndpoint(udp.ProtocolNumber, ipv4.ProtocolNumber, &queue)
	if err != nil {
		return nil, asError(err)
	}
	mayFragment(ep)
	if err := start(ep); err != nil {
		ep.Close()
		return nil, asError(err)
	}
	return gonet.NewUDPConn(&queue, ep), nil
}

// mayFragment leaves out DF: gVisor learns of a smaller MTU on the way only
// for TCP (RFC 1191), everything else would be lost there.
func mayFragment(ep tcpip.Endpoint) {
	ep.SetSockOptInt(tcpip.MTUDiscoverOption, int(tcpip.PMTUDiscoveryDont)) // always legal
}

// full is an address as gVisor has it.
func full(a netip.AddrPort) (tcpip.FullAddress, error) {
	if !a.Addr().Is4() {
		return tcpip.FullAddress{}, fmt.Errorf("%v is not IPv4", a.Addr())
	}
	return tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom4(a.Addr().As4()), Port: a.Port()}, nil
}
