package netstack

import (
	"bytes"
	"context"
	"net/netip"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// A Forwarder takes what hosts on the link send, to whatever address.
type Forwarder struct {
	// TCP is called, in a goroutine of its own, for each connection that a
	// host wants to open. It must end the request by exactly one of Accept,
	// Reset and Drop, in its own time: the host waits.
	TCP func(*Request)
	// MaxRequests is how many TCP requests may wait at once; a SYN beyond it
	// is dropped, and the host repeats it.
	MaxRequests int
	// UDP takes one datagram with a valid checksum. It must not block. On
	// false the stack answers Port Unreachable.
	UDP func(Datagram) bool
	// Echo takes one ICMP Echo, whole, as Payload. It must not block. On false
	// the stack answers it if it is to its own address.
	Echo func(Datagram) bool
}

// A Datagram is valid only during the call; Payload is a part of Packet.
type Datagram struct {
	Src, Dst netip.AddrPort // an Echo's ports are 0
	Payload  []byte
	Packet   []byte // all of it, with the IP header, reassembled
}

// A Request is a TCP connection that a host wants to open: its SYN.
type Request struct {
	Src, Dst netip.AddrPort
	// Packet is the beginning of the SYN: what an ICMP error about it quotes.
	Packet []byte

	r    *tcp.ForwarderRequest
	s    *Stack
	done func()
}

// A Conn is a connection accepted from a host. Close ends it in order;
// CloseWrite ends only our direction.
type Conn struct {
	*gonet.TCPConn
	ep tcpip.Endpoint
}

// Abort ends the connection at once with a reset.
func (c *Conn) Abort() { c.ep.Abort() }

// forward makes the stack answer for every address.
func (s *Stack) forward(f *Forwarder) error {
	if err := s.s.SetPromiscuousMode(nic, true); err != nil {
		return asError(err)
	}
	if err := s.s.SetSpoofing(nic, true); err != nil {
		return asError(err)
	}
	syns := &syns{s: s, max: f.MaxRequests, take: f.TCP, waiting: make(map[stack.TransportEndpointID][]byte)}
	syns.f = tcp.NewForwarder(s.s, 0, f.MaxRequests, syns.request)
	s.s.SetTransportProtocolHandler(tcp.ProtocolNumber, syns.packet)
	s.s.SetTransportProtocolHandler(udp.ProtocolNumber, func(_ stack.TransportEndpointID, p *stack.PacketBuffer) bool {
		v := whole(p)
		defer v.Release()
		d, ok := udpDatagram(p, v.AsSlice())
		return ok && f.UDP(d)
	})
	s.s.SetTransportProtocolHandler(icmp.ProtocolNumber4, func(_ stack.TransportEndpointID, p *stack.PacketBuffer) bool {
		if header.ICMPv4(p.TransportHeader().Slice()).Type() != header.ICMPv4Echo {
			return true
		}
		v := whole(p)
		defer v.Release()
		return f.Echo(datagram(v.AsSlice()))
	})
	return nil
}

// syns keeps the beginning of each SYN that waits: gVisor's forwarder does not
// show it, and an ICMP error is believed only with the right sequence number.
type syns struct {
	s    *Stack
	f    *tcp.Forwarder
	max  int
	take func(*Request)

	mu      sync.Mutex
	waiting map[stack.TransportEndpointID][]byte
}

func (q *syns) packet(id stack.TransportEndpointID, p *stack.PacketBuffer) bool {
	h := header.TCP(p.TransportHeader().Slice())
	if len(h) < header.TCPMinimumSize || h.Flags()&(header.TCPFlagSyn|header.TCPFlagAck) != header.TCPFlagSyn {
		return q.f.HandlePacket(id, p)
	}
	fresh, full := q.note(id, p)
	if full {
		return true
	}
	handled := q.f.HandlePacket(id, p)
	if fresh && !handled { // a bad checksum
		q.forget(id)
	}
	return handled
}

// note keeps a SYN unless it is a repeated one, or too many wait.
func (q *syns) note(id stack.TransportEndpointID, p *stack.PacketBuffer) (fresh, full bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[id] != nil {
		return false, false
	}
	if len(q.waiting) >= q.max {
		return false, true
	}
	v := whole(p)
	defer v.Release()
	q.waiting[id] = bytes.Clone(v.AsSlice())
	return true, false
}

func (q *syns) forget(id stack.TransportEndpointID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.waiting, id)
}

