package eap

import (
	"errors"
	"slices"
	"time"

	"carrier/shared/ppp"
)

// Waiting for a Response starts with restart and grows by as much each time
// the Request is sent again.
const (
	restart  = 3 * time.Second
	restTLS  = 9 * time.Second // where both ends calculate, and a flight takes a slow line seconds; pppd takes a repeat for the next Request
	maxAsked = 5               // RFC 3748 §4.3: 3 to 5
)

// maxRounds is how many Requests a conversation may have: enough for 64 KiB in
// the smallest useful fragments both ways.
const maxRounds = 256

// Why a conversation failed without its method's doing.
var (
	ErrNoMethod = errors.New("the peer takes none of the methods offered")
	ErrRounds   = errors.New("the conversation does not end")
)

// An Event is what a packet, or the owner's decision, led to.
type Event uint8

// The events.
const (
	Nothing   Event = iota
	Named           // the peer has said its name, and there are no methods, or one that is held comes next: decide
	Decision        // the method has what the owner must decide about
	Succeeded       // Success was sent
	Failed          // Failure was sent
)

// A Server is the authenticator. It is not safe for concurrent use.
type Server struct {
	left   []Method // not tried yet
	method Method   // under way
	heard  bool     // it had a Response: a Nak no longer counts
	held   Type     // a method that does not begin by itself; zero: all do
	before bool     // the owner decides whether that begins

	phase    phase
	id       byte   // of the last Request
	request  []byte // the last Request, for repeats
	name     string
	asked    int // how often it was sent
	rounds   int
	deadline time.Time
	end      Code  // Success or Failure, once decided
	err      error // why Failure
}

type phase uint8

const (
	idle    phase = iota
	asking        // for a Response
	waiting       // for the owner
	telling       // the last Notification before a Failure
	settled       // for nothing; repeats are answered
)

// NewServer tries methods in the order given, which a Nak may shorten; with
// none it only learns the name. The first Request has the Identifier first,
// which should be random. The methods are the Server's until End.
func NewServer(first byte, methods []Method) *Server { return &Server{id: first, left: methods} }

// Hold keeps a method of type t from beginning by itself: the owner decides before, who
// knows the name then. It may do so for what such a method costs.
func (s *Server) Hold(t Type) { s.held = t }

// Start asks for the Identity.
func (s *Server) Start(now time.Time, out *ppp.Outbox) {
	s.request = Packet{Request, s.id, Identity, nil}.Append(nil)
	s.asked, s.phase = 0, asking
	s.send(now, out)
}

// Name is what the peer's Identity Response said: any octets. Nothing proves
// it.
func (s *Server) Name() string { return s.name }

// Method is the one under way, or the last one; nil: none began.
func (s *Server) Method() Method { return s.method }

// Err is why the conversation failed; nil when the owner decided so.
func (s *Server) Err() error { return s.err }

func (s *Server) send(now time.Time, out *ppp.Outbox) {
	s.asked++
	wait := restart
	if s.method != nil && s.method.Type() == TLS {
		wait = restTLS
	}
	s.deadline = now.Add(time.Duration(s.asked) * wait)
	out.Send(ppp.EAP, s.request)
}

// ask sends a new Request.
func (s *Server) ask(now time.Time, t Type, data []byte, out *ppp.Outbox) Event {
	if s.rounds++; s.rounds > maxRounds {
		return s.conclude(Failure, ErrRounds, out)
	}
	s.id++
	s.request = Packet{Request, s.id, t, data}.Append(nil)
	s.asked = 0
	s.send(now, out)
	return Nothing
}

// Receive takes one packet, which is not kept. Only a Response to the last
// Request counts (RFC 3748 §4.1); one that comes again after the end gets the
// same end again, for it may have been lost.
func (s *Server) Receive(now time.Time, info []byte, out *ppp.Outbox) Event {
	p, err := Parse(info)
	if err != nil || p.Code != Response || p.ID != s.id {
		return Nothing
	}
	switch s.phase {
	case asking:
		return s.receive(now, p, out)
	case telling:
		if p.Type == Notification {
			return s.conclude(Failure, s.err, out)
		}
	case settled:
		s.Repeat(out)
	}
	return Nothing
}

