package dhcp6

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"carrier/pns/internal/lan"
)

var (
	ours   = netip.MustParseAddr("fe80::1")
	hers   = netip.MustParseAddr("fe80::9")
	began  = time.Date(1997, 4, 1, 0, 0, 0, 0, time.UTC)
	prefix = netip.MustParsePrefix("2001:db8:100:ff00::/56")
	client = dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: net.HardwareAddr{2, 0, 0, 0, 0, 9}}
	denver = NewDUID("denver")
)

func server() *Server {
	return New(Options{Local: ours, DUID: denver, DNS: []netip.Addr{netip.MustParseAddr("2001:db8::53")}, Search: []string{"corp.example"},
		Offer: func() netip.Prefix { return prefix }})
}

// datagramOf is a packet with a UDP datagram whose checksum is right.
func datagramOf(from, to netip.Addr, port uint16, message ...byte) []byte {
	u := binary.BigEndian.AppendUint16(nil, clientPort)
	u = binary.BigEndian.AppendUint16(u, port)
	u = binary.BigEndian.AppendUint16(u, uint16(headerUDP+len(message)))
	u = append(append(u, 0, 0), message...)
	binary.BigEndian.PutUint16(u[6:], lan.Checksum6(from, to, lan.UDP, u))
	return lan.AppendPacket6(nil, lan.UDP, 1, from, to, u)
}

// asks is a message of the client's.
func asks(kind dhcpv6.MessageType, options ...dhcpv6.Option) []byte {
	m := &dhcpv6.Message{MessageType: kind, TransactionID: dhcpv6.TransactionID{1, 2, 3}}
	for _, o := range options {
		m.AddOption(o)
	}
	return datagramOf(hers, allServers, serverPort, m.ToBytes()...)
}

var (
	clientID = dhcpv6.OptClientID(&client)
	serverID = dhcpv6.OptServerID(denver)
	rapid    = &dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionRapidCommit}
	iana1    = &dhcpv6.OptIANA{IaId: [4]byte{3: 1}}
)

// pd is an association with what the client has or would like.
func pd(id byte, has ...netip.Prefix) dhcpv6.Option {
	ia := &dhcpv6.OptIAPD{IaId: [4]byte{3: id}}
	for _, p := range has {
		ia.Options.Add(&dhcpv6.OptIAPrefix{Prefix: ipNet(p)})
	}
	return ia
}

// read takes an answer apart, which must be from us to her.
func read(t *testing.T, packet []byte) *dhcpv6.Message {
	t.Helper()
	h, err := lan.Parse6(packet)
	if err != nil || h.Src != ours || h.Dst != hers || lan.Checksum6(h.Src, h.Dst, lan.UDP, packet[40:]) != 0 || h.Total > lan.MinMTU6 ||
		!bytes.Equal(packet[40:44], []byte{547 >> 8, 547 & 0xFF, 546 >> 8, 546 & 0xFF}) {
		t.Fatalf("%+v, %v: % x", h, err, packet)
	}
	m, err := dhcpv6.MessageFromBytes(packet[48:])
	if err != nil || m.TransactionID != (dhcpv6.TransactionID{1, 2, 3}) || !m.Options.ServerID().Equal(denver) {
		t.Fatalf("%v, %v", m, err)
	}
	return m
}

// ask has a server answer a message.
func ask(t *testing.T, s *Server, now time.Time, packet []byte) *dhcpv6.Message {
	t.Helper()
	answer, err := s.Receive(now, packet)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, answer)
}

// given are the prefixes of an association that hold, and its status.
func given(t *testing.T, ia *dhcpv6.OptIAPD) (all []string, gone []string, code iana.StatusCode) {
	t.Helper()
	for _, p := range ia.Options.Prefixes() {
		if p.ValidLifetime == 0 {
			gone = append(gone, p.Prefix.String())
			continue
		}
		all = append(all, p.Prefix.String())
		if p.PreferredLifetime != 45*time.Minute || p.ValidLifetime != 90*time.Minute || ia.T1 != 1350*time.Second || ia.T2 != 36*time.Minute {
			t.Errorf("%v", ia)
		}
	}
	if s := ia.Options.Status(); s != nil {
		code = s.StatusCode
	}
	return all, gone, code
}

