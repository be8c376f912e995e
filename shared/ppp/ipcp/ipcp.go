// Package ipcp is IP's control protocol on a PPP link: RFC 1332 with Van
// Jacobson's compression of TCP headers, and the server addresses of RFC 1877.
package ipcp

import (
	"errors"
	"net/netip"

	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/vj"
)

// The Configuration Options. IP-Addresses (1) is deprecated (RFC 1332 §3.1) and
// Mobile-IPv4 (4, RFC 2290) not spoken: both are rejected.
const (
	optionCompression = 2   // RFC 1332 §3.2, §4.1
	optionAddress     = 3   // RFC 1332 §3.3
	optionDNS1        = 129 // RFC 1877 §1.1
	optionNBNS1       = 130 // RFC 1877 §1.2
	optionDNS2        = 131 // RFC 1877 §1.3
	optionNBNS2       = 132 // RFC 1877 §1.4
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
	// VJ is what we ask to receive compressed TCP headers with, and at most send
	// them with where the peer asks; Count is at most vj.MaxSlots. The zero value
	// is no compression.
	VJ vj.Slots
}

// Agreed is the result of a negotiation, good while IPCP is Opened. Invalid
// and missing addresses were not agreed: a peer that never named its address
// has no valid Remote.
type Agreed struct {
	Local, Remote netip.Addr
	DNS, NBNS     []netip.Addr // the servers that the peer gave us
	// SendVJ is what our compressor may use, ReceiveVJ what the peer's may: each
	// direction is agreed by itself, and the zero value is no compression.
	SendVJ, ReceiveVJ vj.Slots
}

// IPCP is the cp.Negotiator of one link.
type IPCP struct {
	opt    Options
	asks   []ask
	vj     vj.Slots   // of our Configure-Request; zero: we do not ask
	remote netip.Addr // what the peer asked for last
	peerVJ vj.Slots
}

// An ask is one address of our Configure-Request.
type ask struct {
	option uint8
	addr   netip.Addr // unspecified: the peer shall choose
}

var unspecified = netip.IPv4Unspecified()

// New makes the negotiator of one link.
func New(o Options) *IPCP { return &IPCP{opt: o} }

// Reset begins a negotiation (cp.Negotiator).
func (n *IPCP) Reset() {
	n.asks, n.vj = nil, n.opt.VJ
	n.remote, n.peerVJ = netip.Addr{}, vj.Slots{}
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
	opts := make([]cp.Option, len(n.asks), len(n.asks)+1)
	for i, a := range n.asks {
		opts[i] = option(a.option, a.addr)
	}
	if n.vj.Count > 0 {
		opts = append(opts, compression(n.vj))
	}
	return opts
}

// Acked needs nothing: what was asked for last is what was agreed
// (cp.Negotiator).
func (n *IPCP) Acked() {}

// Naked takes the addresses that the peer chooses for us, where it may, and less
// compression (cp.Negotiator).
func (n *IPCP) Naked(opts []cp.Option) error {
	for _, o := range opts {
		if o.Type == optionCompression {
			n.suggested(o.Data)
			continue
		}
		addr, ok := netip.AddrFromSlice(o.Data)
		if !ok || !host(addr) || o.Type == optionAddress && !n.opt.AskAddress {
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

// suggested takes what the peer would rather compress with. If that is nothing
// less than we asked for, or another protocol, we do without.
func (n *IPCP) suggested(value []byte) {
	s, err := vj.ParseSlots(value)
	if less := lesser(s, n.vj); err == nil && less != n.vj {
		n.vj = less
	} else {
		n.vj = vj.Slots{}
	}
}

// lesser is what both ends can.
func lesser(a, b vj.Slots) vj.Slots {
	return vj.Slots{Count: min(a.Count, b.Count), Implied: a.Implied && b.Implied}
}

// Rejected drops what the peer does not negotiate (cp.Negotiator).
func (n *IPCP) Rejected(opts []cp.Option) error {
	for _, o := range opts {
		if o.Type == optionAddress && n.opt.AskAddress {
			return ErrNoAddress
		}
		if o.Type == optionCompression {
			n.vj = vj.Slots{}
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
	a := Agreed{Remote: n.remote, ReceiveVJ: n.vj, SendVJ: lesser(n.peerVJ, n.opt.VJ)}
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

func compression(s vj.Slots) cp.Option {
	return cp.Option{Type: optionCompression, Data: s.Append(nil)}
}

func option(typ uint8, addr netip.Addr) cp.Option {
	a := addr.As4()
	return cp.Option{Type: typ, Data: a[:]}
}
