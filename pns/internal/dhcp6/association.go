package dhcp6

import (
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
)

// What is read of a message: of prefixes, in all of its associations. What is beyond
// is not answered, so that an answer stays small.
const maxAssociations, maxHints = 8, 8

// An association is one of a message: for a prefix, or for addresses, of which there
// are none here.
type association struct {
	id       [4]byte
	prefixes []*dhcpv6.OptIAPrefix              // those that the host has, or would like
	refusal  func(dhcpv6.Options) dhcpv6.Option // the same without leases; nil: it is for a prefix
}

// associations are those of a message, in their order.
func associations(m *dhcpv6.Message) (all []association) {
	hints := maxHints
	for _, o := range m.Options.Options {
		switch o := o.(type) {
		case *dhcpv6.OptIAPD:
			p := o.Options.Prefixes()
			p = p[:min(len(p), hints)]
			hints -= len(p)
			all = append(all, association{id: o.IaId, prefixes: p})
		case *dhcpv6.OptIANA:
			all = append(all, association{refusal: func(inner dhcpv6.Options) dhcpv6.Option {
				return &dhcpv6.OptIANA{IaId: o.IaId, Options: dhcpv6.IdentityOptions{Options: inner}}
			}})
		case *dhcpv6.OptIATA:
			all = append(all, association{refusal: func(inner dhcpv6.Options) dhcpv6.Option {
				return &dhcpv6.OptIATA{IaId: o.IaId, Options: dhcpv6.IdentityOptions{Options: inner}}
			}})
		}
	}
	return all[:min(len(all), maxAssociations)]
}

// associate gives the host her prefix, for the first association that can have it,
// and refuses her all else. It returns what it gave.
func (s *Server) associate(now time.Time, q, r *dhcpv6.Message) (given binding) {
	client := string(q.Options.ClientID().ToBytes())
	has := q.MessageType == dhcpv6.MessageTypeRenew || q.MessageType == dhcpv6.MessageTypeRebind
	for _, a := range associations(q) {
		if a.refusal != nil {
			r.AddOption(a.refusal(dhcpv6.Options{status(iana.StatusNoAddrsAvail)}))
			continue
		}
		var p netip.Prefix
		if !given.prefix.IsValid() {
			p = s.prefix(client, a.id)
		}
		ia := &dhcpv6.OptIAPD{IaId: a.id}
		if p.IsValid() {
			given = binding{p, client, a.id, now.Add(valid)}
			ia.T1, ia.T2 = t1, t2
			ia.Options.Add(&dhcpv6.OptIAPrefix{PreferredLifetime: preferred, ValidLifetime: valid, Prefix: ipNet(p)})
		} else {
			ia.Options.Add(status(iana.StatusNoPrefixAvail))
		}
		for _, old := range a.prefixes {
			if has && old.Prefix != nil && !is(old.Prefix, p) { // it holds no longer: RFC 8415 §18.3.4
				ia.Options.Add(&dhcpv6.OptIAPrefix{Prefix: old.Prefix})
			}
		}
		r.AddOption(ia)
	}
	return given
}

// prefix is what an association can have: nothing, if the same client has her prefix
// in another one. Another client on the link is the same host, begun anew.
func (s *Server) prefix(client string, id [4]byte) netip.Prefix {
	switch b := s.bound; {
	case !b.prefix.IsValid():
		return s.o.Offer()
	case b.client == client && b.iaid != id:
		return netip.Prefix{}
	default:
		return b.prefix
	}
}

// release takes back what the host gives back (RFC 8415 §18.3.7).
func (s *Server) release(q, r *dhcpv6.Message) {
	r.AddOption(status(iana.StatusSuccess))
	client := string(q.Options.ClientID().ToBytes())
	for _, a := range associations(q) {
		none := dhcpv6.Options{status(iana.StatusNoBinding)}
		switch {
		case a.refusal != nil:
			r.AddOption(a.refusal(none))
		case !s.bound.prefix.IsValid() || s.bound.client != client || s.bound.iaid != a.id:
			r.AddOption(&dhcpv6.OptIAPD{IaId: a.id, Options: dhcpv6.PDOptions{Options: none}})
		default:
			for _, p := range a.prefixes {
				if is(p.Prefix, s.bound.prefix) {
					s.bound = binding{}
				}
			}
		}
	}
}

func status(code iana.StatusCode) dhcpv6.Option { return &dhcpv6.OptStatusCode{StatusCode: code} }

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 128)}
}

// is tells whether n, which may be nil, is p.
func is(n *net.IPNet, p netip.Prefix) bool {
	if n == nil || !p.IsValid() {
		return false
	}
	bits, _ := n.Mask.Size()
	return bits == p.Bits() && n.IP.Equal(p.Addr().AsSlice())
}
