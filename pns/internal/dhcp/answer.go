package dhcp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"carrier/pns/internal/lan"
	"carrier/shared/wire"
)

// ErrIgnored is what the errors of Answer match where a packet is to be ignored in
// silence, beside those of lan.Parse and wire.ErrShort.
var ErrIgnored = errors.New("not answered")

// Settings are what callers' machines are told. The zero value tells nothing.
type Settings struct {
	Domain string         // "": none
	DNS    []netip.Addr   // name servers
	WINS   []netip.Addr   // NetBIOS name servers
	Routes []netip.Prefix // what lies behind us; all IPv4, and masked
}

// longest is the longest message that each machine takes: in an IPv4 packet of 576
// octets (RFC 2131 §2).
const longest = 576 - 20 - 8

// microsoftRoutes is where Windows XP looks for option 121 (MS-DHCPE §2.2.8).
const microsoftRoutes = dhcpv4.GenericOptionCode(249)

// hybrid is a NetBIOS node type (RFC 2132 §8.7): one that asks the servers first,
// then all the others.
const hybrid = 8

// Answer is the packet that answers a host's DHCPINFORM; ours is the address of
// the server, and of the router. The host is told what she asked for, or all where
// she did not say.
func (s *Settings) Answer(packet []byte, ours netip.Addr) ([]byte, error) {
	h, err := lan.Parse(packet)
	if err != nil {
		return nil, err
	}
	message, err := datagram(h, packet[h.Len:h.Total])
	if err != nil {
		return nil, err
	}
	asked, err := dhcpv4.FromBytes(message)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIgnored, err)
	}
	if t := asked.MessageType(); t != dhcpv4.MessageTypeInform || asked.OpCode != dhcpv4.OpcodeBootRequest {
		return nil, fmt.Errorf("a message of type %v: %w", t, ErrIgnored)
	}
	answer := s.acknowledge(asked, ours)
	if len(answer) > longest {
		return nil, fmt.Errorf("the answer has %d octets, and %d are what each machine takes: %w", len(answer), longest, ErrIgnored)
	}
	id := uint16(asked.TransactionID[2])<<8 | uint16(asked.TransactionID[3])
	return lan.AppendUDP(nil, id, netip.AddrPortFrom(ours, serverPort), netip.AddrPortFrom(h.Src, clientPort), answer), nil
}

// datagram is what a UDP datagram carries, which must be whole (RFC 768).
func datagram(h lan.Header, b []byte) ([]byte, error) {
	r := wire.NewReader(b)
	r.Skip("Ports", 4)
	length, sum := int(r.Uint16("Length")), r.Uint16("Checksum")
	message := r.Bytes("Data", length-8)
	if err := r.Err(); err != nil {
		return nil, err
	}
	if h.Protocol != lan.UDP || h.MF || h.Offset != 0 || sum != 0 && lan.ChecksumUDP(h.Src, h.Dst, b[:length]) != 0 {
		return nil, fmt.Errorf("no datagram with the right checksum: %w", ErrIgnored)
	}
	return message, nil
}

// acknowledge makes the DHCPACK of a request (RFC 2131 §4.3.5): without yiaddr and
// lease, for the address is not ours to lease.
func (s *Settings) acknowledge(asked *dhcpv4.DHCPv4, ours netip.Addr) []byte {
	answer := &dhcpv4.DHCPv4{
		OpCode: dhcpv4.OpcodeBootReply, HWType: asked.HWType, TransactionID: asked.TransactionID, Flags: asked.Flags,
		ClientIPAddr: asked.ClientIPAddr, ClientHWAddr: asked.ClientHWAddr,
		Options: dhcpv4.OptionsFromList(dhcpv4.OptMessageType(dhcpv4.MessageTypeAck), dhcpv4.OptServerIdentifier(ours.AsSlice())),
	}
	wanted := asked.ParameterRequestList()
	for _, o := range s.options(ours) {
		if len(wanted) == 0 || slices.ContainsFunc(wanted, func(c dhcpv4.OptionCode) bool { return c.Code() == o.Code.Code() }) {
			answer.UpdateOption(o)
		}
	}
	if id := asked.GetOneOption(dhcpv4.OptionClientIdentifier); id != nil { // RFC 6842 §3
		answer.UpdateOption(dhcpv4.OptGeneric(dhcpv4.OptionClientIdentifier, id))
	}
	return answer.ToBytes()
}

// options are all that there is to tell; routes lead to router.
func (s *Settings) options(router netip.Addr) (all []dhcpv4.Option) {
	if s.Domain != "" {
		all = append(all, dhcpv4.OptDomainName(s.Domain))
	}
	if len(s.DNS) > 0 {
		all = append(all, dhcpv4.OptDNS(addresses(s.DNS)...))
	}
	if len(s.WINS) > 0 {
		all = append(all, dhcpv4.OptNetBIOSNameServers(addresses(s.WINS)...),
			dhcpv4.OptGeneric(dhcpv4.OptionNetBIOSOverTCPIPNodeType, []byte{hybrid}))
	}
	var routes dhcpv4.Routes
	for _, p := range s.Routes {
		dest := &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 32)}
		routes = append(routes, &dhcpv4.Route{Dest: dest, Router: router.AsSlice()})
	}
	if len(routes) > 0 {
		all = append(all, dhcpv4.OptClasslessStaticRoute(routes...), dhcpv4.OptGeneric(microsoftRoutes, routes.ToBytes()))
	}
	return all
}

func addresses(list []netip.Addr) (all []net.IP) {
	for _, a := range list {
		all = append(all, a.AsSlice())
	}
	return all
}

// Fits tells whether all of it fits an answer that each machine takes, with a
// client identifier of a usual length (RFC 4361 §6.1).
func (s *Settings) Fits() bool {
	const usual = 19
	all := &dhcpv4.DHCPv4{Options: dhcpv4.Options{}}
	all.UpdateOption(dhcpv4.OptGeneric(dhcpv4.OptionClientIdentifier, make([]byte, usual)))
	return len(s.acknowledge(all, everybody)) <= longest
}
