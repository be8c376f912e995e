package lan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"carrier/shared/wire"
)

// ErrHeader is what the errors of Parse match, beside wire.ErrShort.
var ErrHeader = errors.New("not a valid IPv4 header")

// ErrDontFragment is a packet too large for its receiver that may not be cut.
var ErrDontFragment = errors.New("packet is too big and has DF set")

// Protocol numbers that this package and its makers tell apart.
const (
	ICMP = 1
	UDP  = 17
)

const (
	headerLen    = 20     // without options
	dontFragment = 0x4000 // in the field of flags and offset
	moreFollow   = 0x2000
	offsetMask   = 0x1FFF // units of 8 octets
)

// A Header is what a router needs of an IPv4 header (RFC 791 §3.1). Lengths
// and the offset are in octets.
type Header struct {
	Len, Total int
	DF, MF     bool
	Offset     int
	TTL        uint8
	Protocol   uint8
	Src, Dst   netip.Addr
}

// Parse checks an IPv4 header as a router must (RFC 1812 §5.2.2): version,
// lengths and checksum. Octets behind Total are padding of the link.
func Parse(packet []byte) (Header, error) {
	r := wire.NewReader(packet)
	first := r.Uint8("Version and IHL")
	r.Skip("Type of Service", 1)
	h := Header{Len: int(first&0x0F) * 4, Total: int(r.Uint16("Total Length"))}
	r.Skip("Identification", 2)
	flags := r.Uint16("Flags and Fragment Offset")
	h.DF, h.MF, h.Offset = flags&dontFragment != 0, flags&moreFollow != 0, int(flags&offsetMask)*8
	h.TTL = r.Uint8("Time to Live")
	h.Protocol = r.Uint8("Protocol")
	r.Skip("Header Checksum", 2)
	h.Src, _ = netip.AddrFromSlice(r.Bytes("Source Address", 4))
	h.Dst, _ = netip.AddrFromSlice(r.Bytes("Destination Address", 4))
	r.Skip("Options", h.Len-headerLen)
	switch err := r.Err(); {
	case len(packet) > 0 && first>>4 != 4:
		return Header{}, fmt.Errorf("version is %d: %w", first>>4, ErrHeader)
	case len(packet) > 0 && h.Len < headerLen:
		return Header{}, fmt.Errorf("IHL is %d: %w", first&0x0F, ErrHeader)
	case err != nil:
		return Header{}, err
	case h.Total < h.Len || h.Total > len(packet):
		return Header{}, fmt.Errorf("total length is %d, the header has %d octets and the packet %d: %w",
			h.Total, h.Len, len(packet), ErrHeader)
	case Checksum(packet[:h.Len]) != 0:
		return Header{}, fmt.Errorf("header checksum is wrong: %w", ErrHeader)
	}
	return h, nil
}

// Checksum is the Internet checksum of b (RFC 1071): 0 when b holds its own
// checksum and is whole.
func Checksum(b []byte) uint16 { return ^FoldSum(Sum(b, 0)) }

// SetChecksum fills in the checksum of a header.
func SetChecksum(header []byte) {
	header[10], header[11] = 0, 0
	binary.BigEndian.PutUint16(header[10:], Checksum(header))
}

// Hop takes one from the Time to Live of a packet that Parse found valid, as
// each router must (RFC 1812 §5.3.1); false when its time is up.
func Hop(packet []byte) bool {
	if packet[8] <= 1 {
		return false
	}
	packet[8]--
	SetChecksum(packet[:int(packet[0]&0x0F)*4])
	return true
}
