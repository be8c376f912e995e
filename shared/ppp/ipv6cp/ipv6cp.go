// Package ipv6cp is IPv6's control protocol on a PPP link: RFC 5072. Both ends
// agree on two interface identifiers that differ, and with them have link-local
// addresses; all other addresses are IPv6's own business.
package ipv6cp

import (
	"crypto/rand"
	"io"
	"slices"

	"carrier/shared/ppp/cp"
)

// optionIdentifier is Interface-Identifier (RFC 5072 §4.1), the only option that
// is spoken: IPv6-Compression-Protocol (2, RFC 5172) is rejected.
const optionIdentifier = 1

// Options are one end's wishes.
type Options struct {
	// Local is the identifier that we ask for. Zero is a random one, or with
	// AskLocal one that the peer chooses.
	Local    Identifier
	AskLocal bool
	// Remote is what a peer hears that has no identifier, or ours. One that has
	// another keeps it. Zero is a random one.
	Remote Identifier
}

// Agreed is the result of a negotiation, good while IPV6CP is Opened. An
// identifier that is zero was not agreed on.
type Agreed struct {
	Local, Remote Identifier
}

// IPV6CP is the cp.Negotiator of one link.
type IPV6CP struct {
	remote Identifier // of Options
	rand   io.Reader
	first  Identifier // of a negotiation's Configure-Requests; zero: the peer shall choose

	asks      bool       // our next Configure-Request has the option,
	ours      Identifier // and this in it; zero without
	suggested Identifier // of our last Configure-Nak
	missed    bool       // the peer was told that its option is missing
	theirs    Identifier // what the peer asked for last, acknowledged
}

// New makes the negotiator of one link. Identifiers are drawn from random; nil
// means crypto/rand.
func New(o Options, random io.Reader) *IPV6CP {
	if random == nil {
		random = rand.Reader
	}
	n := &IPV6CP{remote: o.Remote, rand: random, first: o.Local}
	if n.first.IsZero() && !o.AskLocal {
		n.first = n.draw(Identifier{})
	}
	return n
}

// Reset begins a negotiation (cp.Negotiator).
func (n *IPV6CP) Reset() {
	n.asks, n.ours = true, n.first
	n.suggested, n.missed, n.theirs = Identifier{}, false, Identifier{}
}

// Request lists our option (cp.Negotiator).
func (n *IPV6CP) Request() []cp.Option {
	if !n.asks {
		return nil
	}
	return []cp.Option{option(n.ours)}
}

// Judge answers the peer's options (cp.Negotiator): RFC 5072 §4.1 compares the
// identifier with that of our last Configure-Request. A peer that names none is
// told once that it may.
func (n *IPV6CP) Judge(opts []cp.Option) (cp.Answer, error) {
	n.theirs = Identifier{}
	var a cp.Answer
	named := false
	for _, o := range opts {
		if o.Type != optionIdentifier {
			a.Reject = append(a.Reject, o)
			continue
		}
		named = true
		id, ok := identifier(o)
		switch same, zero := id == n.ours, id.IsZero(); {
		case !ok:
			a.Nak = append(a.Nak, n.suggest())
		case !same && !zero:
			n.theirs = id
		case same && zero: // there can be no agreement
			a.Reject = append(a.Reject, o)
		default:
			a.Nak = append(a.Nak, n.suggest())
		}
	}
	if !named && !n.missed && len(a.Reject) == 0 {
		n.missed = true
		a.Nak = append(a.Nak, n.suggest())
	}
	return a, nil
}

// suggest is the option of a Configure-Nak: the same for as long as it differs
// from what we ask for.
func (n *IPV6CP) suggest() cp.Option {
	if n.suggested.IsZero() {
		n.suggested = n.remote
	}
	if n.suggested.IsZero() || n.suggested == n.ours {
		n.suggested = n.draw(n.ours)
	}
	return option(n.suggested)
}

// Acked needs nothing: what was asked for last is what was agreed
// (cp.Negotiator).
func (n *IPV6CP) Acked() {}

// Naked takes what the peer suggests. Where that is what we suggested to it, both
// had the same idea, and a new one is needed (RFC 5072 §4.1); so it is where the
// peer has it, and for what is no identifier (cp.Negotiator).
func (n *IPV6CP) Naked(opts []cp.Option) error {
	for _, o := range opts {
		if o.Type != optionIdentifier || !n.asks {
			continue
		}
		id, ok := identifier(o)
		if !ok || id.IsZero() || id == n.suggested || id == n.theirs {
			id = n.draw(n.ours, n.suggested, n.theirs)
		}
		n.ours = id
	}
	return nil
}

// Rejected does without an identifier for us (cp.Negotiator).
func (n *IPV6CP) Rejected(opts []cp.Option) error {
	n.asks, n.ours = false, Identifier{}
	return nil
}

// Agreed is what was agreed.
func (n *IPV6CP) Agreed() Agreed { return Agreed{Local: n.ours, Remote: n.theirs} }

// draw makes a random identifier that is none of those, and not zero. It says of
// itself that it belongs to no hardware.
func (n *IPV6CP) draw(not ...Identifier) Identifier {
	var id Identifier
	if _, err := io.ReadFull(n.rand, id[:]); err != nil {
		_, _ = rand.Read(id[:]) // cannot fail
	}
	id[0] &^= universal
	for id.IsZero() || slices.Contains(not, id) {
		id[7]++
	}
	return id
}

// identifier reads the option's value; it is not ok in another length.
func identifier(o cp.Option) (id Identifier, ok bool) {
	if len(o.Data) != len(id) {
		return Identifier{}, false
	}
	return Identifier(o.Data), true
}

func option(id Identifier) cp.Option {
	return cp.Option{Type: optionIdentifier, Data: id[:]}
}