// The first answer, by hand after RFC 8415 §8 and §21, RFC 3646 and RFC 6355.
func TestAdvertise(t *testing.T) {
	solicit := []byte{1, 1, 2, 3, // Solicit
		0, 1, 0, 10, 0, 3, 0, 1, 2, 0, 0, 0, 0, 9, // Client Identifier: a DUID-LL
		0, 6, 0, 4, 0, 23, 0, 24, // Option Request: name servers, domains
		0, 8, 0, 2, 0, 0, // Elapsed Time
		0, 25, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0} // IA_PD
	duid := denver.ToBytes()
	want := append([]byte{2, 1, 2, 3, 0, 2, 0, 18}, duid...)
	want = append(want, 0, 1, 0, 10, 0, 3, 0, 1, 2, 0, 0, 0, 0, 9,
		0, 25, 0, 41, 0, 0, 0, 1, 0, 0, 0x05, 0x46, 0, 0, 0x08, 0x70, // T1, T2
		0, 26, 0, 25, 0, 0, 0x0A, 0x8C, 0, 0, 0x15, 0x18, 56, // preferred, valid
		0x20, 1, 0x0D, 0xB8, 1, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 7, 0, 1, 255, // Preference
		0, 23, 0, 16, 0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53,
		0, 24, 0, 14, 4, 'c', 'o', 'r', 'p', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0)
	s := server()
	got, err := s.Receive(began, datagramOf(hers, allServers, serverPort, solicit...))
	if err != nil || !bytes.Equal(got[48:], want) {
		t.Errorf("%v\n% x, want\n% x", err, got[48:], want)
	}
	if read(t, got); s.Delegated().IsValid() || !s.Deadline().IsZero() {
		t.Error("delegated before it was requested")
	}
	if len(duid) != 18 || duid[1] != 4 || duid[8]>>4 != 8 || duid[10]>>6 != 2 || !NewDUID("denver").Equal(denver) || NewDUID("boston").Equal(denver) {
		t.Errorf("DUID % x", duid)
	}
}

// A prefix is requested, renewed, and lapses when it is not.
func TestRequestRenewAndLapse(t *testing.T) {
	s, all := server(), []string{prefix.String()}
	now := began
	for _, tt := range []struct {
		what   string
		packet []byte
	}{
		{"Request", asks(dhcpv6.MessageTypeRequest, clientID, serverID, pd(1, prefix))},
		{"Renew", asks(dhcpv6.MessageTypeRenew, clientID, serverID, pd(1, prefix))},
		{"Rebind", asks(dhcpv6.MessageTypeRebind, clientID, pd(1, prefix))},
	} {
		m := ask(t, s, now, tt.packet)
		got, gone, code := given(t, m.Options.OneIAPD())
		if m.MessageType != dhcpv6.MessageTypeReply || !slices.Equal(got, all) || gone != nil || code != 0 || s.Delegated() != prefix || s.Deadline() != now.Add(90*time.Minute) {
			t.Errorf("%s: %v, until %v", tt.what, m, s.Deadline())
		}
		if m.Options.DNS() != nil || m.Options.DomainSearchList() != nil {
			t.Errorf("%s: told what nobody asked for: %v", tt.what, m)
		}
		now = now.Add(time.Hour)
	}
	s.Expire(s.Deadline().Add(-1))
	if s.Delegated() != prefix {
		t.Error("lapsed before the time")
	}
	if s.Expire(s.Deadline()); s.Delegated().IsValid() || !s.Deadline().IsZero() {
		t.Errorf("%v did not lapse", s.Delegated())
	}
}

