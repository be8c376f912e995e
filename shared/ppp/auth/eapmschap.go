package auth

import (
	"errors"

	"carrier/shared/ppp/eap"
)

// An mschapServer is EAP-MSCHAPv2 (draft-kamath-pppext-eap-mschapv2): whole
// MS-CHAPv2 packets in EAP's, and an answer to the last one, of which only the
// code is there.
type mschapServer struct {
	examiner
	claimed *Claim
	told    byte // the Success or Failure that waits for its answer
}

// errUnproven is a peer that does not believe our Success.
var errUnproven = errors.New("the peer does not believe that we know its password")

func (m *mschapServer) Type() eap.Type { return eap.MSCHAPv2 }
func (m *mschapServer) End()           {}

func (m *mschapServer) Begin(id byte) ([]byte, error) {
	if err := m.draw(); err != nil {
		return nil, err
	}
	m.id = id
	return m.question().append(nil), nil
}

// Receive takes a Response or Change-Password packet, or the answer to a
// Success or Failure. Some peers leave the code out of an answer to Success.
func (m *mschapServer) Receive(data []byte) eap.Step {
	code := byte(chapSuccess)
	if len(data) > 0 {
		code = data[0]
	}
	switch {
	case m.told == chapSuccess && code == chapSuccess:
		return eap.Step{Do: eap.Succeed}
	case m.told == chapSuccess && code == chapFailure:
		return eap.Step{Do: eap.Fail, Err: errUnproven}
	case m.told == chapFailure && code == chapFailure:
		return eap.Step{Do: eap.Fail}
	case m.told != 0 && !m.next:
		return eap.Step{}
	}
	k, err := parsePacket(data)
	if err != nil {
		return eap.Step{}
	}
	if m.claimed = m.read(k); m.claimed == nil {
		return eap.Step{}
	}
	return eap.Step{Do: eap.Decide}
}

// claim goes by the Name in the Response, which is part of what is proven.
func (m *mschapServer) claim(string) *Claim { return m.claimed }

func (m *mschapServer) answer(v Verdict) eap.Step {
	m.told = chapFailure
	if v.OK {
		m.told = chapSuccess
	}
	return eap.Step{Do: eap.Ask, Data: packet{m.told, m.id, m.reply(v)}.append(nil)}
}

// An mschapPeer is the peer's side.
type mschapPeer struct {
	prover
	answered bool
	id       byte // of the last Response
}

func (m *mschapPeer) Type() eap.Type { return eap.MSCHAPv2 }
func (m *mschapPeer) End()           {}
func (m *mschapPeer) Begin()         { m.answered = false }

// Receive takes a Challenge, a Success or a Failure. A Success that proves that
// the other side knows the password is answered, and after it nobody can refuse
// us any more; one that does not is the end.
func (m *mschapPeer) Receive(_ byte, data []byte) eap.PeerStep {
	k, err := parsePacket(data)
	switch {
	case err != nil:
	case k.code == chapChallenge:
		return m.challenged(k)
	case !m.answered || k.id != m.id:
	case k.code == chapSuccess:
		text, ok := msSuccess(string(k.data), m.authenticator)
		if !ok {
			return eap.PeerStep{Answer: true, Data: []byte{chapFailure}, Standing: eap.Lost, Text: unproven}
		}
		return eap.PeerStep{Answer: true, Data: []byte{chapSuccess}, Standing: eap.Assured, Text: text}
	case k.code == chapFailure:
		return m.failed(parseMSFailure(string(k.data)))
	}
	return eap.PeerStep{}
}

func (m *mschapPeer) challenged(k packet) eap.PeerStep {
	challenge, _, err := parseCHAP(k.data)
	if err != nil || !m.takes(challenge) || m.answered {
		return eap.PeerStep{}
	}
	value := m.prove(k.id, challenge)
	if value == nil {
		return eap.PeerStep{}
	}
	m.answered, m.id = true, k.id
	return m.respond(chapResponse, appendCHAP(nil, value, m.login.Name))
}

func (m *mschapPeer) failed(f failure) eap.PeerStep {
	if data := m.change(f); data != nil {
		m.id++
		return m.respond(chapChange, data)
	}
	return eap.PeerStep{Answer: true, Data: []byte{chapFailure}, Standing: eap.Lost, Text: f.String()}
}

func (m *mschapPeer) respond(code byte, data []byte) eap.PeerStep {
	return eap.PeerStep{Answer: true, Data: packet{code, m.id, data}.append(nil)}
}
