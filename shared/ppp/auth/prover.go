package auth

import "io"

// A prover answers the challenges of CHAP and its kin, alone and inside EAP:
// it knows the Login's secret, and what the last answer was worth.
type prover struct {
	method Method // CHAPMD5, MSCHAP or MSCHAPv2; PAP has nothing to prove
	login  Login
	rand   io.Reader

	authenticator [20]byte // what MS-CHAPv2's Success must show
	keys          Keys
}

// takes tells whether a challenge has the size that it must have.
func (p *prover) takes(challenge []byte) bool {
	if p.method.microsoft() {
		return len(challenge) == challengeSize(p.method)
	}
	return len(challenge) > 0
}

// prove makes a Response's Value for a challenge that it takes; nil when there
// are no random octets.
func (p *prover) prove(id byte, challenge []byte) []byte {
	s := p.login.Secret.sealed.open()
	switch p.method {
	case CHAPMD5:
		sum := md5Response(id, s.password, challenge)
		return sum[:]
	case MSCHAP: // RFC 2433 §6: LAN Manager's response zero, the flag one
		nt := challengeResponse([8]byte(challenge), s.hash)
		p.keys = mschapKeys(s, [8]byte(challenge))
		return append(append(make([]byte, 24, msValueSize), nt[:]...), 1)
	}
	var peer [16]byte
	if _, err := io.ReadFull(p.rand, peer[:]); err != nil {
		return nil
	}
	hash := challengeHash(peer, [16]byte(challenge), p.login.Name)
	nt := challengeResponse(hash, s.hash)
	p.authenticator = authenticatorResponse(s.hash, nt, hash)
	p.keys = mschapv2Keys(s.hash, nt)
	v := append(make([]byte, 0, msValueSize), peer[:]...) // RFC 2759 §4
	v = append(v, make([]byte, 8)...)                     // Reserved
	return append(append(v, nt[:]...), 0)                 // Flags
}

// found is the keying material of the last answer.
func (p *prover) found() Keys {
	if p.keys == (Keys{}) {
		return noKeys(p.method.String() + " leaves no keys")
	}
	return p.keys
}
