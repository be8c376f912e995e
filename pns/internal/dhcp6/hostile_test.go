package dhcp6

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"carrier/pns/internal/lan"
	"carrier/shared/wire"
)

// What RFC 8415 §16 has a server discard changes nothing.
func TestIgnored(t *testing.T) {
	request := asks(dhcpv6.MessageTypeRequest, clientID, serverID, pd(1))
	message := request[48:]
	wrong := bytes.Clone(request)
	wrong[46]++
	bare := asks(dhcpv6.MessageTypeRequest, dhcpv6.OptElapsedTime(0), clientID, serverID, pd(1))
	bare[46], bare[47] = 0, 0 // and the time is such that it would be right
	binary.BigEndian.PutUint16(bare[56:], lan.Checksum6(hers, allServers, lan.UDP, bare[40:]))
	long := bytes.Clone(request)
	long[45]++
	boston := dhcpv6.OptServerID(NewDUID("boston"))
	huge := dhcpv6.OptClientID(&dhcpv6.DUIDOpaque{Type: 9, Data: make([]byte, 129)})
	for what, packet := range map[string][]byte{
		"wrong checksum":                   wrong,
		"no checksum":                      bare,
		"wrong length":                     long,
		"from a global address":            datagramOf(netip.MustParseAddr("2001:db8:1::9"), allServers, serverPort, message...),
		"from nobody":                      datagramOf(netip.IPv6Unspecified(), allServers, serverPort, message...),
		"to all nodes":                     datagramOf(hers, netip.MustParseAddr("ff02::1"), serverPort, message...),
		"to another host":                  datagramOf(hers, netip.MustParseAddr("fe80::2"), serverPort, message...),
		"to another port":                  datagramOf(hers, allServers, 546, message...),
		"not UDP":                          lan.AppendPacket6(nil, 6, 1, hers, allServers, request[40:]),
		"nothing":                          datagramOf(hers, allServers, serverPort),
		"a relay's":                        datagramOf(hers, allServers, serverPort, append([]byte{12}, make([]byte, 33)...)...),
		"an option that is cut":            datagramOf(hers, allServers, serverPort, message[:len(message)-1]...),
		"a Solicit of nobody":              asks(dhcpv6.MessageTypeSolicit, pd(1)),
		"a Solicit to a server":            asks(dhcpv6.MessageTypeSolicit, clientID, serverID, pd(1)),
		"a Solicit to our address":         datagramOf(hers, ours, serverPort, asks(dhcpv6.MessageTypeSolicit, clientID, pd(1))[48:]...),
		"a Request to nobody":              asks(dhcpv6.MessageTypeRequest, clientID, pd(1)),
		"a Request to another":             asks(dhcpv6.MessageTypeRequest, clientID, boston, pd(1)),
		"a Request of nobody":              asks(dhcpv6.MessageTypeRequest, serverID, pd(1)),
		"a Renew to another":               asks(dhcpv6.MessageTypeRenew, clientID, boston, pd(1)),
		"a Rebind to a server":             asks(dhcpv6.MessageTypeRebind, clientID, serverID, pd(1)),
		"a Release to another":             asks(dhcpv6.MessageTypeRelease, clientID, boston, pd(1, prefix)),
		"an Information-request for more":  asks(dhcpv6.MessageTypeInformationRequest, clientID, pd(1)),
		"an Information-request to others": asks(dhcpv6.MessageTypeInformationRequest, clientID, boston),
		"a Reply":                          asks(dhcpv6.MessageTypeReply, clientID, serverID, pd(1, prefix)),
		"a DUID of 131 octets":             asks(dhcpv6.MessageTypeSolicit, huge, pd(1)),
	} {
		s := server()
		ask(t, s, began, asks(dhcpv6.MessageTypeRequest, clientID, serverID, pd(9)))
		before := s.bound
		if got, err := s.Receive(began.Add(preferred), packet); got != nil || !errors.Is(err, ErrIgnored) || s.bound != before {
			t.Errorf("%s: % x, %v, then %+v", what, got, err, s.bound)
		}
	}
	for n := range request {
		if got, err := server().Receive(began, request[:n]); got != nil || !errors.Is(err, wire.ErrShort) && !errors.Is(err, lan.ErrHeader6) {
			t.Errorf("the first %d octets: % x, %v", n, got, err)
		}
	}
	short := lan.AppendPacket6(nil, lan.UDP, 1, hers, allServers, request[40:47])
	if got, err := server().Receive(began, short); got != nil || !errors.Is(err, wire.ErrShort) || Concerns(short) || !Concerns(request) {
		t.Errorf("half a UDP header: % x, %v", got, err)
	}
}

