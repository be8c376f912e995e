package auth

import "io"

// A prover answers the challenges of CHAP and its kin, alone and inside EAP:
// it knows the Login's secret, and what the last answer was worth.
type prover struct {
	method Method // one of CHAP's, or of EAP's with a password; PAP has nothing to prove
	login  *Login // shared: a new password counts for all
	rand   io.Reader

	authenticator [20]byte // what MS-CHAPv2's Success must show
	keys          Keys
	changing      bool // the last answer was a new password
	changed       bool // and it was taken
}

// unproven is what we make of a Success that anybody could send.
const unproven = "the other side does not know our password: its Success proves nothing"

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
	p.changing = false
	switch p.method {
	case CHAPMD5, EAPMD5:
		sum := md5Response(id, s.password, challenge)
		return sum[:]
	case MSCHAP:
		return p.proveMSCHAP(s, [8]byte(challenge))
	}
	return p.proveMSCHAPv2(s.hash, challenge)
}

// proveMSCHAP leaves LAN Manager's response zero, from which a listener could find the
// password; the flag says that the other one is to be used (RFC 2433 §6).
func (p *prover) proveMSCHAP(s secret, challenge [8]byte) []byte {
	nt := challengeResponse(challenge, s.hash)
	p.keys = mschapKeys(s, challenge)
	return append(append(make([]byte, ntResponseSize, msValueSize), nt[:]...), 1)
}

func (p *prover) proveMSCHAPv2(known [16]byte, challenge []byte) []byte {
	var peer [16]byte
	if _, err := io.ReadFull(p.rand, peer[:]); err != nil {
		return nil
	}
	hash := challengeHash(peer, [16]byte(challenge), p.login.Name)
	nt := challengeResponse(hash, known)
	p.authenticator = authenticatorResponse(known, nt, hash)
	p.keys = mschapv2Keys(known, nt)
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

// change makes the data of a Change-Password packet (RFC 2759 §7); nil where
// the failure does not ask for one, or there is no new password.
func (p *prover) change(f failure) []byte {
	old, next := p.login.Secret.sealed.open(), p.login.Next.sealed.open()
	switch {
	case p.method != MSCHAPv2 && p.method != EAPMSCHAPv2 || f.reason != PasswordExpired || f.version < 3 || len(f.challenge) != 16:
		return nil
	case p.changing || !next.clear || len(utf16Octets(next.password)) > maxPassword:
		return nil
	}
	c, err := newChange(next.password, old.hash, p.rand)
	if err != nil {
		return nil
	}
	value := p.proveMSCHAPv2(next.hash, f.challenge)
	if value == nil {
		return nil
	}
	p.changing = true
	return c.append(nil, value)
}

// accepted notes that the last answer was taken: from now on a new password is
// the password.
func (p *prover) accepted() {
	if p.changing {
		p.login.Secret, p.changing, p.changed = p.login.Next, false, true
	}
}
