package lan

import (
	"encoding/binary"
	"net/netip"
)

// AppendPacket appends an IPv4 packet around payload, which must have at most
// 65,515 octets. id tells the fragments of one packet from those of another
// (RFC 791 §3.2).
func AppendPacket(dst []byte, protocol uint8, id uint16, from, to netip.Addr, payload []byte) []byte {
	return append(appendHeader(dst, protocol, id, from, to, len(payload)), payload...)
}

// appendHeader appends the header of a packet with a payload of n octets.
func appendHeader(dst []byte, protocol uint8, id uint16, from, to netip.Addr, n int) []byte {
	var h [headerLen]byte
	h[0], h[8], h[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(h[2:], uint16(headerLen+n))
	binary.BigEndian.PutUint16(h[4:], id)
	src, dest := from.As4(), to.As4()
	copy(h[12:], src[:])
	copy(h[16:], dest[:])
	SetChecksum(h[:])
	return append(dst, h[:]...)
}

// AppendUDP appends an IPv4 packet with one UDP datagram (RFC 768) of at most
// 65,507 octets.
func AppendUDP(dst []byte, id uint16, from, to netip.AddrPort, payload []byte) []byte {
	n := 8 + len(payload)
	dst = appendHeader(dst, UDP, id, from.Addr(), to.Addr(), n)
	at := len(dst)
	for _, field := range [4]uint16{from.Port(), to.Port(), uint16(n)} { // the last one is the checksum
		dst = binary.BigEndian.AppendUint16(dst, field)
	}
	dst = append(dst, payload...)
	sum := ChecksumUDP(from.Addr(), to.Addr(), dst[at:])
	if sum == 0 {
		sum = 0xFFFF // 0 means: no checksum
	}
	binary.BigEndian.PutUint16(dst[at+6:], sum)
	return dst
}

// ChecksumUDP is that of a datagram with its pseudo header (RFC 768): 0 when it
// holds its own and is whole.
func ChecksumUDP(from, to netip.Addr, datagram []byte) uint16 {
	src, dest := from.As4(), to.As4()
	sum := Sum(src[:], uint64(UDP)+uint64(len(datagram)))
	return ^FoldSum(Sum(datagram, Sum(dest[:], sum)))
}
