package eaptls

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"carrier/shared/ppp/eap"
)

// A Peer is the side that is asked for its certificate. It is an
// eap.PeerMethod.
type Peer struct {
	config *tls.Config
	size   int

	tls   *session
	in    assembler
	out   splitter
	stand eap.Standing
	key   [MSKSize]byte
	noKey error
}

var errIndication = errors.New("EAP-TLS: not a success indication")

// NewPeer needs a Config with our certificate, and the RootCAs and ServerName
// that the server must answer to. It is copied; versions before TLS 1.2 and
// the resumption of sessions are switched off. The mru is the other side's, in
// octets; zero is the default.
func NewPeer(c *tls.Config, mru int) *Peer {
	c = c.Clone()
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	c.ClientSessionCache = nil
	return &Peer{config: c, size: packetSize(mru), noKey: errNoKeys}
}

// Type is eap.TLS.
func (p *Peer) Type() eap.Type { return eap.TLS }

// Begin forgets what was before.
func (p *Peer) Begin() {
	p.End()
	*p = Peer{config: p.config, size: p.size, noKey: errNoKeys}
}

// run is the client's part: in TLS 1.3 it ends with the server's success
// indication, one octet of application data that is zero (RFC 9190 §2.1.1).
func run(c *tls.Conn) error {
	if err := c.Handshake(); err != nil || c.ConnectionState().Version < tls.VersionTLS13 {
		return err
	}
	var b [1]byte
	if _, err := c.Read(b[:]); err != nil {
		return err
	}
	if b[0] != 0 {
		return errIndication
	}
	return nil
}

// Receive takes a packet of the authenticator.
func (p *Peer) Receive(_ byte, data []byte) eap.PeerStep {
	message, flags, whole, err := p.in.add(data)
	switch {
	case p.stand != eap.Going && !p.out.more(): // nothing more is wanted
		return p.answer(nil)
	case err != nil:
		return p.lose(err)
	case p.tls == nil && (flags&start == 0 || len(message) > 0 || !whole):
		return eap.PeerStep{} // RFC 5216 §2.1.1: it begins with a Start
	case p.tls == nil:
		p.tls = begin(func(c net.Conn) *tls.Conn { return tls.Client(c, p.config) }, run)
	case p.out.more() && (!whole || len(message) > 0):
		return p.lose(errAck)
	case p.out.more():
		return p.step(p.out.next())
	case !whole:
		return p.step([]byte{0})
	}
	return p.shake(message)
}

// shake gives a flight of the authenticator to TLS.
func (p *Peer) shake(message []byte) eap.PeerStep {
	out := p.tls.feed(message)
	switch {
	case p.tls.err != nil:
		s := p.lose(p.tls.err)
		if len(out) > 0 { // an alert
			s.Data = p.answer(out).Data
		}
		return s
	case p.tls.done:
		state := p.tls.conn.ConnectionState()
		p.key, p.noKey = msk(state)
		if p.stand = eap.Ended; state.Version >= tls.VersionTLS13 {
			p.stand = eap.Assured
		}
	}
	return p.answer(out)
}

func (p *Peer) answer(message []byte) eap.PeerStep {
	p.out = split(message, p.size)
	return p.step(p.out.next())
}

func (p *Peer) step(data []byte) eap.PeerStep {
	return eap.PeerStep{Answer: true, Data: data, Standing: p.stand}
}

// lose gives up: the other side learns it from an alert, or finds an empty
// packet where it wanted more.
func (p *Peer) lose(err error) eap.PeerStep {
	p.stand = eap.Lost
	p.out = splitter{}
	p.End()
	s := p.step([]byte{0})
	s.Text = fmt.Sprint(err)
	return s
}

// MSK is the keying material after success; the error says why there is none.
func (p *Peer) MSK() ([MSKSize]byte, error) { return p.key, p.noKey }

// End ends TLS.
func (p *Peer) End() {
	if p.tls != nil {
		p.tls.end()
	}
}
