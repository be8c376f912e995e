package auth

import (
	"bytes"
	"io"
)

// remembered is how many of its last challenges a server knows again.
const remembered = 16

// A memory holds the challenges that a server has sent on its link, by any
// method.
type memory [][]byte

func (m *memory) add(challenge []byte) {
	*m = append((*m)[max(0, len(*m)-remembered+1):], challenge)
}

func (m memory) has(challenge []byte) bool {
	for _, c := range m {
		if bytes.Equal(c, challenge) {
			return true
		}
	}
	return false
}

// An examiner is the authenticator's part of CHAP and its kin, alone and
// inside EAP: its challenges, the peer's Responses, what is said to them.
type examiner struct {
	method Method         // of its claims
	opt    *ServerOptions // of the server, as is sent
	sent   *memory

	id        byte   // of the last challenge, then of what answered it
	challenge []byte // that counts
	wants     byte   // the code of the peer's next packet
	next      bool   // it answers a Failure: its Identifier is one more
	taken     byte   // the code of its last one
	tries     int    // how often the peer was let try again
	user      string // the Name of its last Response
}

// draw makes a new challenge. After an error the last one counts still.
func (x *examiner) draw() error {
	challenge := make([]byte, challengeSize(x.method))
	if _, err := io.ReadFull(x.opt.Rand, challenge); err != nil {
		return err
	}
	x.challenge, x.wants, x.next = challenge, chapResponse, false
	x.sent.add(challenge)
	return nil
}

// question is the packet with the challenge.
func (x *examiner) question() packet {
	return packet{chapChallenge, x.id, appendCHAP(nil, x.challenge, x.opt.Name)}
}

// read makes a claim of a Response or a Change-Password packet; nil: it is
// neither, or not an answer to the last challenge. What answers a Failure has
// the next Identifier (RFC 2759 §7).
func (x *examiner) read(k packet) *Claim {
	id := x.id
	if x.next {
		id++
	}
	if k.code != x.wants || k.id != id {
		return nil
	}
	p := proof{id: k.id, challenge: x.challenge, lm: x.opt.LM}
	var err error
	if k.code == chapChange {
		p.change = new(change)
		*p.change, p.response, err = parseChange(k.data)
	} else {
		var value []byte
		var name string
		if value, name, err = parseCHAP(k.data); err == nil {
			p.response, x.user = bytes.Clone(value), name
		}
	}
	if err != nil {
		return nil
	}
	x.id, x.next, x.taken = id, false, k.code
	return &Claim{x.method, x.user, seal(p)}
}

// repeats tells a packet that was answered with a Failure, after which the peer
// may try again: the Failure was lost.
func (x *examiner) repeats(k packet) bool { return x.next && k.id == x.id && k.code == x.taken }

// reply is what the peer is told: a Success's or Failure's message.
func (x *examiner) reply(v Verdict) []byte {
	text := printable(v.Message)
	switch {
	case !x.method.microsoft():
		return []byte(text)
	case !v.OK:
		return x.refusal(v, text)
	case x.method == MSCHAP:
		return []byte(text)
	}
	return appendMSSuccess(nil, v.authenticator, text)
}

// refusal is MS-CHAP's Failure message, after which the peer may try again if
// the verdict lets it: then next is true.
func (x *examiner) refusal(v Verdict, text string) []byte {
	f := failure{reason: v.Reason, text: text, challenge: make([]byte, challengeSize(x.method))}
	_, err := io.ReadFull(x.opt.Rand, f.challenge)
	f.retry = v.Retry && err == nil && x.tries < maxTries && x.taken != chapChange // RFC 2433 B.1: not after a change
	wants := byte(chapResponse)
	if v.Reason == PasswordExpired {
		wants = chapChange
		f.retry = f.retry && x.method != MSCHAP
	}
	if f.retry {
		x.tries++
		x.challenge, x.wants, x.next = f.challenge, wants, true
		x.sent.add(f.challenge)
	}
	return appendMSFailure(nil, x.method, f)
}
