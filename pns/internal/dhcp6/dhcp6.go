// Package dhcp6 is a DHCPv6 server's part on a link to one host (RFC 8415): it
// delegates a prefix to her, and tells her of name servers. Her addresses she makes
// of Router Advertisements. It does no I/O.
package dhcp6

import (
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
)

// Options are what a server says. All of it but Local, DUID and Offer may be empty;
// Local may be left to Move.
type Options struct {
	Local  netip.Addr   // its link-local address
	DUID   dhcpv6.DUID  // its own
	DNS    []netip.Addr // name servers, ndp.MaxDNS at most
	Search []string     // domains to look names up in, MaxSearch octets at most
	// Offer is the prefix for the host, the same each time while she has it;
	// invalid: there is none for her.
	Offer func() netip.Prefix
}

// How long a delegation holds when it is not renewed, as with the network that is
// advertised; and when to renew it, here and at any server (RFC 8415 §21.21).
const (
	preferred = 45 * time.Minute
	valid     = 90 * time.Minute
	t1        = preferred / 2
	t2        = preferred * 4 / 5
)

// best is the preference of a server beside whom there is none: the host need not
// wait for others (RFC 8415 §18.2.1).
const best = 255

// A Server is that of one link.
type Server struct {
	o     Options
	bound binding
}

// A binding is what the host has (RFC 8415 §4.2). The zero value is nothing.
type binding struct {
	prefix netip.Prefix
	client string // her DUID
	iaid   [4]byte
	until  time.Time
}

// New makes a server that has delegated nothing.
func New(o Options) *Server { return &Server{o: o} }

// Move gives the server another link-local address, as where the link was down and is
// up again. What it has delegated stands.
func (s *Server) Move(local netip.Addr) { s.o.Local = local }

// Delegated is the prefix that the host has now; invalid: none.
func (s *Server) Delegated() netip.Prefix { return s.bound.prefix }

// Deadline is when Expire is wanted; zero: never.
func (s *Server) Deadline() time.Time { return s.bound.until }

// Expire takes back, at the deadline, what was not renewed.
func (s *Server) Expire(now time.Time) {
	if d := s.bound.until; !d.IsZero() && !now.Before(d) {
		s.bound = binding{}
	}
}

// Receive takes a packet of the host's for which Concerns holds, and returns the
// answer, which has 1280 octets at most. Delegated may be another one then. An
// error says why the packet was ignored; it changed nothing.
func (s *Server) Receive(now time.Time, packet []byte) (answer []byte, err error) {
	h, message, err := datagram(packet)
	if err != nil {
		return nil, err
	}
	q, err := s.parse(h, message)
	if err != nil {
		return nil, err
	}
	r := &dhcpv6.Message{MessageType: dhcpv6.MessageTypeReply, TransactionID: q.TransactionID}
	r.AddOption(dhcpv6.OptServerID(s.o.DUID))
	if id := q.Options.ClientID(); id != nil {
		r.AddOption(dhcpv6.OptClientID(id))
	}
	if !h.Dst.IsMulticast() { // RFC 8415 §18.3.2
		r.AddOption(status(iana.StatusUseMulticast))
		return s.packet(h.Src, r), nil
	}
	s.answer(now, q, r)
	return s.packet(h.Src, r), nil
}

// answer puts into r what q asks for (RFC 8415 §18.3).
func (s *Server) answer(now time.Time, q, r *dhcpv6.Message) {
	switch q.MessageType {
	case dhcpv6.MessageTypeRelease:
		s.release(q, r)
		return
	case dhcpv6.MessageTypeInformationRequest:
		if q.IsOptionRequested(dhcpv6.OptionInformationRefreshTime) {
			r.AddOption(dhcpv6.OptInformationRefreshTime(preferred))
		}
	case dhcpv6.MessageTypeSolicit:
		given := s.associate(now, q, r)
		if given.prefix.IsValid() && q.GetOneOption(dhcpv6.OptionRapidCommit) != nil {
			r.AddOption(&dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionRapidCommit})
			s.bound = given
		} else {
			r.MessageType = dhcpv6.MessageTypeAdvertise
			r.AddOption(dhcpv6.OptPreference(best))
		}
	default: // Request, Renew, Rebind
		if given := s.associate(now, q, r); given.prefix.IsValid() {
			s.bound = given
		}
	}
	s.inform(q, r)
}
