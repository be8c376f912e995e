package auth

import (
	"carrier/shared/ppp"
	"carrier/shared/ppp/eap"
	"carrier/shared/ppp/eap/eaptls"
)

// eapPeer makes the peer's side of EAP, with all the methods that the login
// can answer, best first.
func (c *Client) eapPeer(o ClientOptions) *eap.Peer {
	var all []eap.PeerMethod
	for _, m := range o.Login.Methods() {
		p := prover{method: m, login: &c.login, rand: o.Rand}
		switch m {
		case EAPMD5:
			all = append(all, &md5Peer{p})
		case EAPMSCHAPv2:
			all = append(all, &mschapPeer{prover: p})
		case EAPTLS:
			all = append(all, &tlsPeer{eaptls.NewPeer(o.Login.TLS, o.MRU)})
		}
	}
	return eap.NewPeer(o.Login.Name, all)
}

// An eapFinder is a method of EAP that knows what keys it leaves.
type eapFinder interface{ found() Keys }

func (c *Client) receiveEAP(info []byte, out *ppp.Outbox) Result {
	if !c.login.Accepts(EAP) {
		return Result{}
	}
	r := c.eap.Receive(info, out)
	text := printable(r.Text)
	switch r.Outcome {
	case eap.Accepted:
		if m, ok := c.eap.Method().(*mschapPeer); ok {
			m.accepted()
			c.prover.changed = c.prover.changed || m.changed
		}
		c.keep(c.eap.Method().(eapFinder).found())
		return Result{Success, text}
	case eap.Refused:
		return Result{Failure, text}
	}
	return Result{}
}

// An md5Peer is the peer's side of MD5-Challenge.
type md5Peer struct{ prover }

func (m *md5Peer) Type() eap.Type { return eap.MD5 }
func (m *md5Peer) Begin()         {}
func (m *md5Peer) End()           {}

func (m *md5Peer) Receive(id byte, data []byte) eap.PeerStep {
	challenge, _, err := parseCHAP(data)
	if err != nil || !m.takes(challenge) {
		return eap.PeerStep{}
	}
	return eap.PeerStep{Answer: true, Data: appendCHAP(nil, m.prove(id, challenge), m.login.Name), Standing: eap.Ended}
}

// A tlsPeer is the peer's side of EAP-TLS.
type tlsPeer struct{ *eaptls.Peer }

func (m *tlsPeer) found() Keys { return masterKeys(m.MSK()) }