// Where the link comes up again with another address of ours, what she has stands.
func TestMove(t *testing.T) {
	s := server()
	ask(t, s, began, asks(dhcpv6.MessageTypeRequest, clientID, serverID, pd(1, prefix)))
	until, now := s.Deadline(), began.Add(time.Minute)
	moved := netip.MustParseAddr("fe80::2")
	s.Move(moved)
	if s.Delegated() != prefix || s.Deadline() != until {
		t.Errorf("%v until %v", s.Delegated(), s.Deadline())
	}
	answer, err := s.Receive(now, asks(dhcpv6.MessageTypeRenew, clientID, serverID, pd(1, prefix)))
	if err != nil {
		t.Fatal(err)
	}
	if h, err := lan.Parse6(answer); err != nil || h.Src != moved || lan.Checksum6(moved, hers, lan.UDP, answer[40:]) != 0 {
		t.Errorf("%+v, %v", h, err)
	}
	if s.Deadline() != now.Add(90*time.Minute) {
		t.Errorf("renewed until %v", s.Deadline())
	}
}

// After a redial, or a restart of ours, she renews what we do not know of: a prefix
// that is not hers any more she is told not to use (RFC 8415 §18.3.4, §18.3.5).
func TestRenewAnother(t *testing.T) {
	old := netip.MustParsePrefix("2001:db8:7::/56")
	for _, packet := range [][]byte{asks(dhcpv6.MessageTypeRenew, clientID, serverID, pd(1, old)), asks(dhcpv6.MessageTypeRebind, clientID, pd(1, old))} {
		s := server()
		if got, gone, _ := given(t, ask(t, s, began, packet).Options.OneIAPD()); !slices.Equal(got, []string{prefix.String()}) || !slices.Equal(gone, []string{old.String()}) || s.Delegated() != prefix {
			t.Errorf("she has %v, and no longer %v", got, gone)
		}
		s = server()
		s.o.Offer = func() netip.Prefix { return netip.Prefix{} }
		if got, gone, code := given(t, ask(t, s, began, packet).Options.OneIAPD()); got != nil || !slices.Equal(gone, []string{old.String()}) || code != iana.StatusNoPrefixAvail || s.Delegated().IsValid() {
			t.Errorf("where there is none: she has %v, and no longer %v, %v", got, gone, code)
		}
	}
}

func TestRapidCommit(t *testing.T) {
	s := server()
	m := ask(t, s, began, asks(dhcpv6.MessageTypeSolicit, clientID, rapid, pd(1)))
	if m.MessageType != dhcpv6.MessageTypeReply || m.GetOneOption(dhcpv6.OptionRapidCommit) == nil || s.Delegated() != prefix {
		t.Errorf("%v", m)
	}
	s = server()
	s.o.Offer = func() netip.Prefix { return netip.Prefix{} }
	m = ask(t, s, began, asks(dhcpv6.MessageTypeSolicit, clientID, rapid, pd(1)))
	if _, _, code := given(t, m.Options.OneIAPD()); m.MessageType != dhcpv6.MessageTypeAdvertise || m.GetOneOption(dhcpv6.OptionRapidCommit) != nil || code != iana.StatusNoPrefixAvail {
		t.Errorf("where there is none: %v", m)
	}
}

