// Package ccp is the Compression Control Protocol on a PPP link (RFC 1962): it
// agrees on a method for each direction, and keeps the two ends of each
// together by Reset-Request and Reset-Ack. Encryption is a method like others.
//
// CCP negotiates; Outbound and Inbound belong to whoever moves the packets,
// since a Reset must keep its place among them.
package ccp

import (
	"bytes"
	"errors"

	"carrier/shared/ppp/cp"
)

// The codes that only CCP has (RFC 1962 §3).
const (
	ResetRequest cp.Code = 14
	ResetAck     cp.Code = 15
)

// ErrRequired ends a negotiation in which the peer would leave one direction
// without any method, where both are required.
var ErrRequired = errors.New("peer agrees to no required method")

// Options are one end's wishes, the best method first.
type Options struct {
	Receive []Method // the peer may send by
	Send    []Method // we would send by
	// Required says that each direction needs a method.
	Required bool
}

// A Choice is the method of one direction and the value agreed on; the zero
// Choice is none.
type Choice struct {
	Method Method
	Value  []byte
}

// String is the method's name with what was agreed, for logs.
func (c Choice) String() string {
	if c.Method == nil {
		return "none"
	}
	return c.Method.Name(c.Value)
}

// Agreed is the result of a negotiation, good while CCP is Opened.
type Agreed struct {
	Receive, Send Choice
}

// CCP is the cp.Negotiator of one link.
type CCP struct {
	opt    Options
	asks   []Choice
	send   Choice
	missed int // requests without a method that is required
}

// maxMissed is how often a peer is told which method is missing.
const maxMissed = 3

// New makes the negotiator of one link.
func New(o Options) *CCP { return &CCP{opt: o} }

// Reset begins a negotiation (cp.Negotiator).
func (n *CCP) Reset() {
	n.asks, n.send, n.missed = nil, Choice{}, 0
	for _, m := range n.opt.Receive {
		n.asks = append(n.asks, Choice{m, m.Value()})
	}
}

// Request lists our options (cp.Negotiator).
func (n *CCP) Request() []cp.Option {
	opts := make([]cp.Option, len(n.asks))
	for i, a := range n.asks {
		opts[i] = cp.Option{Type: a.Method.Type(), Data: a.Value}
	}
	return opts
}

// Acked needs nothing: the first that was asked for last is in use
// (cp.Negotiator).
func (n *CCP) Acked() {}

// Naked asks only for the best of what the peer suggests (RFC 1962 §4;
// cp.Negotiator).
func (n *CCP) Naked(opts []cp.Option) error {
	for _, m := range n.opt.Receive {
		for _, o := range opts {
			if o.Type != m.Type() {
				continue
			}
			if value, ok := m.Naked(o.Data); ok {
				n.asks = []Choice{{m, bytes.Clone(value)}}
				return nil
			}
			n.drop(m.Type())
		}
	}
	return n.enough()
}

// Rejected drops what the peer does not send by (cp.Negotiator).
func (n *CCP) Rejected(opts []cp.Option) error {
	for _, o := range opts {
		n.drop(o.Type)
	}
	return n.enough()
}

func (n *CCP) drop(option uint8) {
	for i, a := range n.asks {
		if a.Method.Type() == option {
			n.asks = append(n.asks[:i:i], n.asks[i+1:]...)
			return
		}
	}
}

func (n *CCP) enough() error {
	if n.opt.Required && len(n.asks) == 0 {
		return ErrRequired
	}
	return nil
}

// Judge answers the peer's options (cp.Negotiator): the one that we like best
// is acknowledged or put right, the others are rejected, so that both ends know
// which is used.
func (n *CCP) Judge(opts []cp.Option) (cp.Answer, error) {
	best, answer := n.best(opts)
	n.send = Choice{}
	var a cp.Answer
	for i, o := range opts {
		switch {
		case i != best:
			a.Reject = append(a.Reject, o)
		case !bytes.Equal(answer.Value, o.Data):
			a.Nak = append(a.Nak, cp.Option{Type: o.Type, Data: answer.Value})
		default:
			n.send = answer
		}
	}
	if best >= 0 || len(a.Reject) > 0 || !n.opt.Required {
		return a, nil
	}
	if n.missed++; n.missed > maxMissed || len(n.opt.Send) == 0 {
		return a, ErrRequired
	}
	m := n.opt.Send[0]
	a.Nak = append(a.Nak, cp.Option{Type: m.Type(), Data: m.Value()})
	return a, nil
}

// best is the option by which we like best to send, and how; -1: there is none.
func (n *CCP) best(opts []cp.Option) (int, Choice) {
	for _, m := range n.opt.Send {
		for i, o := range opts {
			if o.Type != m.Type() {
				continue
			}
			if value, ok := m.Judge(o.Data); ok {
				return i, Choice{m, bytes.Clone(value)}
			}
		}
	}
	return -1, Choice{}
}

// Agreed is what was agreed.
func (n *CCP) Agreed() Agreed {
	a := Agreed{Send: n.send}
	if len(n.asks) > 0 {
		a.Receive = n.asks[0]
	}
	return a
}
