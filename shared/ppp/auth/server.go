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
	opt    ServerOptions

	phase    phase
	id       byte // of the present question; PAP: of the peer's last request
	past     [][]byte
	asked    int // questions since the last answer
	deadline time.Time
	code     byte // the last answer, for repeats
	message  []byte
	outcome  Outcome
	wants    byte   // the code of the peer's next CHAP packet
	next     bool   // it answers a Failure: its Identifier is one more
	taken    byte   // the code of its last one
	tries    int    // how often the peer was let try again
	user     string // the Name of its last Response
	keys     Keys   // of the first Success
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
	// LM takes MS-CHAP's LAN Manager response where the peer sends nothing
	// better. A listener can find the password from it.
	LM bool
}

// NewServer demands method m, as LCP agreed on it.
func NewServer(m Method, o ServerOptions) *Server {
	if o.Rand == nil {
		o.Rand = cryptorand.Reader
	}
	o.Name = o.Name[:min(len(o.Name), maxText)]
	return &Server{method: m, opt: o}
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
	s.wait(now)
	s.wants, s.next = chapResponse, false
	if s.method == EAP {
		out.Send(ppp.EAP, packet{eapRequest, s.id, []byte{eapIdentity}}.append(nil))
		return
	}
	value := s.random(now, challengeSize(s.method))
	if s.phase == broken {
		return
	}
	s.id++
	s.remember(value)
	out.Send(ppp.CHAP, packet{chapChallenge, s.id, appendCHAP(nil, value, s.opt.Name)}.append(nil))
}

func (s *Server) wait(now time.Time) {
	s.asked++
	s.phase, s.deadline = asking, now.Add(time.Duration(s.asked)*restart)
}

// random draws n octets. When there are none it breaks the server, which then
// asks nobody and fails at once.
func (s *Server) random(now time.Time, n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.opt.Rand, b); err != nil {
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
	case c == nil && s.next && k.id == s.id && k.code == s.taken: // the Failure was lost
		s.reply(out)
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
	case s.method.Protocol() == ppp.CHAP:
		return s.readCHAP(k)
	}
	return nil
}

// readCHAP makes a claim of a Response or a Change-Password packet. What
// answers a Failure has the next Identifier (RFC 2759 §7).
func (s *Server) readCHAP(k packet) *Claim {
	id := s.id
	if s.next {
		id++
	}
	if k.code != s.wants || k.id != id {
		return nil
	}
	p := proof{id: k.id, challenge: s.past[len(s.past)-1], lm: s.opt.LM}
	var err error
	if k.code == chapChange {
		p.change = new(change)
		*p.change, p.response, err = parseChange(k.data)
	} else {
		var value []byte
		value, s.user, err = parseCHAP(k.data)
		p.response = bytes.Clone(value)
	}
	if err != nil {
		return nil
	}
	s.id, s.next, s.taken = id, false, k.code
	return &Claim{s.method, s.user, seal(p)}
}

// Answer tells the peer the verdict on the last claim; Outcome says what came
// of it. Without a claim that waits for a verdict it does nothing.
func (s *Server) Answer(now time.Time, v Verdict, out *ppp.Outbox) {
	if s.phase != claimed {
		return
	}
	text := printable(v.Message)
	s.code, s.message, s.outcome = chapFailure, []byte(text), Failure // EAP's codes are the same
	s.phase, s.deadline = settled, time.Time{}
	if v.OK {
		s.code, s.outcome = chapSuccess, Success
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
		s.refuse(now, v, text)
	}
	s.reply(out)
}

// refuse makes MS-CHAP's Failure, after which the peer may try again if the
// verdict lets it.
func (s *Server) refuse(now time.Time, v Verdict, text string) {
	f := failure{reason: v.Reason, text: text, challenge: make([]byte, challengeSize(s.method))}
	_, err := io.ReadFull(s.opt.Rand, f.challenge)
	f.retry = v.Retry && err == nil && s.tries < maxTries && s.taken != chapChange // RFC 2433 B.1: not after a change
	wants := byte(chapResponse)
	if v.Reason == PasswordExpired {
		wants = chapChange
		f.retry = f.retry && s.method == MSCHAPv2
	}
	s.message = appendMSFailure(nil, s.method, f)
	if !f.retry {
		return
	}
	s.tries++
	s.wants = wants
	s.outcome, s.next, s.asked = Pending, true, 0
	s.remember(f.challenge)
	s.wait(now)
}

// remember keeps a challenge, to know it again.
func (s *Server) remember(challenge []byte) {
	s.past = append(s.past[max(0, len(s.past)-remembered+1):], challenge)
}

// Outcome is what the peer has been told in the end; Pending while it may still
// answer.
func (s *Server) Outcome() Outcome { return s.outcome }

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
	if s.phase == settled && s.outcome == Success {
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
	if s.next { // RFC 2759 §6: a person may have to type; the Failure may have been lost
		s.wait(now)
		s.reply(out)
		return false
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
