package eaptls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"

	"carrier/shared/ppp/eap"
)

// A Server is the authenticator's side. It is an eap.Method that asks its owner
// to Decide when the peer has shown a certificate that Config.ClientCAs issued:
// the owner looks at Certificate, and goes on with Answer.
type Server struct {
	config *tls.Config
	size   int

	tls   *session
	in    assembler
	out   splitter
	stage stage
	err   error // of stage failing
	key   [MSKSize]byte
	noKey error
	shown *x509.Certificate
}

// A stage is what the next message of the other side should be.
type stage uint8

const (
	shaking  stage = iota // a flight of the handshake
	finished              // TLS 1.2: the acknowledgement of our Finished
	deciding              // nothing: the owner decides
	assured               // TLS 1.3: the acknowledgement of our success indication
	failing               // whatever answers our alert
	over
)

var (
	errHalf    = errors.New("EAP-TLS: a message that ends in the middle of the handshake")
	errRefused = errors.New("EAP-TLS: the other side does not accept the end of the handshake")
	errPacket  = errors.New("EAP-TLS: a packet out of turn")
)

// Declined tells of a Server's error that it was the other side that did not
// want to go on, as where our certificate does not count there.
func Declined(err error) bool {
	var alert *net.OpError // crypto/tls wraps those of the other side so
	return errors.Is(err, errRefused) || errors.As(err, &alert) && alert.Op == "remote error"
}

// NewServer needs a Config with our certificate, and in ClientCAs the
// authorities whose word on users counts: without them nobody gets in. It is
// copied; versions before TLS 1.2 and the resumption of sessions are switched
// off. The mru is the peer's, in octets; zero is the default.
func NewServer(c *tls.Config, mru int) *Server {
	c = c.Clone()
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	c.ClientAuth = tls.RequireAndVerifyClientCert
	c.SessionTicketsDisabled = true
	if c.ClientCAs == nil {
		c.ClientCAs = x509.NewCertPool() // crypto/tls would take every authority of the host
	}
	return &Server{config: c, size: packetSize(mru)}
}

// Type is eap.TLS.
func (s *Server) Type() eap.Type { return eap.TLS }

// Begin makes the Start packet (RFC 5216 §2.1.1).
func (s *Server) Begin(byte) ([]byte, error) {
	s.End()
	*s = Server{config: s.config, size: s.size, noKey: errNoKeys}
	s.tls = begin(func(c net.Conn) *tls.Conn { return tls.Server(c, s.config) }, (*tls.Conn).Handshake)
	return []byte{start}, nil
}

// Receive takes a packet of the peer.
func (s *Server) Receive(data []byte) eap.Step {
	message, _, whole, err := s.in.add(data)
	switch {
	case s.stage == deciding || s.stage == over:
		return eap.Step{}
	case s.stage == failing && !s.out.more():
		return s.fail(s.err)
	case err != nil:
		return s.fail(err)
	case s.out.more() && (!whole || len(message) > 0):
		return s.fail(errAck)
	case s.out.more():
		return eap.Step{Do: eap.Ask, Data: s.out.next()}
	case !whole:
		return eap.Step{Do: eap.Ask, Data: []byte{0}} // RFC 5216 §2.1.5: acknowledged
	}
	switch s.stage {
	case shaking:
		return s.shake(message)
	case finished, assured:
		return s.confirmed(message)
	}
	return s.fail(errPacket)
}

// shake gives a flight of the peer to TLS.
func (s *Server) shake(message []byte) eap.Step {
	out := s.tls.feed(message)
	switch err := s.tls.err; {
	case err != nil && len(out) == 0:
		return s.fail(err)
	case err != nil: // RFC 5216 §2.1.3: the alert, then the Failure
		s.stage, s.err = failing, err
	case !s.tls.done && len(out) == 0:
		return s.fail(errHalf)
	case s.tls.done:
		state := s.tls.conn.ConnectionState()
		s.shown = state.PeerCertificates[0]
		s.key, s.noKey = msk(state)
		if s.stage = finished; len(out) == 0 { // TLS 1.3
			s.stage = deciding
			return eap.Step{Do: eap.Decide}
		}
	}
	return s.send(out)
}

// confirmed takes the peer's empty answer to our last flight. An alert instead
// says that it wants no more of us.
func (s *Server) confirmed(message []byte) eap.Step {
	switch {
	case len(message) > 0:
		return s.fail(errRefused)
	case s.stage == assured:
		s.stage = over
		return eap.Step{Do: eap.Succeed}
	}
	s.stage = deciding
	return eap.Step{Do: eap.Decide}
}

func (s *Server) send(message []byte) eap.Step {
	s.out = split(message, s.size)
	return eap.Step{Do: eap.Ask, Data: s.out.next()}
}

func (s *Server) fail(err error) eap.Step {
	s.stage, s.noKey = over, errNoKeys
	s.End()
	return eap.Step{Do: eap.Fail, Err: err}
}

// Answer is the step that follows the owner's decision. In TLS 1.3 the peer
// learns a yes inside TLS, where nobody can forge it (RFC 9190 §2.1.1).
func (s *Server) Answer(ok bool) eap.Step {
	switch {
	case s.stage != deciding:
		return eap.Step{}
	case !ok:
		return s.fail(nil)
	case s.tls.conn.ConnectionState().Version < tls.VersionTLS13:
		s.stage = over
		return eap.Step{Do: eap.Succeed}
	}
	s.stage = assured
	if _, err := s.tls.conn.Write([]byte{0}); err != nil {
		return s.fail(err)
	}
	return s.send(s.tls.take())
}

// Certificate is the one that the peer has shown, from the owner's decision on;
// nil: none.
func (s *Server) Certificate() *x509.Certificate { return s.shown }

// MSK is the keying material, from the owner's decision on; the error says why
// there is none.
func (s *Server) MSK() ([MSKSize]byte, error) { return s.key, s.noKey }

// End ends TLS.
func (s *Server) End() {
	if s.tls != nil {
		s.tls.end()
	}
}
