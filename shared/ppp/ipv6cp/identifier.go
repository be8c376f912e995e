package ipv6cp

import (
	"fmt"
	"net"
	"net/netip"
)

// An Identifier is an interface identifier: the lower half of an IPv6 address
// (RFC 5072 §4.1). Zero is none.
type Identifier [8]byte

// universal is the bit that says of an identifier, as an address has it, that it
// was made of a hardware address.
const universal = 0x02

// FromHardware makes the identifier of an EUI-48 (a MAC address) or EUI-64 (RFC
// 4291, Appendix A); an address of any other length is an error.
func FromHardware(a net.HardwareAddr) (Identifier, error) {
	var id Identifier
	switch len(a) {
	case 6:
		id = Identifier{a[0], a[1], a[2], 0xFF, 0xFE, a[3], a[4], a[5]}
	case 8:
		id = Identifier(a)
	default:
		return Identifier{}, fmt.Errorf("hardware address %v has neither 6 nor 8 octets", a)
	}
	id[0] ^= universal
	return id, nil
}

// IsZero tells that there is no identifier.
func (id Identifier) IsZero() bool { return id == Identifier{} }

// LinkLocal is the link-local address with the identifier (RFC 5072 §5); it is
// invalid where that is zero.
func (id Identifier) LinkLocal() netip.Addr {
	if id.IsZero() {
		return netip.Addr{}
	}
	a := [16]byte{0: 0xFE, 1: 0x80}
	copy(a[8:], id[:])
	return netip.AddrFrom16(a)
}

// String writes it as an address does: 0210:5aff:fe01:0203.
func (id Identifier) String() string {
	return fmt.Sprintf("%x:%x:%x:%x", id[:2], id[2:4], id[4:6], id[6:])
}