func (q *syns) request(r *tcp.ForwarderRequest) {
	id := r.ID()
	q.mu.Lock()
	packet := q.waiting[id]
	q.mu.Unlock()
	q.take(&Request{r: r, s: q.s, Packet: packet,
		Src: addrPort(id.RemoteAddress, id.RemotePort), Dst: addrPort(id.LocalAddress, id.LocalPort),
		done: func() { q.forget(id) }})
}

// Accept completes the handshake with the host. It fails when the host does
// not answer any more, or when ctx ends first.
func (r *Request) Accept(ctx context.Context) (*Conn, error) {
	var queue waiter.Queue
	id, finished := r.r.ID(), make(chan struct{})
	defer close(finished)
	// The endpoint cannot be cancelled before it is there: look for it until
	// it is, or the handshake is over.
	defer context.AfterFunc(ctx, func() {
		for {
			if ep := r.s.s.FindTransportEndpoint(ipv4.ProtocolNumber, tcp.ProtocolNumber, id, nic); ep != nil {
				ep.Abort()
			}
			select {
			case <-finished:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})()
	ep, err := r.r.CreateEndpoint(&queue)
	r.r.Complete(false)
	r.done()
	if err != nil {
		return nil, asError(err)
	}
	return &Conn{TCPConn: gonet.NewTCPConn(&queue, ep), ep: ep}, nil
}

// Reset answers that nobody listens there (RFC 9293 §3.5.2).
func (r *Request) Reset() {
	r.r.Complete(true)
	r.done()
}

// Drop leaves the SYN without an answer of TCP's.
func (r *Request) Drop() {
	r.r.Complete(false)
	r.done()
}

// udpDatagram checks length and checksum (RFC 768); what fails goes to the
// stack, which counts it.
func udpDatagram(p *stack.PacketBuffer, packet []byte) (Datagram, bool) {
	h, ip := header.UDP(p.TransportHeader().Slice()), header.IPv4(packet)
	lengthOK, sumOK := header.UDPValid(h, func() uint16 { return p.Data().Checksum() }, uint16(p.Data().Size()),
		ipv4.ProtocolNumber, ip.SourceAddress(), ip.DestinationAddress(), p.RXChecksumValidated)
	if !lengthOK || !sumOK {
		return Datagram{}, false
	}
	d := datagram(packet)
	d.Src = netip.AddrPortFrom(d.Src.Addr(), h.SourcePort())
	d.Dst = netip.AddrPortFrom(d.Dst.Addr(), h.DestinationPort())
	d.Payload = d.Payload[header.UDPMinimumSize:h.Length()]
	return d, true
}

// datagram is a packet with the payload of IP.
func datagram(packet []byte) Datagram {
	ip := header.IPv4(packet)
	return Datagram{Packet: packet, Payload: packet[ip.HeaderLength():],
		Src: addrPort(ip.SourceAddress(), 0), Dst: addrPort(ip.DestinationAddress(), 0)}
}

// whole is a packet in one piece, until it is released. Its header's checksum is
// made anew: reassembly leaves that of a fragment.
func whole(p *stack.PacketBuffer) *buffer.View {
	v := p.ToView()
	ip := header.IPv4(v.AsSlice())
	ip.SetChecksum(0)
	ip.SetChecksum(^ip.CalculateChecksum())
	return v
}

func addrPort(a tcpip.Address, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4(a.As4()), port)
}
