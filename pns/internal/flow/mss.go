package flow

import (
	"encoding/binary"

	"carrier/pns/internal/lan"
)

// What clamp looks at in IP and TCP headers (RFC 791, RFC 8200, RFC 9293).
const (
	protocolTCP = 6
	flagSYN     = 0x02
	optionEnd   = 0
	optionNop   = 1
	optionMSS   = 2
	tcpHeader   = 20 // without options, as the next
	ipHeader    = 20
)

// On lines slower than slowLine a packet of TCP should take packetTime; one
// shorter than minPacket would be all headers. A rate below that of any modem is
// a PAC's nonsense.
const (
	slowLine   = 64_000 // bit/s
	unlikely   = 1_200  // bit/s
	packetTime = 160    // ms
	minPacket  = 256    // octets
)

// longest is the longest packet that TCP should send over a line of that rate.
func longest(mru, rate int) int {
	if rate < unlikely || rate >= slowLine {
		return mru
	}
	return min(mru, max(rate*packetTime/8/1000, minPacket))
}

// clamp lowers the Maximum Segment Size that a TCP SYN offers, either way, to
// what fits the caller's MRU, and the rate of her line: path MTU discovery does
// not reach through every network behind. All but a SYN that offers more is returned as it is; that
// one is copied, the packet is not ours.
func (f *Flow) clamp(packet []byte, mru int) []byte {
	tcp := tcpAt(packet)
	if tcp == 0 {
		return packet
	}
	at, limit := mssAt(packet, tcp), longest(mru, f.rate)-tcpHeader-ipHeader
	if packet[0]>>4 == 6 {
		limit -= lan.Header6Len - ipHeader
	}
	if at == 0 || limit <= 0 || int(binary.BigEndian.Uint16(packet[at:])) <= limit {
		return packet
	}
	syn := append(f.scratch.syns.Next(), packet...)
	f.scratch.syns.Add(syn)
	old := binary.BigEndian.Uint16(packet[at:])
	binary.BigEndian.PutUint16(syn[at:], uint16(limit))
	sum := syn[tcp+16 : tcp+18]
	binary.BigEndian.PutUint16(sum, update(binary.BigEndian.Uint16(sum), old, uint16(limit), at-tcp))
	return syn
}

// tcpAt is where the TCP header begins in a packet whose IP header was checked; 0
// where there is none, in a later fragment, or behind extension headers.
func tcpAt(packet []byte) int {
	if packet[0]>>4 == 6 {
		if packet[6] != protocolTCP {
			return 0
		}
		return lan.Header6Len
	}
	if packet[9] != protocolTCP || binary.BigEndian.Uint16(packet[6:])&0x1FFF != 0 {
		return 0
	}
	return int(packet[0]&0x0F) * 4
}

// mssAt is where the MSS stands in a packet whose TCP header, at header, is that
// of a SYN with that option, else 0.
func mssAt(packet []byte, header int) int {
	if len(packet) < header+tcpHeader || packet[header+13]&flagSYN == 0 {
		return 0
	}
	end := header + int(packet[header+12]>>4)*4
	if end > len(packet) {
		return 0
	}
	for at := header + tcpHeader; at < end; {
		switch packet[at] {
		case optionEnd:
			return 0
		case optionNop:
			at++
			continue
		}
		if at+1 >= end || packet[at+1] < 2 || at+int(packet[at+1]) > end {
			return 0
		}
		if packet[at] == optionMSS && packet[at+1] == 4 {
			return at + 2
		}
		at += int(packet[at+1])
	}
	return 0
}

// update mends a checksum after a 16-bit word changed (RFC 1624, equation 3).
// A word at an odd offset counts with its octets swapped.
func update(sum, old, now uint16, offset int) uint16 {
	if offset&1 == 1 {
		old, now = old<<8|old>>8, now<<8|now>>8
	}
	s := uint32(^sum) + uint32(^old) + uint32(now)
	s = s&0xFFFF + s>>16
	s = s&0xFFFF + s>>16
	return ^uint16(s)
}