// Addresses are refused, and a second prefix for the same client; another client on
// the link takes over.
func TestRefused(t *testing.T) {
	s := server()
	iata := &dhcpv6.OptIATA{IaId: [4]byte{3: 8}}
	for _, packet := range [][]byte{asks(dhcpv6.MessageTypeSolicit, clientID, iana1, iata, pd(1), pd(2)), asks(dhcpv6.MessageTypeRequest, clientID, serverID, iana1, iata, pd(1), pd(2))} {
		m := ask(t, s, began, packet)
		na, ta, ias := m.Options.OneIANA(), m.Options.OneIATA(), m.Options.IAPD()
		if na == nil || na.IaId != iana1.IaId || na.Options.Status().StatusCode != iana.StatusNoAddrsAvail || ta == nil || ta.IaId != iata.IaId || ta.Options.Status().StatusCode != iana.StatusNoAddrsAvail || len(ias) != 2 {
			t.Fatalf("%v", m)
		}
		first, _, _ := given(t, ias[0])
		second, _, code := given(t, ias[1])
		if len(first) != 1 || second != nil || code != iana.StatusNoPrefixAvail {
			t.Errorf("%v", m)
		}
	}
	if got, _, code := given(t, ask(t, s, began, asks(dhcpv6.MessageTypeRequest, clientID, serverID, pd(2))).Options.OneIAPD()); got != nil || code != iana.StatusNoPrefixAvail {
		t.Errorf("in another association: %v, %v", got, code)
	}
	anew := dhcpv6.OptClientID(&dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: net.HardwareAddr{2, 0, 0, 0, 0, 10}})
	if got, _, _ := given(t, ask(t, s, began, asks(dhcpv6.MessageTypeRequest, anew, serverID, pd(1))).Options.OneIAPD()); len(got) != 1 {
		t.Error("her machine, begun anew, gets none")
	}
	m := ask(t, s, began, asks(dhcpv6.MessageTypeRelease, clientID, serverID, pd(1, prefix)))
	if _, _, code := given(t, m.Options.OneIAPD()); code != iana.StatusNoBinding || s.Delegated() != prefix {
		t.Errorf("released by whom it is not any more: %v", m)
	}
}

func TestRelease(t *testing.T) {
	s := server()
	ask(t, s, began, asks(dhcpv6.MessageTypeRequest, clientID, serverID, pd(1)))
	for _, tt := range []struct {
		what string
		ia   dhcpv6.Option
		has  bool
	}{{"another association", pd(2, prefix), true}, {"another prefix", pd(1, netip.MustParsePrefix("2001:db8:100:ff00::/60")), true}, {"an address", iana1, true}, {"hers", pd(1, prefix), false}, {"once more", pd(1, prefix), false}} {
		m := ask(t, s, began, asks(dhcpv6.MessageTypeRelease, clientID, serverID, tt.ia))
		if m.MessageType != dhcpv6.MessageTypeReply || m.Options.Status() == nil || m.Options.Status().StatusCode != iana.StatusSuccess || s.Delegated().IsValid() != tt.has {
			t.Errorf("%s: %v, then %v", tt.what, m, s.Delegated())
		}
		if ia := m.Options.OneIAPD(); tt.what == "once more" && (ia == nil || ia.Options.Status().StatusCode != iana.StatusNoBinding) {
			t.Errorf("%s: %v", tt.what, m)
		}
	}
}

func TestInformation(t *testing.T) {
	s := server()
	oro := dhcpv6.OptRequestedOption(dhcpv6.OptionDNSRecursiveNameServer, dhcpv6.OptionDomainSearchList, dhcpv6.OptionInformationRefreshTime)
	m := ask(t, s, began, asks(dhcpv6.MessageTypeInformationRequest, oro))
	if d := m.Options.DNS(); len(d) != 1 || d[0].String() != "2001:db8::53" {
		t.Errorf("name servers %v", d)
	}
	if l := m.Options.DomainSearchList(); l == nil || !slices.Equal(l.Labels, []string{"corp.example"}) || m.Options.InformationRefreshTime(0) != 45*time.Minute {
		t.Errorf("%v", m)
	}
	s.o.DNS, s.o.Search = nil, nil
	m = ask(t, s, began, asks(dhcpv6.MessageTypeInformationRequest, clientID, serverID, dhcpv6.OptRequestedOption(dhcpv6.OptionDNSRecursiveNameServer, dhcpv6.OptionDomainSearchList)))
	if len(m.Options.Options) != 2 {
		t.Errorf("without anything to tell: %v", m)
	}
}
