// Package dhcp answers callers' machines that have an address by IPCP and ask for
// the rest with DHCPINFORM (RFC 2131 §3.4), as those of Windows and macOS do: the
// domain, servers, routes. It does no I/O.
package dhcp

import (
	"encoding/binary"
	"net/netip"

	"carrier/pns/internal/lan"
	"carrier/shared/wire"
)

// Ports of UDP (RFC 2131 §4.1).
const (
	serverPort = 67
	clientPort = 68
)

// What of a message Concerns looks at (RFC 2131 §2, RFC 2132 §9.6).
const (
	bootRequest = 1
	cookie      = 0x63825363
	optionPad   = 0
	optionEnd   = 255
	optionType  = 53
	inform      = 8
)

var everybody = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// Concerns tells a DHCPINFORM that a host broadcasts for herself from all other
// packets, those of DHCP among them. The lengths in the packet's IPv4 header must
// have been checked.
func Concerns(packet []byte) bool {
	const broadcast, fragment = 0xFFFFFFFF, 0x3FFF
	if packet[9] != lan.UDP || binary.BigEndian.Uint32(packet[16:]) != broadcast || binary.BigEndian.Uint16(packet[6:])&fragment != 0 {
		return false
	}
	r := wire.NewReader(packet[int(packet[0]&0x0F)*4:])
	r.Skip("Source Port", 2)
	port := r.Uint16("Destination Port")
	r.Skip("Length and Checksum", 4)
	op := r.Uint8("op")
	r.Skip("htype to flags", 11)
	client := r.Uint32("ciaddr")
	r.Skip("yiaddr and siaddr", 8)
	relay := r.Uint32("giaddr")
	r.Skip("chaddr to file", 16+64+128)
	if r.Uint32("magic cookie") != cookie || port != serverPort || op != bootRequest || relay != 0 {
		return false
	}
	if client != 0 && client != binary.BigEndian.Uint32(packet[12:]) {
		return false
	}
	return informs(r)
}

// informs reads options up to the one that says what message they are in.
func informs(r *wire.Reader) bool {
	for r.Err() == nil {
		switch code := r.Uint8("Code"); code {
		case optionPad:
		case optionEnd:
			return false
		default:
			value := r.Bytes("Option", int(r.Uint8("Length")))
			if code == optionType {
				return len(value) == 1 && value[0] == inform
			}
		}
	}
	return false
}
