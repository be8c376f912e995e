// Package ipcp is IP's control protocol on a PPP link: RFC 1332 with the
// server addresses of RFC 1877.
package ipcp

import (
	"net/netip"

	"carrier/shared/ppp/cp"
)

// Options are one end's wishes. All addresses are IPv4.
type Options struct {
	Local  netip.Addr // our address
	Remote netip.Addr // the peer's; invalid: what it wishes is taken
	// DNS and NBNS are given to a peer that asks: the first two of each.
	DNS, NBNS []netip.Addr
	// A client has the peer choose.
	AskAddress bool // our address; Local, where valid, is a wish
	AskDNS     bool
	AskNBNS    bool
}

// Agreed is the result of a negotiation, good while IPCP is Opened. Invalid
// and missing addresses were not agreed.
type Agreed struct {
	Local, Remote netip.Addr
	DNS, NBNS     []netip.Addr // the servers that the peer gave us
}

// An IPCP is a cp.Negotiator.
type IPCP struct {
	opt    Options
	agreed Agreed
}

var _ cp.Negotiator = (*IPCP)(nil)

// New makes the negotiator of one link.
func New(o Options) *IPCP { return &IPCP{opt: o} }

// Agreed is what was agreed.
func (n *IPCP) Agreed() Agreed { return n.agreed }

// Reset begins a negotiation.
func (n *IPCP) Reset() {}

// Request lists our options.
func (n *IPCP) Request() []cp.Option { return nil }

// Judge answers the peer's.
func (n *IPCP) Judge(opts []cp.Option) (cp.Answer, error) { return cp.Answer{}, nil }

// Acked takes the peer's Ack.
func (n *IPCP) Acked() {}

// Naked takes the peer's suggestions.
func (n *IPCP) Naked(opts []cp.Option) error { return nil }

// Rejected drops options.
func (n *IPCP) Rejected(opts []cp.Option) error { return nil }
