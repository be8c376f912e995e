//go:build !linux

package peer

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"
)

// A netSocket moves a packet a call with package net, where nothing better is
// known of the system. It leaves the choice of our address to the system.
type netSocket struct {
	conn net.PacketConn
	at   netip.AddrPort
}

func openRaw(source netip.Addr, _ bool) (socket, error) {
	c, err := net.ListenIP("ip4:47", &net.IPAddr{IP: source.AsSlice()})
	if err != nil {
		return nil, openError(err)
	}
	return &netSocket{c, netip.AddrPortFrom(source, 0)}, nil
}

func openUDP(at netip.AddrPort) (socket, error) {
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, fmt.Errorf("GRE over UDP: %w", bindError(at, err))
	}
	return &netSocket{c, c.LocalAddr().(*net.UDPAddr).AddrPort()}, nil
}

func (s *netSocket) addr() netip.AddrPort { return s.at }
func (s *netSocket) close() error         { return s.conn.Close() }

// room is where a batch's packet is.
type room []byte

func (s *netSocket) read(b *batch) error {
	b.clear()
	if b.room == nil {
		b.room = make(room, packetRoom)
	}
	s.conn.SetReadDeadline(time.Now().Add(readPatience))
	n, from, err := s.conn.ReadFrom(b.room)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	if err != nil {
		return err
	}
	switch from := from.(type) {
	case *net.UDPAddr:
		at := from.AddrPort()
		b.add(b.room[:n], netip.AddrPortFrom(at.Addr().Unmap(), at.Port()))
	case *net.IPAddr: // package net has cut the header
		if addr, ok := netip.AddrFromSlice(from.IP); ok {
			b.add(b.room[:n], netip.AddrPortFrom(addr.Unmap(), 0))
		}
	}
	return nil
}

// A route is a target's address as package net takes it.
type route struct {
	udp *net.UDPAddr
	ip  *net.IPAddr
}

func newRoute(_ netip.Addr, to netip.AddrPort) route {
	return route{net.UDPAddrFromAddrPort(to), &net.IPAddr{IP: to.Addr().AsSlice()}}
}

func (s *netSocket) write(packets [][]byte, to *target) (sent int, err error) {
	s.conn.SetWriteDeadline(time.Now().Add(sendPatience))
	var at net.Addr = to.route.ip
	if _, ok := s.conn.(*net.UDPConn); ok {
		at = to.route.udp
	}
	for _, p := range packets {
		if _, failed := s.conn.WriteTo(p, at); failed == nil {
			sent++
		} else if err == nil {
			err = failed
		}
	}
	return sent, err
}
