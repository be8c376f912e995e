package eap

import (
	"crypto/sha256"

	"carrier/shared/ppp"
)

// A Result is what one packet meant to a Peer.
type Result struct {
	Outcome Outcome
	Text    string // the other side's words, any octets, or why its word is not believed
}

// An Outcome of a Peer's conversation.
type Outcome uint8

// The outcomes. Pending also stands for "nothing new".
const (
	Pending Outcome = iota
	Accepted
	Refused
)

// A Peer is the side that authenticates itself. It has no timer: the other
// side repeats its Requests (RFC 3748 §4.3). It is not safe for concurrent use.
type Peer struct {
	name    string
	methods []PeerMethod

	method   PeerMethod // under way; nil: none
	standing Standing
	text     string // what the method, or a Notification, said last
	rounds   int
	over     bool

	asked    bool     // there was a Request
	id       byte     // the last one's
	digest   [32]byte // its octets
	response []byte   // the Response, for repeats
}

// NewPeer answers in the name given, by any of the methods, which are the
// Peer's until End. A Nak lists them in this order.
func NewPeer(name string, methods []PeerMethod) *Peer {
	return &Peer{name: name, methods: methods}
}

// Method is the one under way, or the last one; nil: none began.
func (p *Peer) Method() PeerMethod { return p.method }

// Receive takes one packet, which is not kept. A Request that comes again gets
// the same Response again; another one under the same Identifier is dropped. A
// Success before the method's end and a Failure after a protected success are
// not believed (RFC 3748 §4.2). After an outcome a new Request begins a new
// conversation.
func (p *Peer) Receive(info []byte, out *ppp.Outbox) Result {
	k, err := Parse(info)
	switch {
	case err != nil:
	case k.Code == Request:
		return p.request(k, out)
	case k.Code == Success || k.Code == Failure:
		return p.ends(k)
	}
	return Result{}
}

// ends takes a Success or Failure. Some authenticators count its Identifier
// one further than RFC 3748 §4.2 has it.
func (p *Peer) ends(k Packet) Result {
	if p.over || !p.asked || k.ID != p.id && k.ID != p.id+1 {
		return Result{}
	}
	switch {
	case k.Code == Success && (p.standing == Ended || p.standing == Assured):
		p.End()
		return Result{Accepted, p.text}
	case k.Code == Failure && p.standing != Assured:
		p.End()
		return Result{Refused, p.text}
	}
	return Result{}
}

func (p *Peer) request(k Packet, out *ppp.Outbox) Result {
	digest := sha256.Sum256(k.Append(nil))
	if p.asked && k.ID == p.id {
		if digest == p.digest && p.response != nil {
			out.Send(ppp.EAP, p.response)
		}
		return Result{}
	}
	if p.over {
		p.over, p.method, p.standing, p.text, p.rounds = false, nil, Going, "", 0
	}
	if p.rounds++; p.rounds > maxRounds {
		p.End()
		return Result{Refused, ErrRounds.Error()}
	}
	t, data, ok := p.answer(k)
	if !ok {
		return Result{}
	}
	p.asked, p.id, p.digest = true, k.ID, digest
	p.response = Packet{Response, k.ID, t, data}.Append(nil)
	out.Send(ppp.EAP, p.response)
	return Result{}
}

// answer makes the Response to a new Request.
func (p *Peer) answer(k Packet) (t Type, data []byte, ok bool) {
	switch {
	case k.Type == Notification: // RFC 3748 §5.2
		if len(k.Data) > 0 && p.standing != Lost {
			p.text = string(k.Data)
		}
		return Notification, nil, true
	case k.Type == Identity: // RFC 3748 §5.1: its data is a prompt
		return Identity, []byte(p.name), p.method == nil
	case k.Type < MD5:
		return 0, nil, false
	}
	m := p.method
	if m == nil {
		if m = p.find(k.Type); m == nil {
			return Nak, p.takes(), true
		}
		m.Begin()
	}
	if m.Type() != k.Type { // RFC 3748 §2.1: one method in a conversation
		return 0, nil, false
	}
	s := m.Receive(k.ID, k.Data)
	if !s.Answer {
		return 0, nil, false
	}
	p.method, p.standing = m, s.Standing
	if s.Text != "" {
		p.text = s.Text
	}
	return k.Type, s.Data, true
}

func (p *Peer) find(t Type) PeerMethod {
	for _, m := range p.methods {
		if m.Type() == t {
			return m
		}
	}
	return nil
}

// takes lists the types of our methods; a zero says that there are none (RFC
// 3748 §5.3.1).
func (p *Peer) takes() []byte {
	var types []byte
	for _, m := range p.methods {
		types = append(types, byte(m.Type()))
	}
	if types == nil {
		types = []byte{0}
	}
	return types
}

// End gives up what the methods hold. The conversation is over.
func (p *Peer) End() {
	p.over = true
	if p.method != nil {
		p.method.End()
	}
}