func (s *Server) receive(now time.Time, p Packet, out *ppp.Outbox) Event {
	switch {
	case s.method == nil && p.Type == Identity:
		if s.name = string(p.Data); len(s.left) == 0 {
			s.phase, s.deadline = waiting, time.Time{}
			return Named
		}
		return s.try(now, out)
	case s.method == nil: // RFC 3748 §4.1: a Nak of an Identity is no answer
	case p.Type == Nak && !s.heard:
		s.method.End()
		// The peer says what it takes; which of these comes next is our choice.
		s.left = slices.DeleteFunc(slices.Clone(s.left), func(m Method) bool { return !slices.Contains(p.Data, byte(m.Type())) })
		return s.try(now, out)
	case p.Type == s.method.Type():
		return s.perform(now, s.method.Receive(p.Data), out)
	}
	return Nothing
}

// try begins the next method.
func (s *Server) try(now time.Time, out *ppp.Outbox) Event {
	err := ErrNoMethod
	for len(s.left) > 0 {
		m := s.left[0]
		if m.Type() == s.held {
			s.method, s.before = nil, true
			s.phase, s.deadline = waiting, time.Time{}
			return Named
		}
		s.left = s.left[1:]
		data, failed := m.Begin(s.id + 1)
		if failed == nil {
			s.method, s.heard = m, false
			return s.ask(now, m.Type(), data, out)
		}
		err = failed
	}
	return s.conclude(Failure, err, out)
}

// Continue goes on as the owner has decided: with a Step of the method, or
// after Named with Succeed or Fail. Succeed is Success only where there are no methods:
// one that was held begins. Without a decision to make it does nothing.
func (s *Server) Continue(now time.Time, step Step, out *ppp.Outbox) Event {
	if s.phase != waiting {
		return Nothing
	}
	s.phase = asking
	if s.before && step.Do == Succeed {
		s.held, s.before = 0, false
		return s.try(now, out)
	}
	return s.perform(now, step, out)
}

func (s *Server) perform(now time.Time, step Step, out *ppp.Outbox) Event {
	if step.Do == Drop {
		return Nothing
	}
	s.heard = true
	switch step.Do {
	case Ask:
		return s.ask(now, s.method.Type(), step.Data, out)
	case Decide:
		s.phase, s.deadline = waiting, time.Time{}
		return Decision
	case Succeed:
		return s.conclude(Success, nil, out)
	}
	if s.err = step.Err; step.Text == "" {
		return s.conclude(Failure, s.err, out)
	}
	s.phase = telling
	return s.ask(now, Notification, []byte(step.Text), out)
}

// conclude ends the conversation. Success and Failure have the Identifier of
// the Response that they answer (RFC 3748 §4.2).
func (s *Server) conclude(c Code, err error, out *ppp.Outbox) Event {
	s.phase, s.deadline, s.request = settled, time.Time{}, nil
	s.end, s.err = c, err
	s.Repeat(out)
	s.End()
	if c == Success {
		return Succeeded
	}
	return Failed
}

// Repeat sends Success or Failure again, if the conversation has ended with it.
func (s *Server) Repeat(out *ppp.Outbox) {
	if s.phase == settled {
		out.Send(ppp.EAP, Packet{Code: s.end, ID: s.id}.Append(nil))
	}
}

// Deadline is when Expire wants to be called; zero when it does not.
func (s *Server) Deadline() time.Time { return s.deadline }

// Expire sends the last Request again if the deadline has passed (RFC 3748
// §4.3: the same one). It reports Failed when five were left unanswered, after
// 45 seconds in all, of TLS 135: then nothing more is sent, but for the Failure that an
// unanswered Notification had announced.
func (s *Server) Expire(now time.Time, out *ppp.Outbox) Event {
	switch {
	case s.deadline.IsZero() || now.Before(s.deadline):
		return Nothing
	case s.asked < maxAsked:
		s.send(now, out)
		return Nothing
	case s.phase == telling:
		return s.conclude(Failure, s.err, out)
	}
	s.phase, s.deadline = idle, time.Time{}
	s.End()
	return Failed
}

// End gives up what the methods hold. The conversation is over.
func (s *Server) End() {
	if s.phase != settled {
		s.phase, s.deadline = idle, time.Time{}
	}
	if s.method != nil {
		s.method.End()
	}
}
