package lan

import (
	"encoding/binary"
	"net/netip"
)

// AppendPacket appends an IPv4 packet around payload, which must have at most
// 65,515 octets. id tells the fragments of one packet from those of another
// (RFC 791 §3.2).
func AppendPacket(dst []byte, protocol uint8, id uint16, from, to netip.Addr, payload []byte) []byte {
	var h [headerLen]byte
	h[0], h[8], h[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(h[2:], uint16(headerLen+len(payload)))
	binary.BigEndian.PutUint16(h[4:], id)
	src, dest := from.As4(), to.As4()
	copy(h[12:], src[:])
	copy(h[16:], dest[:])
	SetChecksum(h[:])
	return append(append(dst, h[:]...), payload...)
}

// AppendUDP appends an IPv4 packet with one UDP datagram (RFC 768) of at most
// 65,507 octets.
func AppendUDP(dst []byte, id uint16, from, to netip.AddrPort, payload []byte) []byte {
	n := 8 + len(payload)
	u := make([]byte, 12, 12+n) // the pseudo header, only for the checksum
	src, dest := from.Addr().As4(), to.Addr().As4()
	copy(u, src[:])
	copy(u[4:], dest[:])
	u[9] = UDP
	binary.BigEndian.PutUint16(u[10:], uint16(n))
	u = binary.BigEndian.AppendUint16(u, from.Port())
	u = binary.BigEndian.AppendUint16(u, to.Port())
	u = binary.BigEndian.AppendUint16(u, uint16(n))
	u = append(append(u, 0, 0), payload...)
	sum := Checksum(u)
	if sum == 0 {
		sum = 0xFFFF // 0 means: no checksum
	}
	u = u[12:]
	binary.BigEndian.PutUint16(u[6:], sum)
	return AppendPacket(dst, UDP, id, from.Addr(), to.Addr(), u)
}

// ChecksumUDP is that of a datagram with its pseudo header (RFC 768): 0 when it
// holds its own and is whole.
func ChecksumUDP(from, to netip.Addr, datagram []byte) uint16 {
	src, dest := from.As4(), to.As4()
	sum := Sum(src[:], uint64(UDP)+uint64(len(datagram)))
	return ^FoldSum(Sum(datagram, Sum(dest[:], sum)))
}
