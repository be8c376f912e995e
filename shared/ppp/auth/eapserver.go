package auth

import (
	"errors"
	"slices"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/eap"
	"carrier/shared/ppp/eap/eaptls"
)

// An eapMethod is a method that makes claims: the owner's verdict says how it
// goes on.
type eapMethod interface {
	eap.Method
	claim(identity string) *Claim
	answer(v Verdict) eap.Step
}

func (s *Server) startEAP(now time.Time, first byte, out *ppp.Outbox) {
	var all []eap.Method
	for _, m := range s.opt.EAP {
		switch {
		case m == EAPMD5:
			all = append(all, &md5Server{examiner: s.examiner(m)})
		case m == EAPMSCHAPv2:
			all = append(all, &mschapServer{examiner: s.examiner(m)})
		case m == EAPTLS && s.opt.TLS != nil:
			all = append(all, &tlsServer{Server: eaptls.NewServer(s.opt.TLS, s.opt.MRU)})
		}
	}
	s.eap, s.phase = eap.NewServer(first, all), asking
	if s.opt.HoldTLS {
		s.eap.Hold(eap.TLS)
	}
	s.eap.Start(now, out)
}

func (s *Server) receiveEAP(now time.Time, info []byte, out *ppp.Outbox) *Claim {
	e := s.eap.Receive(now, info, out)
	s.concluded(e)
	switch e {
	case eap.Named:
		s.phase = claimed
		if len(s.opt.EAP) > 0 {
			return &Claim{EAPTLS, s.eap.Name(), seal(proof{begins: true})}
		}
		return &Claim{EAP, s.eap.Name(), sealed[proof]{}}
	case eap.Decision:
		s.phase = claimed
		return s.eap.Method().(eapMethod).claim(s.eap.Name())
	}
	return nil
}

func (s *Server) answerEAP(now time.Time, v Verdict, out *ppp.Outbox) {
	step := eap.Step{Do: eap.Fail}
	if v.OK {
		step.Do = eap.Succeed
	}
	if m, ok := s.eap.Method().(eapMethod); ok {
		step = m.answer(v)
	}
	s.phase, s.denied = asking, !v.OK
	s.concluded(s.eap.Continue(now, step, out))
}

// concluded notes how the conversation ended, if it did.
func (s *Server) concluded(e eap.Event) {
	switch e {
	case eap.Succeeded:
		s.phase, s.outcome = settled, Success
	case eap.Failed:
		s.phase, s.outcome = settled, Failure
	}
}

func (s *Server) expireEAP(now time.Time, out *ppp.Outbox) (failed bool) {
	e := s.eap.Expire(now, out)
	if e == eap.Failed && !s.denied {
		s.phase = idle
		return true
	}
	s.concluded(e)
	return false
}

// Err is why EAP has failed without a verdict; nil: it has not.
func (s *Server) Err() error {
	if s.eap == nil {
		return nil
	}
	return s.eap.Err()
}

// Unproven is the claim of a peer that has failed without a verdict, for the
// log: its Name is the Identity, and it fails every Check. It is nil where Err
// is.
func (s *Server) Unproven() *Claim {
	if s.Err() == nil {
		return nil
	}
	c := &Claim{Method: EAP, Name: s.eap.Name()}
	if m := s.eap.Method(); m != nil && !errors.Is(s.Err(), eap.ErrNoMethod) {
		c.Method = inside(m.Type())
	}
	c.proof = seal(proof{declined: eaptls.Declined(s.Err())})
	return c
}

// inside is the method that a type of EAP's stands for.
func inside(t eap.Type) Method {
	switch t {
	case eap.MD5:
		return EAPMD5
	case eap.MSCHAPv2:
		return EAPMSCHAPv2
	case eap.TLS:
		return EAPTLS
	}
	return EAP
}

// End gives up what EAP holds. Whoever has started a Server ends it.
func (s *Server) End() {
	if s.eap != nil {
		s.eap.End()
	}
}

// An md5Server is EAP's MD5-Challenge (RFC 3748 §5.4): CHAP's values in EAP's
// packets.
type md5Server struct {
	examiner
	claimed *Claim
}

func (m *md5Server) Type() eap.Type { return eap.MD5 }
func (m *md5Server) End()           {}

func (m *md5Server) Begin(id byte) ([]byte, error) {
	if err := m.draw(); err != nil {
		return nil, err
	}
	m.id = id
	return m.question().data, nil
}

func (m *md5Server) Receive(data []byte) eap.Step {
	if m.claimed = m.read(packet{chapResponse, m.id, data}); m.claimed == nil {
		return eap.Step{}
	}
	return eap.Step{Do: eap.Decide}
}

// claim goes by the Identity: the Name in the Response is not part of what is
// proven, and often left out.
func (m *md5Server) claim(identity string) *Claim {
	m.claimed.Name = identity
	return m.claimed
}

// answer sends a refusal's words before the Failure, which has none.
func (m *md5Server) answer(v Verdict) eap.Step {
	if v.OK {
		return eap.Step{Do: eap.Succeed}
	}
	return eap.Step{Do: eap.Fail, Text: printable(v.Message)}
}

// A tlsServer is EAP-TLS: its claims are in a name of the certificate.
type tlsServer struct{ *eaptls.Server }

// claim goes by the Identity, which must be a name of the certificate, whole or
// without its domain; upper and lower case of ASCII letters are the same. A
// claim in another's name is not proven.
func (m *tlsServer) claim(identity string) *Claim {
	issued := eaptls.Names(m.Certificate())
	p := proof{issued: issued, keys: masterKeys(m.MSK())}
	user, _ := SplitName(identity)
	for _, name := range []string{identity, user} {
		if slices.ContainsFunc(issued, func(s string) bool { return s != "" && Fold(s) == Fold(name) }) {
			p.certified = true
			return &Claim{EAPTLS, name, seal(p)}
		}
	}
	return &Claim{EAPTLS, identity, seal(p)}
}

func (m *tlsServer) answer(v Verdict) eap.Step { return m.Answer(v.OK) }
