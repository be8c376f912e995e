package auth

import (
	cryptorand "crypto/rand"
	"crypto/tls"
	"io"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/eap"
)

// Waiting for an answer starts with restart and grows by as much each time, so
// that an answer that takes longer than the first wait meets its question
// still open: an answer to an older Challenge does not count.
const (
	restart  = 3 * time.Second // as RFC 1661 §4.6 has it for LCP
	maxAsked = 5               // RFC 3748 §4.3: 3 to 5
)

// A Server is the authenticator's side of one method on one link. It is not
// safe for concurrent use.
type Server struct {
	method Method
	opt    ServerOptions
	sent   memory
	chap   examiner    // of the CHAP methods
	eap    *eap.Server // of EAP; nil: not started

	phase    phase
	id       byte // of the peer's last answer, which the reply has too
	asked    int  // questions since the last answer
	deadline time.Time
	code     byte // the last reply, for repeats
	message  []byte
	denied   bool // EAP: the verdict was no
	outcome  Outcome
	keys     Keys // of the first Success
}

// ServerOptions say how a Server demands.
type ServerOptions struct {
	Name string    // ours, in Challenges; it is cut at 255 octets
	Rand io.Reader // of challenges; nil: crypto/rand
	// LM takes MS-CHAP's LAN Manager response where the peer sends nothing
	// better. A listener can find the password from it.
	LM bool
	// EAP are the methods that EAP tries, in this order; others are left out.
	// Without one it only learns the peer's name.
	EAP []Method
	TLS *tls.Config // of EAPTLS: our certificate, and in ClientCAs the users' authorities; nil: it is left out
	// HoldTLS has the owner decide before EAPTLS begins, which costs both ends much: there
	// is a Claim that Begins then.
	HoldTLS bool
	MRU     int // the peer's, which EAPTLS keeps to; zero: the default
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

// NewServer demands method m, as LCP agreed on it: PAP, one of CHAP's, or EAP.
func NewServer(m Method, o ServerOptions) *Server {
	if o.Rand == nil {
		o.Rand = cryptorand.Reader
	}
	o.Name = o.Name[:min(len(o.Name), maxText)]
	s := &Server{method: m, opt: o}
	s.chap = s.examiner(m)
	return s
}

func (s *Server) examiner(m Method) examiner { return examiner{method: m, opt: &s.opt, sent: &s.sent} }

// Start begins: a CHAP Challenge or an EAP Identity request goes out; PAP
// waits, for as long as its owner does.
func (s *Server) Start(now time.Time, out *ppp.Outbox) {
	s.asked = 0
	if s.method == PAP {
		s.phase = asking
		return
	}
	if s.phase == idle {
		var first [1]byte
		if _, err := io.ReadFull(s.opt.Rand, first[:]); err != nil {
			s.fail(now)
			return
		}
		s.chap.id = first[0]
	}
	if s.method == EAP {
		s.startEAP(now, s.chap.id, out)
		return
	}
	s.ask(now, out)
}

// fail breaks the server where there are no random octets: it asks nobody, and
// fails at once.
func (s *Server) fail(now time.Time) { s.phase, s.deadline = broken, now }

// Rechallenge demands again of a peer that has been accepted (RFC 1994 §4.1);
// only the CHAP methods can.
func (s *Server) Rechallenge(now time.Time, out *ppp.Outbox) {
	if s.method.Protocol() == ppp.CHAP && s.phase == settled {
		s.Start(now, out)
	}
}

// ask sends a Challenge and waits for its answer. Each has a new identifier and
// value (RFC 1994 §4.1).
func (s *Server) ask(now time.Time, out *ppp.Outbox) {
	if s.chap.draw() != nil {
		s.fail(now)
		return
	}
	s.chap.id++
	s.wait(now)
	out.Send(ppp.CHAP, s.chap.question().append(nil))
}

func (s *Server) wait(now time.Time) {
	s.asked++
	s.phase, s.deadline = asking, now.Add(time.Duration(s.asked)*restart)
}

// Receive takes one packet of protocol p, which is not kept. It returns the
// peer's claim when there is a new one; the owner then calls Answer, at once
// or later. Repeats of an answered claim get the same answer again, whatever
// they prove; what does not belong here is dropped silently. Outcome says
// whether it was the last.
func (s *Server) Receive(now time.Time, p ppp.Protocol, info []byte, out *ppp.Outbox) *Claim {
	if p != s.method.Protocol() || s.phase == idle || s.phase == broken {
		return nil
	}
	if s.method == EAP {
		return s.receiveEAP(now, info, out)
	}
	k, err := parsePacket(info)
	if err != nil {
		return nil
	}
	c := s.read(k)
	switch {
	case c == nil && s.chap.repeats(k):
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
func (s *Server) read(k packet) (c *Claim) {
	if s.method != PAP {
		c = s.chap.read(k)
	} else if name, password, err := parsePAPRequest(k.data); err == nil && k.code == papRequest {
		c = &Claim{PAP, name, seal(proof{password: password})}
	}
	if c != nil {
		s.id = k.id // PAP's peer counts its repeats, and looks for the last
	}
	return c
}

// Answer tells the peer the verdict on the last claim; Outcome says what came
// of it. Without a claim that waits for a verdict it does nothing.
func (s *Server) Answer(now time.Time, v Verdict, out *ppp.Outbox) {
	if s.phase != claimed {
		return
	}
	if v.OK && s.keys == (Keys{}) { // a new Challenge on an open link does not change them
		s.keys = v.keys
	}
	if s.method == EAP {
		s.answerEAP(now, v, out)
		return
	}
	s.phase, s.outcome, s.code = settled, Failure, chapFailure
	if v.OK {
		s.outcome, s.code = Success, chapSuccess
	}
	if s.method == PAP {
		s.code, s.message = s.code-chapSuccess+papAck, appendPAPMessage(nil, printable(v.Message))
	} else if s.message = s.chap.reply(v); s.chap.next {
		s.outcome, s.asked = Pending, 0
		s.wait(now)
	}
	s.reply(out)
}

// reply sends the last answer, again if need be.
func (s *Server) reply(out *ppp.Outbox) {
	out.Send(s.method.Protocol(), packet{s.code, s.id, s.message}.append(nil))
}

// Outcome is what the peer has been told in the end; Pending while it may still
// answer.
func (s *Server) Outcome() Outcome { return s.outcome }

// Keys is the keying material once the peer was accepted. Later Challenges do
// not change it.
func (s *Server) Keys() Keys {
	if s.outcome != Success {
		return Keys{}
	}
	return s.keys
}

// Repeat sends the last answer again unasked, if it let the peer in: it may
// have been lost, and few CHAP peers repeat their Response.
func (s *Server) Repeat(out *ppp.Outbox) {
	switch {
	case s.phase != settled || s.outcome != Success:
	case s.method == EAP:
		s.eap.Repeat(out)
	default:
		s.reply(out)
	}
}

// Deadline is when Expire wants to be called; zero when it does not.
func (s *Server) Deadline() time.Time {
	if s.eap != nil {
		return s.eap.Deadline()
	}
	return s.deadline
}

// Expire asks anew if the deadline has passed. It reports failed when the peer
// has left the last of five questions unanswered, after 45 seconds in all (of
// EAP-TLS 135), or
// when there were no random octets to ask with. An EAP peer that was refused
// and does not answer that is an Outcome, not failed.
func (s *Server) Expire(now time.Time, out *ppp.Outbox) (failed bool) {
	if s.eap != nil {
		return s.expireEAP(now, out)
	}
	switch {
	case s.deadline.IsZero() || now.Before(s.deadline):
	case s.phase == broken || s.asked >= maxAsked:
		s.phase, s.deadline = idle, time.Time{}
		return true
	case s.chap.next: // RFC 2759 §6: a person may have to type; the Failure may have been lost
		s.wait(now)
		s.reply(out)
	default:
		s.ask(now, out)
	}
	return false
}

// Reflects tells whether info asks for an answer to a challenge that this
// server has sent on this link, by CHAP or inside EAP: a peer that hands our
// own question back wants us to answer it for him. Such a packet must not be
// given to a Client.
func (s *Server) Reflects(p ppp.Protocol, info []byte) bool {
	challenge := challengeIn(p, info)
	return challenge != nil && s.sent.has(challenge)
}

// challengeIn is the challenge that a packet asks to be answered; nil: none.
func challengeIn(p ppp.Protocol, info []byte) []byte {
	k, err := parsePacket(info)
	if p == ppp.EAP {
		var e eap.Packet
		switch e, err = eap.Parse(info); {
		case err != nil || e.Code != eap.Request:
			return nil
		case e.Type == eap.MD5:
			k = packet{chapChallenge, e.ID, e.Data}
		case e.Type == eap.MSCHAPv2:
			k, err = parsePacket(e.Data)
		default:
			return nil
		}
	} else if p != ppp.CHAP {
		return nil
	}
	if err != nil || k.code != chapChallenge {
		return nil
	}
	value, _, _ := parseCHAP(k.data)
	return value
}
