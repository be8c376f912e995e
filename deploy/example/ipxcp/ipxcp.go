// Package ipxcp is IPX's control protocol on a PPP link (RFC 1552), as far as
// docs/adding-a-protocol.md needs it for an example: both ends agree on one
// network number for the link, and each end has a node number. No program uses
// it, for no LAN here carries IPX.
package ipxcp

import (
	"encoding/binary"
	"errors"

	"carrier/shared/ppp/cp"
)

// The options that are spoken (RFC 1552 §3). All others are rejected: a link
// works without them.
const (
	optionNetwork = 1 // IPX-Network-Number
	optionNode    = 2 // IPX-Node-Number
)

// A Node is an IPX node number; zero is none.
type Node [6]byte

// Options are one end's wishes.
type Options struct {
	Network uint32 // of the link; 0: the peer must know it
	Local   Node   // ours; zero: the peer chooses it
	Remote  Node   // what a peer hears that has none, or ours; zero: such a peer is rejected
}

// Agreed is the result of a negotiation, good while IPXCP is Opened. What is
// zero was not agreed on.
type Agreed struct {
	Network       uint32
	Local, Remote Node
}

// What a negotiation cannot do without.
var (
	ErrNoNetwork = errors.New("nobody knows the network number of the link")
	ErrNoNode    = errors.New("peer gives us no node number")
)

// IPXCP is the cp.Negotiator of one link.
type IPXCP struct {
	opt   Options
	asks  map[uint8]bool // what is in our next Configure-Request
	ours  Agreed         // its values
	peers Agreed         // the peer's Network and Remote, as it asked for them last
}

// New makes the negotiator of one link.
func New(o Options) *IPXCP { return &IPXCP{opt: o} }

// Reset begins a negotiation (cp.Negotiator).
func (n *IPXCP) Reset() {
	n.asks = map[uint8]bool{optionNetwork: true, optionNode: true}
	n.ours, n.peers = Agreed{Network: n.opt.Network, Local: n.opt.Local}, Agreed{}
}

// Request lists our options (cp.Negotiator).
func (n *IPXCP) Request() []cp.Option {
	var opts []cp.Option
	for _, o := range []cp.Option{network(n.ours.Network), node(n.ours.Local)} {
		if n.asks[o.Type] {
			opts = append(opts, o)
		}
	}
	return opts
}

// Judge answers the peer's options (cp.Negotiator).
func (n *IPXCP) Judge(opts []cp.Option) (cp.Answer, error) {
	n.peers = Agreed{}
	var a cp.Answer
	for _, o := range opts {
		switch better, ok := n.better(o); {
		case !ok:
			a.Reject = append(a.Reject, o)
		case !better.Equal(o):
			a.Nak = append(a.Nak, better)
		default:
			n.note(o)
		}
	}
	return a, nil
}

// better is the option as we would take it; not ok: in no way.
func (n *IPXCP) better(o cp.Option) (as cp.Option, ok bool) {
	switch {
	case o.Type == optionNetwork && len(o.Data) == 4 && binary.BigEndian.Uint32(o.Data) > n.ours.Network:
		return o, true // the higher of two numbers holds
	case o.Type == optionNetwork && n.ours.Network != 0:
		return network(n.ours.Network), true
	case o.Type == optionNode && len(o.Data) == 6 && Node(o.Data) != Node{} && Node(o.Data) != n.ours.Local:
		return o, true
	case o.Type == optionNode && n.opt.Remote != Node{}:
		return node(n.opt.Remote), true
	}
	return cp.Option{}, false
}

// note keeps what was asked for and is good.
func (n *IPXCP) note(o cp.Option) {
	if o.Type == optionNetwork {
		n.peers.Network = binary.BigEndian.Uint32(o.Data)
	} else {
		n.peers.Remote = Node(o.Data)
	}
}

// Acked needs nothing: what was asked for last is what was agreed
// (cp.Negotiator).
func (n *IPXCP) Acked() {}

// Naked takes a higher network number, and a node number where we have none
// (cp.Negotiator).
func (n *IPXCP) Naked(opts []cp.Option) error {
	for _, o := range opts {
		switch {
		case o.Type == optionNetwork && len(o.Data) == 4:
			n.ours.Network = max(n.ours.Network, binary.BigEndian.Uint32(o.Data))
		case o.Type == optionNode && len(o.Data) == 6 && n.opt.Local == Node{}:
			n.ours.Local = Node(o.Data)
		}
	}
	return nil
}

// Rejected does without an option, if we know its value (cp.Negotiator).
func (n *IPXCP) Rejected(opts []cp.Option) error {
	for _, o := range opts {
		n.asks[o.Type] = false
	}
	switch {
	case !n.asks[optionNetwork] && n.ours.Network == 0:
		return ErrNoNetwork
	case !n.asks[optionNode] && n.ours.Local == Node{}:
		return ErrNoNode
	}
	return nil
}

// Agreed is what was agreed.
func (n *IPXCP) Agreed() Agreed {
	return Agreed{Network: max(n.ours.Network, n.peers.Network), Local: n.ours.Local, Remote: n.peers.Remote}
}

func network(number uint32) cp.Option {
	return cp.Option{Type: optionNetwork, Data: binary.BigEndian.AppendUint32(nil, number)}
}

func node(n Node) cp.Option { return cp.Option{Type: optionNode, Data: n[:]} }