// Who asks us alone is told not to (RFC 8415 §18.3.2).
func TestUnicast(t *testing.T) {
	s := server()
	m := ask(t, s, began, datagramOf(hers, ours, serverPort, asks(dhcpv6.MessageTypeRequest, clientID, serverID, pd(1))[48:]...))
	if m.Options.Status() == nil || m.Options.Status().StatusCode != iana.StatusUseMulticast || m.Options.OneIAPD() != nil || s.Delegated().IsValid() {
		t.Errorf("%v", m)
	}
}

// However much she asks for, the answer fits any link of IPv6.
func TestAnswersAreBounded(t *testing.T) {
	s := server()
	s.o.Search = []string{string(bytes.Repeat([]byte("a."), 126)) + "a"}
	s.o.DNS = nil
	for range 8 {
		s.o.DNS = append(s.o.DNS, netip.MustParseAddr("2001:db8::53"))
	}
	options := []dhcpv6.Option{dhcpv6.OptClientID(&dhcpv6.DUIDOpaque{Type: 9, Data: make([]byte, 128)}), serverID,
		dhcpv6.OptRequestedOption(dhcpv6.OptionDNSRecursiveNameServer, dhcpv6.OptionDomainSearchList)}
	old := pd(1).(*dhcpv6.OptIAPD)
	for i := range 100 {
		old.Options.Add(&dhcpv6.OptIAPrefix{Prefix: &net.IPNet{IP: net.IP{0x20, 1, 15: byte(i)}, Mask: net.CIDRMask(128, 128)}})
		options = append(options, pd(byte(i)))
	}
	for i := range maxAssociations {
		one := *old
		one.IaId = [4]byte{3: byte(i)}
		options = append([]dhcpv6.Option{&one}, options...)
	}
	m := ask(t, s, began, asks(dhcpv6.MessageTypeRenew, options...))
	if n := len(m.Options.IAPD()); n != maxAssociations || len(m.Options.DNS()) != 8 || m.Options.DomainSearchList() == nil {
		t.Errorf("%d associations, %v", n, m)
	}
}

func FuzzReceive(f *testing.F) {
	for _, b := range [][]byte{
		asks(dhcpv6.MessageTypeSolicit, clientID, rapid, iana1, pd(1), dhcpv6.OptRequestedOption(dhcpv6.OptionDNSRecursiveNameServer, dhcpv6.OptionDomainSearchList)),
		asks(dhcpv6.MessageTypeRequest, clientID, serverID, pd(1, prefix)), asks(dhcpv6.MessageTypeRebind, clientID, pd(1, prefix, netip.MustParsePrefix("::/0"))),
		asks(dhcpv6.MessageTypeRelease, clientID, serverID, pd(1, prefix)), asks(dhcpv6.MessageTypeInformationRequest),
		asks(dhcpv6.MessageTypeSolicit, clientID, &dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionDomainSearchList, OptionData: []byte{0xC0, 0}}),
	} {
		f.Add(b[48:])
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		if len(message) > 1500 {
			return
		}
		s := server()
		ask(t, s, began, asks(dhcpv6.MessageTypeRequest, clientID, serverID, pd(1)))
		answer, err := s.Receive(began.Add(preferred), datagramOf(hers, allServers, serverPort, message...))
		if (answer == nil) == (err == nil) || err != nil && s.Deadline() != began.Add(valid) {
			t.Errorf("% x, %v", answer, err)
		}
		if h, err := lan.Parse6(answer); answer != nil && (err != nil || h.Dst != hers || lan.Checksum6(h.Src, h.Dst, lan.UDP, answer[40:]) != 0 || len(answer) > lan.MinMTU6) {
			t.Errorf("%+v, %v: %d octets", h, err, len(answer))
		}
		if d := s.Delegated(); d != prefix && (d.IsValid() || message[0] != byte(dhcpv6.MessageTypeRelease)) {
			t.Errorf("%v is delegated after % x", d, message)
		}
	})
}
