package cbcp

import (
	"bytes"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

// A packet that is not answered is sent again, Windows does it ten times
// ([MS-CBCP] §3.1.1, §3.2.1).
const (
	repeat   = 3 * time.Second
	attempts = 10
)

// A sender sends the last packet again until it is answered.
type sender struct {
	packet   cp.Packet
	left     int
	deadline time.Time
}

func (s *sender) start(now time.Time, p cp.Packet, out *ppp.Outbox) {
	s.packet, s.left = p, attempts
	s.send(now, out)
}

func (s *sender) send(now time.Time, out *ppp.Outbox) {
	s.left--
	s.deadline = now.Add(repeat)
	out.Send(ppp.CBCP, s.packet.Append(nil))
}

func (s *sender) stop() { s.deadline = time.Time{} }

// due tells that the packet is to be sent once more, or that it was sent for the
// last time: the other end is silent.
func (s *sender) due(now time.Time) (again, silent bool) {
	if s.deadline.IsZero() || now.Before(s.deadline) {
		return false, false
	}
	if s.left == 0 {
		s.stop()
		return false, true
	}
	return true, false
}

// A Server is the part of who was called. It has no clock and does no I/O; it is
// not safe for concurrent use.
type Server struct {
	offer    Offer
	sender   sender
	response []byte // the data of the caller's, once it was judged good
	answered bool   // by Answer
}

// NewServer makes one of an Offer that passed its Check.
func NewServer(o Offer) *Server { return &Server{offer: o} }

// Start asks the caller.
func (s *Server) Start(now time.Time, out *ppp.Outbox) {
	s.sender.start(now, cp.Packet{Code: Request, ID: 1, Data: AppendOptions(nil, s.offer.options())}, out)
}

// Receive takes the information field of a frame. A Choice that is made waits for
// Answer; nil: none is. The error says what is wrong with a Response that chooses
// what there is not: ErrNotOffered, ErrManifold, ErrNoNumber or ErrForeign. What does
// not parse, or is late, is silently discarded. An acknowledged Response that comes
// again is acknowledged again.
func (s *Server) Receive(info []byte, out *ppp.Outbox) (*Choice, error) {
	p, err := cp.Parse(info)
	if err != nil || p.Code != Response || p.ID != s.sender.packet.ID {
		return nil, nil
	}
	if s.response != nil {
		if s.answered && bytes.Equal(p.Data, s.response) {
			s.acknowledge(out)
		}
		return nil, nil
	}
	options, err := ParseOptions(p.Data)
	if err != nil {
		return nil, nil
	}
	c, err := s.offer.judge(options)
	s.sender.stop()
	if err != nil {
		return nil, err
	}
	s.response = bytes.Clone(p.Data)
	return &c, nil
}

// Answer acknowledges the Choice. Without one that waits it does nothing.
func (s *Server) Answer(out *ppp.Outbox) {
	if s.response != nil && !s.answered {
		s.answered = true
		s.acknowledge(out)
	}
}

func (s *Server) acknowledge(out *ppp.Outbox) {
	out.Send(ppp.CBCP, cp.Packet{Code: Ack, ID: s.sender.packet.ID, Data: s.response}.Append(nil))
}

// Deadline is when Expire wants to be called; zero when it does not.
func (s *Server) Deadline() time.Time { return s.sender.deadline }

// Expire asks once more, with an Identifier of its own ([MS-CBCP] §2.2.4.1). It is
// true when the caller has left all Requests unanswered.
func (s *Server) Expire(now time.Time, out *ppp.Outbox) (silent bool) {
	again, silent := s.sender.due(now)
	if again {
		s.sender.packet.ID++
		s.sender.send(now, out)
	}
	return silent
}
