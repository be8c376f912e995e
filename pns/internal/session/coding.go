package session

import (
	"cmp"
	"log/slog"
	"time"

	"carrier/pns/internal/flow"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/mppe"
	"carrier/shared/record"
)

// A Policy says what becomes of callers' data on the way.
type Policy uint8

// The policies.
const (
	Clear    Policy = iota // nothing is encrypted
	Optional               // what the caller's machine agrees to
	Required               // a call without it ends before any network protocol opens
)

// Coding is how data may be coded.
type Coding struct {
	Encryption Policy
	MPPE       mppe.Bits // key lengths that are good enough, Stateless where that is preferred, and MPPC
	// Compression is other methods, best first, for calls without encryption.
	Compression []ccp.Method
}

// A coding is CCP's part of a session.
type coding struct {
	ccp  *ccp.CCP  // nil: not offered
	mppe *ccp.MPPE // its keys are those of the last log-in; nil: not among what is offered
	open bool      // what CCP agreed on is in force
}

// offerCoding has CCP negotiated, once the caller is known and her keys with
// her. It is false when the call cannot go on.
func (s *Session) offerCoding(now time.Time) bool {
	left, role := s.keys()
	keys := ccp.KeysOf(left, role)
	can := s.o.Coding.MPPE & (keys.Bits() | mppe.Stateless | mppe.MPPC)
	if s.o.Coding.Encryption == Clear {
		can &^= mppe.Encryption
	}
	if s.o.Coding.Encryption == Required && can&mppe.Encryption == 0 {
		s.close(now, record.NotEncrypted, "encryption is required: "+cmp.Or(left.Why(), "this log-in leaves only keys of other lengths"))
		return false
	}
	c := &s.coding
	if c.ccp != nil { // LCP was negotiated anew
		if c.mppe != nil {
			c.mppe.Can, c.mppe.Keys = can, keys
		}
		return true
	}
	var methods []ccp.Method
	required := s.o.Coding.Encryption == Required
	if can&(mppe.Encryption|mppe.MPPC) != 0 {
		c.mppe = &ccp.MPPE{Can: can, Keys: keys, Required: required}
		methods = append(methods, c.mppe)
	}
	if !required {
		methods = append(methods, s.o.Coding.Compression...)
	}
	if len(methods) > 0 {
		c.ccp = ccp.New(ccp.Options{Receive: methods, Send: methods, Required: required})
		s.link.Network(now, ppp.CCP, c.ccp)
	}
	return true
}

// keys are those that a log-in has left: the caller's, or ours at a server.
func (s *Session) keys() (auth.Keys, mppe.Role) {
	server, client := s.link.Keys()
	if s.o.Dial != nil {
		return client, mppe.Client
	}
	return server, mppe.Server
}

// codingUp puts in force what CCP agreed on.
func (s *Session) codingUp(now time.Time) {
	agreed, lcp := s.coding.ccp.Agreed(), s.link.LCP()
	out, err := ccp.NewOutbound(agreed.Send, int(lcp.Theirs.MRU))
	if err != nil {
		s.close(now, record.NotEncrypted, err.Error())
		return
	}
	in, err := ccp.NewInbound(agreed.Receive, int(lcp.Ours.MRU))
	if err != nil {
		s.close(now, record.NotEncrypted, err.Error())
		return
	}
	required := s.o.Coding.Encryption == Required
	if required && (out == nil || in == nil) {
		s.close(now, record.NotEncrypted, "encryption is required, both ways")
		return
	}
	s.coding.open = true
	s.data.SetCoding(flow.Coding{Out: out, In: in, Sealed: required || encrypts(agreed.Receive)})
	s.log(slog.LevelInfo, "coding", "from", agreed.Receive.String(), "to", agreed.Send.String())
	if required {
		s.link.Release(now, ppp.IPCP)
		s.link.Release(now, ppp.IPV6CP)
		return
	}
	// A caller's machine that requires it has dropped what came before.
	if s.detach == nil {
		s.link.Hurry(now, ppp.IPCP)
	}
	if s.six.detach == nil {
		s.link.Hurry(now, ppp.IPV6CP)
	}
}

// encrypts tells whether a method hides what it carries.
func encrypts(c ccp.Choice) bool {
	bits, err := mppe.Parse(c.Value)
	return err == nil && c.Method != nil && c.Method.Type() == mppe.Option && bits&mppe.Encryption != 0
}

// codingDown is what holds while nothing is agreed: before CCP opens, while it is
// negotiated anew, and when it ends.
func (s *Session) codingDown() {
	s.coding.open = false
	s.data.SetCoding(flow.Coding{Shut: s.o.Coding.Encryption == Required})
}

// codingOver says that there will be no coding.
func (s *Session) codingOver(now time.Time, why string) {
	if s.o.Coding.Encryption == Required {
		s.close(now, record.NotEncrypted, "encryption is required: "+why)
	}
}
