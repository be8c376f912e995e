package auth

import (
	"bytes"
	cryptorand "crypto/rand"
	"io"
	"time"

	"carrier/shared/ppp"
)

// Waiting for an answer starts with restart and grows by as much each time, so
// that an answer that takes longer than the first wait meets its question
// still open: an answer to an older Challenge does not count.
const (
	restart  = 3 * time.Second // as RFC 1661 §4.6 has it for LCP
	maxAsked = 5               // RFC 3748 §4.3: 3 to 5
)

// remembered is how many of its last challenges a server knows again.
const remembered = 16

// A Server is the authenticator's side of one method on one link. It is not
// safe for concurrent use.
type Server struct {
	method Method
	name   string
	rand   io.Reader

	phase    phase
	id       byte // of the present question; PAP: of the peer's last request
	past     [][]byte
	asked    int // questions since the last answer
	deadline time.Time
	code     byte // the last answer, for repeats
	message  []byte
	keys     Keys // of the first Success
}

// A phase is what a Server or Client waits for.
type phase uint8

const (
	idle    phase = iota
	asking        // for the peer's answer
	claimed       // for the owner's verdict
	settled       // for nothing; repeats are answered
	broken        // no random octets: for Expire, to fail
)

// ServerOptions say how a Server demands.
type ServerOptions struct {
	Name string    // ours, in CHAP's Challenges; it is cut at 255 octets
	Rand io.Reader // of challenges; nil: crypto/rand
}

// NewServer demands method m, as LCP agreed on it.
func NewServer(m Method, o ServerOptions) *Server {
	if o.Rand == nil {
		o.Rand = cryptorand.Reader
	}
	return &Server{method: m, name: o.Name[:min(len(o.Name), maxText)], rand: o.Rand}
}

// Start begins: a CHAP Challenge or an EAP Identity request goes out; PAP
// waits, for as long as its owner does.
func (s *Server) Start(now time.Time, out *ppp.Outbox) {
	s.asked = 0
	if s.method == PAP {
		s.phase = asking
		return
	}
	if s.phase == idle {
		s.id = s.random(now, 1)[0]
	}
	s.ask(now, out)
}

// Rechallenge demands again of a peer that has been accepted (RFC 1994 §4.1);
// only the CHAP methods can.
func (s *Server) Rechallenge(now time.Time, out *ppp.Outbox) {
	if s.method.Protocol() == ppp.CHAP && s.phase == settled {
		s.Start(now, out)
	}
}

// ask sends a question and waits for its answer. A Challenge has a new
// identifier and value each time (RFC 1994 §4.1); a repeated EAP request keeps
// its identifier (RFC 3748 §4.1).
func (s *Server) ask(now time.Time, out *ppp.Outbox) {
	s.asked++
	s.phase, s.deadline = asking, now.Add(time.Duration(s.asked)*restart)
	if s.method == EAP {
		out.Send(ppp.EAP, packet{eapRequest, s.id, []byte{eapIdentity}}.append(nil))
		return
	}
	value := s.random(now, challengeSize(s.method))
	if s.phase == broken {
		return
	}
	s.id++
	s.past = append(s.past[max(0, len(s.past)-remembered+1):], value)
	out.Send(ppp.CHAP, packet{chapChallenge, s.id, appendCHAP(nil, value, s.name)}.append(nil))
}

// random draws n octets. When there are none it breaks the server, which then
// asks nobody and fails at once.
func (s *Server) random(now time.Time, n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.rand, b); err != nil {
		s.phase, s.deadline = broken, now
	}
	return b
}

// Receive takes one packet of protocol p, which is not kept. It returns the
// peer's claim when there is a new one; the owner then calls Answer, at once
// or later. Repeats of an answered claim get the same answer again, whatever
// they prove; what does not belong here is dropped silently.
func (s *Server) Receive(now time.Time, p ppp.Protocol, info []byte, out *ppp.Outbox) *Claim {
	k, err := parsePacket(info)
	if err != nil || p != s.method.Protocol() || s.phase == idle || s.phase == broken {
		return nil
	}
	c := s.read(k)
	switch {
	case c == nil:
	case s.phase == asking:
		s.phase, s.deadline = claimed, time.Time{}
		return c
	case s.phase == settled:
		s.reply(out)
	}
	return nil
}

