package peer

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
)

const (
	batchPackets = 64
	// packetRoom holds an IPv4 header with options and the largest GRE packet of
	// PPTP: 1532 octets of payload (RFC 2637 §1.4) and 16 of header. A longer one
	// comes cut and is counted as malformed.
	packetRoom = 2048
)

// A socket moves GRE packets, octets from the GRE header on. The two kinds are
// raw IP and UDP; faster ones may take their place.
type socket interface {
	// read waits for packets and fills b. Its error means that the socket is
	// closed, or that this read failed.
	read(b *batch) error
	// write sends one packet; any goroutine may.
	write(packet []byte, to *target) error
	close() error
}

// A batch is what one read brings: packets, which alias its buffers, and where
// each came from (port 0 for raw IP).
type batch struct {
	messages []ipv4.Message
	packets  [][]byte
	from     []netip.AddrPort
}

func newBatch() *batch {
	b := &batch{messages: make([]ipv4.Message, batchPackets)}
	room := make([]byte, batchPackets*packetRoom)
	for i := range b.messages {
		b.messages[i].Buffers = [][]byte{room[i*packetRoom : (i+1)*packetRoom]}
	}
	return b
}

// fill reads messages and takes each apart with f, which returns false for what
// is no packet.
func (b *batch) fill(p *ipv4.PacketConn, f func(octets []byte, from net.Addr) ([]byte, netip.AddrPort, bool)) error {
	n, err := p.ReadBatch(b.messages, 0)
	if err != nil {
		return err
	}
	b.packets, b.from = b.packets[:0], b.from[:0]
	for _, m := range b.messages[:n] {
		if packet, from, ok := f(m.Buffers[0][:m.N], m.Addr); ok {
			b.packets, b.from = append(b.packets, packet), append(b.from, from)
		}
	}
	return nil
}

// A target is where a call's packets go, and from which of our addresses: on a
// host with several, that of the control connection.
type target struct {
	to   netip.AddrPort
	ip   *net.IPAddr // for raw IP
	from []byte      // the control message that chooses our address
}

func newTarget(local netip.Addr, to netip.AddrPort) *target {
	t := &target{to: to, ip: &net.IPAddr{IP: to.Addr().AsSlice()}}
	if local.Is4() && !local.IsUnspecified() {
		t.from = (&ipv4.ControlMessage{Src: local.AsSlice()}).Marshal()
	}
	return t
}

// rawSocket is IP protocol 47.
type rawSocket struct {
	conn  *net.IPConn
	batch *ipv4.PacketConn
}

func openRaw(source netip.Addr) (socket, error) {
	c, err := net.ListenIP("ip4:47", &net.IPAddr{IP: source.AsSlice()})
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("GRE needs the privilege CAP_NET_RAW: run as root or give it to the program; `transport = \"udp\"` works without it: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("GRE: %w", err)
	}
	return &rawSocket{c, ipv4.NewPacketConn(c)}, nil
}

func (s *rawSocket) read(b *batch) error { return b.fill(s.batch, cutHeader) }

// cutHeader takes off the IPv4 header, which a batch of a raw socket still has.
func cutHeader(octets []byte, from net.Addr) ([]byte, netip.AddrPort, bool) {
	ip, ok := from.(*net.IPAddr)
	if !ok || len(octets) < ipv4.HeaderLen || octets[0]>>4 != ipv4.Version {
		return nil, netip.AddrPort{}, false
	}
	header := int(octets[0]&0x0F) << 2
	addr, ok := netip.AddrFromSlice(ip.IP)
	if !ok || header < ipv4.HeaderLen || header > len(octets) {
		return nil, netip.AddrPort{}, false
	}
	return octets[header:], netip.AddrPortFrom(addr.Unmap(), 0), true
}

func (s *rawSocket) write(packet []byte, to *target) error {
	_, _, err := s.conn.WriteMsgIP(packet, to.from, to.ip)
	return err
}

func (s *rawSocket) close() error { return s.conn.Close() }

// udpSocket carries the same packets as UDP datagrams.
type udpSocket struct {
	conn  *net.UDPConn
	batch *ipv4.PacketConn
}

func openUDP(at netip.AddrPort) (socket, error) {
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, fmt.Errorf("GRE over UDP: %w", bindError(at, err))
	}
	return &udpSocket{c, ipv4.NewPacketConn(c)}, nil
}

func (s *udpSocket) read(b *batch) error {
	return b.fill(s.batch, func(octets []byte, from net.Addr) ([]byte, netip.AddrPort, bool) {
		udp, ok := from.(*net.UDPAddr)
		if !ok {
			return nil, netip.AddrPort{}, false
		}
		at := udp.AddrPort()
		return octets, netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), true
	})
}

func (s *udpSocket) write(packet []byte, to *target) error {
	_, _, err := s.conn.WriteMsgUDPAddrPort(packet, to.from, to.to)
	return err
}

func (s *udpSocket) close() error { return s.conn.Close() }
