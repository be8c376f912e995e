package dhcp6

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/rfc1035label"

	"carrier/pns/internal/lan"
	"carrier/shared/wire"
)

// ErrIgnored is what the errors of Receive match where a packet must be ignored
// in silence (RFC 8415 §16), beside those of lan.Parse6 and wire.ErrShort.
var ErrIgnored = errors.New("not for a DHCPv6 server")

// MaxSearch is how many octets the domains of a search list take at most, each with
// one for each of its labels and one at the end.
const MaxSearch = 255

// maxDUID is the length of the longest DUID (RFC 8415 §11.1).
const maxDUID = 130

// The ports and the group of DHCPv6 (RFC 8415 §7).
const clientPort, serverPort = 546, 547

var allServers = netip.MustParseAddr("ff02::1:2") // and relay agents

const headerUDP = 8

// Concerns tells a whole IPv6 packet of the host's to the link that is for Receive,
// by its port.
func Concerns(packet []byte) bool {
	const at = lan.Header6Len
	return packet[6] == lan.UDP && len(packet) >= at+headerUDP && binary.BigEndian.Uint16(packet[at+2:]) == serverPort
}

// datagram checks a packet up to its UDP payload, and that it is from the link and
// to us.
func datagram(packet []byte) (h lan.Header6, message []byte, err error) {
	if h, err = lan.Parse6(packet); err != nil {
		return h, nil, err
	}
	b := packet[lan.Header6Len:h.Total]
	u := wire.NewReader(b)
	u.Skip("Source Port", 2)
	to, length := u.Uint16("Destination Port"), u.Uint16("Length")
	sum := u.Uint16("Checksum")
	switch {
	case h.NextHeader != lan.UDP:
		return h, nil, fmt.Errorf("next header is %d: %w", h.NextHeader, ErrIgnored)
	case u.Err() != nil:
		return h, nil, u.Err()
	case int(length) != len(b) || sum == 0 || lan.Checksum6(h.Src, h.Dst, lan.UDP, b) != 0:
		return h, nil, fmt.Errorf("length or checksum is wrong: %w", ErrIgnored)
	case to != serverPort || !h.Src.IsLinkLocalUnicast() || h.Dst != allServers && !h.Dst.IsLinkLocalUnicast():
		return h, nil, fmt.Errorf("from %v to %v, port %d: %w", h.Src, h.Dst, to, ErrIgnored)
	}
	return h, b[headerUDP:], nil
}

// parse reads a message, and checks that a server may answer it (RFC 8415 §16).
func (s *Server) parse(h lan.Header6, b []byte) (*dhcpv6.Message, error) {
	unfit := func(why string) error { return fmt.Errorf("a message that %s: %w", why, ErrIgnored) }
	if len(b) == 0 || b[0] == byte(dhcpv6.MessageTypeRelayForward) || b[0] == byte(dhcpv6.MessageTypeRelayReply) {
		return nil, unfit("is a relay's")
	}
	m, err := dhcpv6.MessageFromBytes(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrIgnored)
	}
	client, server := m.Options.ClientID(), m.Options.ServerID()
	if client != nil && len(client.ToBytes()) > maxDUID {
		return nil, unfit("has too long a DUID")
	}
	ours := server != nil && server.Equal(s.o.DUID)
	direct := !h.Dst.IsMulticast()
	if direct && h.Dst != s.o.Local {
		return nil, unfit("is for another host")
	}
	switch m.MessageType {
	case dhcpv6.MessageTypeSolicit, dhcpv6.MessageTypeRebind:
		if client == nil || server != nil || direct {
			return nil, unfit("names a server, or no client")
		}
	case dhcpv6.MessageTypeRequest, dhcpv6.MessageTypeRenew, dhcpv6.MessageTypeRelease:
		if client == nil || !ours {
			return nil, unfit("is for another server, or names no client")
		}
	case dhcpv6.MessageTypeInformationRequest:
		if server != nil && !ours || direct || len(associations(m)) > 0 {
			return nil, unfit("asks for more than information, or another server")
		}
	default:
		return nil, unfit("is no question")
	}
	return m, nil
}

// inform tells the host what she wants to know (RFC 3646).
func (s *Server) inform(q, r *dhcpv6.Message) {
	if len(s.o.DNS) > 0 && q.IsOptionRequested(dhcpv6.OptionDNSRecursiveNameServer) {
		var all []net.IP
		for _, a := range s.o.DNS {
			all = append(all, a.AsSlice())
		}
		r.AddOption(dhcpv6.OptDNS(all...))
	}
	if len(s.o.Search) > 0 && q.IsOptionRequested(dhcpv6.OptionDomainSearchList) {
		r.AddOption(dhcpv6.OptDomainSearchList(&rfc1035label.Labels{Labels: s.o.Search}))
	}
}

// packet is a message to the host.
func (s *Server) packet(to netip.Addr, m *dhcpv6.Message) []byte {
	b := make([]byte, headerUDP, 512)
	binary.BigEndian.PutUint16(b, serverPort)
	binary.BigEndian.PutUint16(b[2:], clientPort)
	b = append(b, m.ToBytes()...)
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)))
	sum := lan.Checksum6(s.o.Local, to, lan.UDP, b)
	if sum == 0 {
		sum = 0xFFFF // 0 means: no checksum (RFC 8200 §8.1)
	}
	binary.BigEndian.PutUint16(b[6:], sum)
	return lan.AppendPacket6(nil, lan.UDP, 64, s.o.Local, to, b)
}
