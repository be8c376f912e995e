// Package ipcp is IP's control protocol on a PPP link: RFC 1332 with the
// server addresses of RFC 1877.
package ipcp

import (
	"errors"
	"net/netip"

	"carrier/shared/ppp/cp"
)

// The Configuration Options. IP-Addresses (1) is deprecated and
// IP-Compression-Protocol (2) not spoken: both are rejected (RFC 1332 §3.1,
// §3.2).
const (
	optionAddress = 3 // RFC 1332 §3.3
	optionDNS1    = 129
	optionNBNS1   = 130
	optionDNS2    = 131
	optionNBNS2   = 132 // RFC 1877 §1
)

// ErrNoAddress ends the negotiation of a client to whom the peer gives none.
var ErrNoAddress = errors.New("peer gives us no IP address")

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
// and missing addresses were not agreed: a peer that never named its address
// has no valid Remote.
type Agreed struct {
	Local, Remote netip.Addr
	DNS, NBNS     []netip.Addr // the servers that the peer gave us
}

// IPCP is the cp.Negotiator of one link.
type IPCP struct {
	opt    Options
	asks   []ask
	remote netip.Addr // what the peer asked for last
}

// An ask is one option of our Configure-Request.
type ask struct {
	option uint8
	addr   netip.Addr // unspecified: the peer shall choose
}

var unspecified = netip.IPv4Unspecified()

// New makes the negotiator of one link.
func New(o Options) *IPCP { return &IPCP{opt: o} }

// Reset begins a negotiation (cp.Negotiator).
func (n *IPCP) Reset() {
	n.asks, n.remote = nil, netip.Addr{}
	switch o := &n.opt; {
	case o.Local.Is4():
		n.asks = append(n.asks, ask{optionAddress, o.Local})
	case o.AskAddress:
		n.asks = append(n.asks, ask{optionAddress, unspecified})
	}
	if n.opt.AskDNS {
		n.asks = append(n.asks, ask{optionDNS1, unspecified}, ask{optionDNS2, unspecified})
	}
	if n.opt.AskNBNS {
		n.asks = append(n.asks, ask{optionNBNS1, unspecified}, ask{optionNBNS2, unspecified})
	}
}

// Request lists our options (cp.Negotiator).
func (n *IPCP) Request() []cp.Option {
	opts := make([]cp.Option, len(n.asks))
	for i, a := range n.asks {
		opts[i] = option(a.option, a.addr)
	}
	return opts
}

// Acked needs nothing: what was asked for last is what was agreed
// (cp.Negotiator).
func (n *IPCP) Acked() {}

// Naked takes the addresses that the peer chooses for us, where it may
// (cp.Negotiator).
func (n *IPCP) Naked(opts []cp.Option) error {
	for _, o := range opts {
		addr, ok := netip.AddrFromSlice(o.Data)
		if !ok || !addr.Is4() || addr.IsUnspecified() || o.Type == optionAddress && !n.opt.AskAddress {
			continue
		}
		for i := range n.asks {
			if n.asks[i].option == o.Type {
				n.asks[i].addr = addr
			}
		}
	}
	return nil
}

// Rejected drops what the peer does not negotiate (cp.Negotiator).
func (n *IPCP) Rejected(opts []cp.Option) error {
	for _, o := range opts {
		if o.Type == optionAddress && n.opt.AskAddress {
			return ErrNoAddress
		}
		for i, a := range n.asks {
			if a.option == o.Type {
				n.asks = append(n.asks[:i:i], n.asks[i+1:]...)
				break
			}
		}
	}
	return nil
}

// Agreed is what was agreed.
func (n *IPCP) Agreed() Agreed {
	a := Agreed{Remote: n.remote}
	for _, k := range n.asks {
		if k.addr.IsUnspecified() {
			continue // acknowledged without being filled in
		}
		switch k.option {
		case optionAddress:
			a.Local = k.addr
		case optionDNS1, optionDNS2:
			a.DNS = append(a.DNS, k.addr)
		case optionNBNS1, optionNBNS2:
			a.NBNS = append(a.NBNS, k.addr)
		}
	}
	return a
}

func option(typ uint8, addr netip.Addr) cp.Option {
	a := addr.As4()
	return cp.Option{Type: typ, Data: a[:]}
}