// read makes a claim of the peer's answer to the present question, or nil of
// anything else.
func (s *Server) read(k packet) *Claim {
	switch {
	case s.method == PAP && k.code == papRequest:
		name, password, err := parsePAPRequest(k.data)
		if err != nil {
			return nil
		}
		s.id = k.id // the peer counts its repeats, and looks for the last
		return &Claim{PAP, name, seal(proof{password: password})}
	case s.method == EAP && k.code == eapResponse && k.id == s.id:
		if name, ok := parseIdentity(k.data); ok {
			return &Claim{EAP, name, sealed[proof]{}}
		}
	case s.method.Protocol() == ppp.CHAP && k.code == chapResponse && k.id == s.id:
		value, name, err := parseCHAP(k.data)
		if err != nil {
			return nil
		}
		return &Claim{s.method, name, seal(proof{id: k.id, challenge: s.past[len(s.past)-1], response: bytes.Clone(value)})}
	}
	return nil
}

// Answer tells the peer the verdict on the last claim. Without a claim that
// waits for one it does nothing.
func (s *Server) Answer(now time.Time, v Verdict, out *ppp.Outbox) {
	if s.phase != claimed {
		return
	}
	text := printable(v.Message)
	s.code, s.message = chapFailure, []byte(text) // EAP's codes are the same
	if v.OK {
		s.code = chapSuccess
		if s.keys == (Keys{}) { // a new Challenge on an open link does not change them
			s.keys = v.keys
		}
	}
	switch {
	case s.method == PAP:
		s.code, s.message = s.code-chapSuccess+papAck, appendPAPMessage(nil, text)
	case s.method == EAP:
		s.message = nil // RFC 3748 §4.2: no additional data
	case s.method == MSCHAPv2 && v.OK:
		s.message = appendMSSuccess(nil, v.authenticator, text)
	case s.method.microsoft() && !v.OK:
		challenge := [16]byte(s.random(now, 16))
		s.message = appendMSFailure(nil, s.method, challenge, text)
	}
	s.phase, s.deadline = settled, time.Time{}
	s.reply(out)
}

// Keys is the keying material once the peer was accepted. Later Challenges do
// not change it.
func (s *Server) Keys() Keys { return s.keys }

// reply sends the last answer, again if need be.
func (s *Server) reply(out *ppp.Outbox) {
	out.Send(s.method.Protocol(), packet{s.code, s.id, s.message}.append(nil))
}

// Repeat sends the last answer again unasked, if it let the peer in: it may
// have been lost, and few CHAP peers repeat their Response.
func (s *Server) Repeat(out *ppp.Outbox) {
	if s.phase == settled && s.code != chapFailure && (s.method != PAP || s.code == papAck) {
		s.reply(out)
	}
}

// Deadline is when Expire wants to be called; zero when it does not.
func (s *Server) Deadline() time.Time { return s.deadline }

// Expire asks anew if the deadline has passed. It reports failed when the peer
// has left the last of five questions unanswered, after 45 seconds in all, or
// when there were no random octets to ask with.
func (s *Server) Expire(now time.Time, out *ppp.Outbox) (failed bool) {
	if s.deadline.IsZero() || now.Before(s.deadline) {
		return false
	}
	if s.phase == broken || s.asked >= maxAsked {
		s.phase, s.deadline = idle, time.Time{}
		return true
	}
	s.ask(now, out)
	return false
}

// Reflects tells whether info is a CHAP Challenge with a value that this
// server has sent on this link: a peer that hands our own question back wants
// us to answer it for him. Such a Challenge must not be given to a Client.
func (s *Server) Reflects(p ppp.Protocol, info []byte) bool {
	k, err := parsePacket(info)
	if err != nil || p != ppp.CHAP || k.code != chapChallenge {
		return false
	}
	value, _, err := parseCHAP(k.data)
	for _, v := range s.past {
		if err == nil && bytes.Equal(v, value) {
			return true
		}
	}
	return false
}
