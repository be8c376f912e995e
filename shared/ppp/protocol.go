package ppp

import "fmt"

// A Protocol is a PPP protocol number (RFC 1661 §2): 0xxx to 3xxx carry
// network data, 8xxx to Bxxx their control protocols, Cxxx to Fxxx protocols
// of the link itself.
type Protocol uint16

// The protocols that this project speaks or recognises.
const (
	IPv4           Protocol = 0x0021 // RFC 1332
	VJCompressed   Protocol = 0x002D // RFC 1332 §4
	VJUncompressed Protocol = 0x002F // RFC 1332 §4
	IPX            Protocol = 0x002B // RFC 1552
	Multilink      Protocol = 0x003D // RFC 1990
	NetBIOS        Protocol = 0x003F // RFC 2097
	IPv6           Protocol = 0x0057 // RFC 5072
	LinkCompressed Protocol = 0x00FB // RFC 1962, below a bundle
	Compressed     Protocol = 0x00FD // RFC 1962
	IPCP           Protocol = 0x8021 // RFC 1332
	IPXCP          Protocol = 0x802B // RFC 1552
	NBFCP          Protocol = 0x803F // RFC 2097
	IPV6CP         Protocol = 0x8057 // RFC 5072
	LinkCCP        Protocol = 0x80FB // RFC 1962, below a bundle
	CCP            Protocol = 0x80FD // RFC 1962
	LCP            Protocol = 0xC021 // RFC 1661
	PAP            Protocol = 0xC023 // RFC 1334 §2
	LQR            Protocol = 0xC025 // RFC 1989
	CBCP           Protocol = 0xC029 // Microsoft's callback draft
	CHAP           Protocol = 0xC223 // RFC 1994
	EAP            Protocol = 0xC227 // RFC 3748
)

var protocolNames = map[Protocol]string{
	IPv4: "IPv4", VJCompressed: "VJ compressed", VJUncompressed: "VJ uncompressed", IPX: "IPX",
	Multilink: "Multilink", NetBIOS: "NetBIOS", IPv6: "IPv6", LinkCompressed: "link compressed",
	Compressed: "compressed", IPCP: "IPCP", IPXCP: "IPXCP", NBFCP: "NBFCP", IPV6CP: "IPV6CP",
	LinkCCP: "link CCP", CCP: "CCP", LCP: "LCP", PAP: "PAP", LQR: "LQR", CBCP: "CBCP",
	CHAP: "CHAP", EAP: "EAP",
}

// String is the protocol's usual name, or its number.
func (p Protocol) String() string {
	if s, ok := protocolNames[p]; ok {
		return s
	}
	return fmt.Sprintf("protocol %#04x", uint16(p))
}

// Network tells data of the network layer (RFC 1661 §2, 0xxx to 3xxx).
func (p Protocol) Network() bool { return p < 0x4000 }

// Link tells protocols of the link layer: LCP, authentication, quality (RFC
// 1661 §2, Cxxx to Fxxx).
func (p Protocol) Link() bool { return p >= 0xC000 }
