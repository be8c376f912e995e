package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"strconv"
)

// A Claim is the peer's word about who it is, with its proof. It may be kept
// and checked later. It shows its proof to no verb of fmt and no logger.
type Claim struct {
	Method Method
	Name   string // as sent: any octets, none to as many as a frame holds
	proof  sealed[proof]
}

// proof is what the peer answered, and to what.
type proof struct {
	password  string // PAP's
	id        byte   // CHAP's
	challenge []byte
	response  []byte   // CHAP's Value, of any length
	change    *change  // MS-CHAPv2's Change-Password; nil: a Response
	certified bool     // EAP-TLS: the certificate is good, and has the claim's name
	issued    []string // EAP-TLS: whom it was issued to
	declined  bool     // EAP-TLS: the peer did not want to log in here
	begins    bool     // EAP-TLS: it waits for the Answer
	keys      Keys     // that it left
	lm        bool     // MS-CHAP: the LAN Manager response counts too
}

// String is the claim without its proof.
func (c Claim) String() string { return c.Method.String() + " " + strconv.Quote(c.Name) }

// Format writes String for every verb.
func (c Claim) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue is String, for log/slog.
func (c Claim) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Check compares the claim's proof with what the owner of s would have sent,
// in constant time; with the zero Secret it takes as long and fails. A claim by
// EAP alone has no proof and fails; one by EAP-TLS was proven by a certificate
// in the claim's name, which must be enough for s. The verdict's message is a general one; whoever
// knows better puts its own there.
func (c *Claim) Check(s Secret) Verdict {
	v, p, known := Verdict{keys: noKeys(c.Method.String() + " leaves no keys")}, c.proof.open(), s.sealed.open()
	switch c.Method {
	case PAP:
		v.OK = p.checkPAP(known)
	case CHAPMD5, EAPMD5:
		want := md5Response(p.id, known.password, p.challenge)
		v.OK = subtle.ConstantTimeCompare(p.response, want[:]) == 1 && known.clear
	case MSCHAP:
		v.OK, v.keys = p.checkMSCHAP(known)
	case MSCHAPv2, EAPMSCHAPv2:
		if p.change != nil {
			_, v.OK, v.authenticator, v.keys = p.checkChange(known, c.Name)
		} else {
			v.OK, v.authenticator, v.keys = p.checkMSCHAPv2(known, c.Name)
		}
	case EAPTLS:
		v.OK, v.keys = p.certified && known.certificate, p.keys
	}
	switch {
	case v.OK && !s.IsZero():
	case c.Method == EAPTLS:
		return Verdict{Message: unissued}
	default:
		return Verdict{Message: refused}
	}
	v.Message = accepted
	return v
}

// Issued lists whom the certificate of a claim by EAP-TLS was issued to: what
// its name must be one of. The list belongs to the claim.
func (c *Claim) Issued() []string { return c.proof.open().issued }

// Begins tells of a claim by EAP-TLS that nothing was shown for it yet: a yes has the
// peer's certificate asked for, and another claim follows; a no ends it. It fails every
// Check.
func (c *Claim) Begins() bool { return c.proof.open().begins }

// Declines tells of a peer that has failed without a verdict that this was its
// own wish: it takes us for somebody else.
func (c *Claim) Declines() bool { return c.proof.open().declined }

// Typed is the claim of somebody who typed a name and a password where PPP had
// not begun. It is checked like PAP's.
func Typed(name, password string) *Claim {
	return &Claim{PAP, name, seal(proof{password: password})}
}

// checkPAP compares digests, so that neither the length nor a common beginning
// shows in the time it takes.
func (p proof) checkPAP(s secret) bool {
	got, want := sha256.Sum256([]byte(p.password)), sha256.Sum256([]byte(s.password))
	hash := NTHash(p.password)
	same := subtle.ConstantTimeCompare(got[:], want[:]) == 1
	sameHash := subtle.ConstantTimeCompare(hash[:], s.hash[:]) == 1
	if s.clear {
		return same
	}
	return sameHash && s.hashed
}

// checkMSCHAP takes the Windows NT response. The LAN Manager response is
// deprecated (RFC 2433 §6): it counts where it is allowed, the peer says that
// it is to be used, and the password is known.
func (p proof) checkMSCHAP(s secret) (bool, Keys) {
	value, challenge := padded(p.response, msValueSize), [8]byte(padded(p.challenge, 8))
	want := challengeResponse(challenge, s.hash)
	useNT := value[48] == 1
	same := subtle.ConstantTimeCompare(value[24:48], want[:]) == 1
	want = challengeResponse(challenge, lmHash(s.password))
	sameLM := subtle.ConstantTimeCompare(value[:24], want[:]) == 1
	if !useNT {
		same = sameLM && p.lm && s.clear
	}
	return same && len(p.response) == msValueSize && s.hashed, mschapKeys(s, challenge)
}

// checkMSCHAPv2 ignores the Reserved octets and the Flags, which "must be
// zero": nothing depends on them, and they are not part of the proof.
func (p proof) checkMSCHAPv2(s secret, name string) (ok bool, authenticator [20]byte, keys Keys) {
	value := padded(p.response, msValueSize)
	ours, peers := [16]byte(padded(p.challenge, 16)), [16]byte(value[:16])
	challenge := challengeHash(peers, ours, name)
	want := challengeResponse(challenge, s.hash)
	authenticator = authenticatorResponse(s.hash, want, challenge)
	same := subtle.ConstantTimeCompare(value[24:48], want[:]) == 1
	// Our own challenge as the peer's comes from a mirror, not from chance.
	ok = same && ours != peers && len(p.response) == msValueSize && s.hashed
	return ok, authenticator, mschapv2Keys(s.hash, want)
}

// padded is a copy of b with exactly n octets: cut, or filled up with zeros.
// Where the length matters it is checked beside, so that a wrong one costs the
// same time.
func padded(b []byte, n int) []byte {
	p := make([]byte, n)
	copy(p, b)
	return p
}
