package capture

import (
	"encoding/binary"
	"net/netip"
)

const (
	controlPort = 1723 // RFC 2637 §1.3
	ipv4Header  = 20
	tcpHeader   = 20
)

// The flags of a TCP header (RFC 9293 §3.1).
const (
	flagFIN = 1 << iota
	flagSYN
	_
	flagPSH
	flagACK
)

// ipv4 appends an IPv4 header (RFC 791 §3.1) for a payload of n octets. PPTP's
// outside is IPv4 only; any other address is written as 0.0.0.0.
func (f *file) ipv4(b []byte, p path, protocol byte, n int) []byte {
	f.ident++
	start := len(b)
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(min(ipv4Header+n, 0xFFFF)))
	b = binary.BigEndian.AppendUint16(b, f.ident)
	b = append(b, 0x40, 0, 64, protocol, 0, 0) // don't fragment; time to live 64
	b = append(append(b, octets4(p.from.Addr())...), octets4(p.to.Addr())...)
	binary.BigEndian.PutUint16(b[start+10:], ^sum(0, b[start:]))
	return b
}

// octets4 is an address in an IPv4 header.
func octets4(a netip.Addr) []byte {
	if a = a.Unmap(); !a.Is4() {
		a = netip.IPv4Unspecified()
	}
	return a.AsSlice()
}

// tcp is a segment and its flags.
type tcp struct {
	packet
	flags byte
}

// handshake is what opened the connection of the segment p, from the side that
// is not the well-known port.
func handshake(p packet) []tcp {
	there, back := p, p.answer()
	there.data = nil
	if p.from.Port() == controlPort {
		there, back = back, there
	}
	syn, synAck := there, back
	syn.seq, syn.ack = syn.seq-1, 0
	synAck.seq--
	return []tcp{{syn, flagSYN}, {synAck, flagSYN | flagACK}, {there, flagACK}}
}

// farewell is how the connection of p ends: both sides close, p's first.
func farewell(p packet) []tcp {
	back := p.answer()
	back.ack++
	last := p
	last.seq, last.ack = p.seq+1, p.ack+1
	return []tcp{{p, flagACK | flagFIN}, {back, flagACK | flagFIN}, {last, flagACK}}
}

// answer is an empty segment the other way.
func (p packet) answer() packet {
	return packet{at: p.at, path: p.path.back(), seq: p.ack, ack: p.seq}
}

// append appends the TCP header (RFC 9293 §3.1) and the data.
func (s tcp) append(b []byte) []byte {
	start := len(b)
	b = binary.BigEndian.AppendUint16(b, s.from.Port())
	b = binary.BigEndian.AppendUint16(b, s.to.Port())
	b = binary.BigEndian.AppendUint32(b, s.seq)
	b = binary.BigEndian.AppendUint32(b, s.ack)
	b = append(b, tcpHeader/4<<4, s.flags, 0xFF, 0xFF, 0, 0, 0, 0)
	b = append(b, s.data...)
	pseudo := append(octets4(s.from.Addr()), octets4(s.to.Addr())...)
	pseudo = append(pseudo, 0, 6)
	pseudo = binary.BigEndian.AppendUint16(pseudo, uint16(len(b)-start))
	binary.BigEndian.PutUint16(b[start+16:], ^sum(sum(0, pseudo), b[start:]))
	return b
}

// sum is the Internet checksum (RFC 1071), not yet complemented.
func sum(start uint16, b []byte) uint16 {
	s := uint32(start)
	for ; len(b) > 1; b = b[2:] {
		s += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	for s > 0xFFFF {
		s = s>>16 + s&0xFFFF
	}
	return uint16(s)
}
