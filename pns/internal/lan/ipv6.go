package lan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"carrier/shared/wire"
)

// ErrHeader6 is what the errors of Parse6 match, beside wire.ErrShort.
var ErrHeader6 = errors.New("not a valid IPv6 header")

// ICMPv6 is its Next Header.
const ICMPv6 = 58

const (
	// Header6Len is the length of an IPv6 header, in octets.
	Header6Len = 40
	// MinMTU6 is what every link of IPv6 carries, in octets (RFC 8200 §5).
	MinMTU6 = 1280
)

// A Header6 is an IPv6 header (RFC 8200 §3), but for Traffic Class and Flow
// Label. Total is the length of the whole packet in octets.
type Header6 struct {
	Total      int
	NextHeader uint8
	HopLimit   uint8
	Src, Dst   netip.Addr
}

// Parse6 checks an IPv6 header. Octets behind Total are padding of the link.
// Jumbograms (RFC 2675) are not spoken.
func Parse6(packet []byte) (Header6, error) {
	r := wire.NewReader(packet)
	first := r.Uint8("Version")
	r.Skip("Traffic Class and Flow Label", 3)
	h := Header6{Total: Header6Len + int(r.Uint16("Payload Length"))}
	h.NextHeader = r.Uint8("Next Header")
	h.HopLimit = r.Uint8("Hop Limit")
	h.Src, _ = netip.AddrFromSlice(r.Bytes("Source Address", 16))
	h.Dst, _ = netip.AddrFromSlice(r.Bytes("Destination Address", 16))
	switch err := r.Err(); {
	case len(packet) > 0 && first>>4 != 6:
		return Header6{}, fmt.Errorf("version is %d: %w", first>>4, ErrHeader6)
	case err != nil:
		return Header6{}, err
	case h.Total > len(packet):
		return Header6{}, fmt.Errorf("payload length is %d, and %d octets follow the header: %w",
			h.Total-Header6Len, len(packet)-Header6Len, ErrHeader6)
	}
	return h, nil
}

// AppendPacket6 appends an IPv6 packet around payload, which must have at most
// 65,535 octets.
func AppendPacket6(dst []byte, nextHeader, hopLimit uint8, from, to netip.Addr, payload []byte) []byte {
	h := [Header6Len]byte{0: 0x60, 6: nextHeader, 7: hopLimit}
	binary.BigEndian.PutUint16(h[4:], uint16(len(payload)))
	src, dest := from.As16(), to.As16()
	copy(h[8:], src[:])
	copy(h[24:], dest[:])
	return append(append(dst, h[:]...), payload...)
}

// Checksum6 is the checksum of an upper layer's packet inside IPv6 (RFC 8200
// §8.1): 0 when payload holds its own and is whole.
func Checksum6(from, to netip.Addr, nextHeader uint8, payload []byte) uint16 {
	src, dst := from.As16(), to.As16()
	sum := Sum(src[:], uint64(nextHeader)+uint64(len(payload)))
	return ^FoldSum(Sum(payload, Sum(dst[:], sum)))
}

// AppendICMPv6 appends an IPv6 packet with an ICMPv6 message (RFC 4443) of
// at least 4 octets, whose checksum is filled in.
func AppendICMPv6(dst []byte, hopLimit uint8, from, to netip.Addr, message []byte) []byte {
	at := len(dst) + Header6Len
	dst = AppendPacket6(dst, ICMPv6, hopLimit, from, to, message)
	dst[at+2], dst[at+3] = 0, 0
	binary.BigEndian.PutUint16(dst[at+2:], Checksum6(from, to, ICMPv6, dst[at:]))
	return dst
}

// The errors of ICMPv6 that a router here sends (RFC 4443 §3).
var (
	AddressUnreachable = ICMPError{1, 3}
	PacketTooBig       = ICMPError{2, 0}
)

// AppendError6 appends a whole packet from from that reports e about the packet
// original, which Parse6 finds valid. mtu is the next hop's, for PacketTooBig,
// else 0. Nothing is appended where no error may be sent (RFC 4443 §2.4): about
// an ICMPv6 error or a Redirect, to or from what is no single host, but for
// PacketTooBig, which multicasts are answered with.
func AppendError6(dst []byte, e ICMPError, mtu int, from netip.Addr, original []byte) []byte {
	h, err := Parse6(original)
	if err != nil || h.Src.IsUnspecified() || h.Src.IsMulticast() || h.Dst.IsMulticast() && e != PacketTooBig {
		return dst
	}
	const redirect = 137
	if h.NextHeader == ICMPv6 && (h.Total == Header6Len || original[Header6Len] < 128 || original[Header6Len] == redirect) {
		return dst
	}
	quoted := original[:min(h.Total, MinMTU6-Header6Len-8)]
	m := append([]byte{e.Type, e.Code, 0, 0, 0, 0, 0, 0}, quoted...)
	binary.BigEndian.PutUint32(m[4:], uint32(mtu))
	return AppendICMPv6(dst, 64, from, h.Src, m)
}

// Network6 is the /64 that an IPv6 address is in.
func Network6(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, 64).Masked() }

// Forwardable6 tells an address whose packets a router may send on: of one host,
// and neither loopback nor link-local (RFC 4291 §2.5).
func Forwardable6(a netip.Addr) bool {
	return a.Is6() && !a.Is4In6() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}
