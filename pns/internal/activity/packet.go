package activity

import "encoding/binary"

// TCP's flags (RFC 9293 §3.1).
const (
	flagFIN = 0x01
	flagSYN = 0x02
	flagRST = 0x04
	flagACK = 0x10
)

// icmpEcho is the type of Echo-Request: all else of ICMP reports or answers (RFC
// 792), and of ICMPv6 that leaves a link (RFC 4443).
const icmpEcho, icmpEcho6 = 8, 128

// fragment6 is the header of a fragment of IPv6 (RFC 8200 §4.5), which has the
// protocol in its first octet.
const fragment6 = 44

// A packet is what the Filter looks at. Its fields beyond protocol are zero
// where a header is cut short.
type packet struct {
	from, to uint64 // addresses, or what stands for them
	protocol byte
	later    bool // a fragment behind the first: it has no ports
	whole    bool // the header below is there
	fromPort uint16
	toPort   uint16
	icmp     byte   // its type, as IPv4 has it
	flags    byte   // TCP's
	seq, ack uint32 // TCP's
	length   uint32 // octets of TCP's sequence space
	payload  uint32 // octets of TCP
}

// readIPv4 reads a packet whose IPv4 header is known to be right, without
// padding.
func readIPv4(b []byte) (p packet) {
	p.from, p.to = uint64(binary.BigEndian.Uint32(b[12:])), uint64(binary.BigEndian.Uint32(b[16:]))
	p.protocol = b[9]
	p.later = binary.BigEndian.Uint16(b[6:])&0x1FFF != 0
	if !p.later {
		p.above(b[int(b[0]&0x0F)*4:])
	}
	return p
}

// readIPv6 is readIPv4 for IPv6. Behind other headers than that of a fragment it
// does not look: they are the protocol then.
func readIPv6(b []byte) (p packet) {
	p.from, p.to = short(b[8:]), short(b[24:])
	p.protocol = b[6]
	b = b[40:]
	if p.protocol == fragment6 && len(b) >= 8 {
		p.protocol, p.later = b[0], binary.BigEndian.Uint16(b[2:])&^7 != 0
		b = b[8:]
	}
	if !p.later {
		p.above(b)
	}
	return p
}

// short stands for an address of IPv6.
func short(b []byte) uint64 {
	return binary.BigEndian.Uint64(b)*0x9E3779B97F4A7C15 ^ binary.BigEndian.Uint64(b[8:])
}

// reports tells a packet of ICMP.
func (p *packet) reports() bool { return p.protocol == protocolICMP || p.protocol == protocolICMP6 }

// above reads the header behind IP's.
func (p *packet) above(b []byte) {
	switch {
	case p.protocol == protocolICMP && len(b) >= 8:
		p.whole, p.icmp = true, b[0]
	case p.protocol == protocolICMP6 && len(b) >= 8:
		if p.whole = true; b[0] == icmpEcho6 {
			p.icmp = icmpEcho
		}
	case p.protocol == protocolUDP && len(b) >= 8:
		p.whole = true
		p.fromPort, p.toPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	case p.protocol == protocolTCP && len(b) >= 20:
		p.whole = true
		p.fromPort, p.toPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		p.seq, p.ack = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
		p.flags = b[13]
		header := min(max(int(b[12]>>4)*4, 20), len(b))
		p.payload = uint32(len(b) - header)
		p.length = p.payload
		if p.flags&flagSYN != 0 {
			p.length++
		}
		if p.flags&flagFIN != 0 {
			p.length++
		}
	}
}
