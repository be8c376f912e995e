package lan

import (
	"encoding/binary"
	"net/netip"
)

// An ICMPError is type and code of an ICMP error message (RFC 792; RFC 1812
// §5.2.7).
type ICMPError struct{ Type, Code uint8 }

// The errors that a router here sends.
var (
	HostUnreachable     = ICMPError{3, 1}
	PortUnreachable     = ICMPError{3, 3}
	FragmentationNeeded = ICMPError{3, 4}
	Prohibited          = ICMPError{3, 13} // Communication Administratively Prohibited
	TimeExceeded        = ICMPError{11, 0}
)

// maxError is the largest ICMP error packet (RFC 1812 §4.3.2.3).
const maxError = 576

// AppendError appends a whole packet from from that reports e about the packet
// original, of which at least the header and 8 octets are given (RFC 792). mtu
// is the next hop's, for FragmentationNeeded (RFC 1191 §4), else 0. Nothing is
// appended where no error may be sent (RFC 1812 §4.3.2.7): about an ICMP error,
// a fragment but the first, a multicast or broadcast.
func AppendError(dst []byte, e ICMPError, mtu int, from netip.Addr, original []byte) []byte {
	h, err := parseQuoted(original)
	if err != nil || h.Offset != 0 || !Unicast(h.Src) || !Unicast(h.Dst) ||
		h.Protocol == ICMP && !query(original[h.Len:]) {
		return dst
	}
	quoted := original[:min(len(original), h.Total, maxError-headerLen-8)]
	m := append([]byte{e.Type, e.Code, 0, 0, 0, 0, 0, 0}, quoted...)
	binary.BigEndian.PutUint16(m[6:], uint16(mtu))
	binary.BigEndian.PutUint16(m[2:], Checksum(m))
	return AppendPacket(dst, ICMP, 0, from, h.Src, m)
}

// parseQuoted is Parse for a packet that may be cut behind its header.
func parseQuoted(original []byte) (Header, error) {
	if len(original) < headerLen {
		return Header{}, ErrHeader
	}
	whole := make([]byte, max(len(original), int(binary.BigEndian.Uint16(original[2:]))))
	copy(whole, original)
	h, err := Parse(whole)
	if err == nil && len(original) < h.Len {
		return Header{}, ErrHeader
	}
	return h, err
}

// query tells ICMP messages that are not errors: those may be answered by one.
func query(message []byte) bool {
	if len(message) == 0 {
		return false
	}
	switch message[0] {
	case 0, 8, 13, 14, 15, 16, 17, 18: // echo, timestamp, information, address mask
		return true
	}
	return false
}

// Unicast tells an address that one host can have.
func Unicast(a netip.Addr) bool {
	return !a.IsUnspecified() && !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// Forwardable tells a destination that a router may send on (RFC 1812 §4.2.2.11,
// §5.3.7; RFC 3927 §7): not this network, loopback, link-local, multicast,
// reserved or broadcast.
func Forwardable(a netip.Addr) bool {
	if !a.Is4() || !Unicast(a) || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	first := a.As4()[0]
	return first != 0 && first < 240
}
