package auth

import (
	"fmt"
	"io"
	"log/slog"
)

// Keys is the keying material that an authentication has left to both ends,
// for MPPE (RFC 3079). It shows itself to no verb of fmt, no logger and no
// encoder. The zero Keys is none.
type Keys struct{ sealed sealed[material] }

// A KeyKind says what keying material there is.
type KeyKind uint8

// The kinds.
const (
	NoKeys       KeyKind = iota // Why says why
	MSCHAPKeys                  // of MS-CHAP: RFC 3079 §2
	MSCHAPv2Keys                // of MS-CHAPv2, also inside EAP: RFC 3079 §3
	MasterKeys                  // an MSK, of EAP-TLS: RFC 5216 §2.3
)

type material struct {
	kind      KeyKind
	why       string
	lm        [16]byte
	lmKnown   bool
	hashHash  [16]byte
	challenge [8]byte
	nt        [ntResponseSize]byte
	msk       [64]byte
}

// noKeys says why there are none.
func noKeys(why string) Keys { return Keys{seal(material{why: why})} }

// Kind is what there is.
func (k Keys) Kind() KeyKind { return k.sealed.open().kind }

// Why says why there are no keys; empty where there are some, or nobody has
// authenticated.
func (k Keys) Why() string { return k.sealed.open().why }

// MSCHAP is the material of MSCHAPKeys: the hash of the password's hash (RFC
// 2759 §8.4) and the challenge, for 128-bit keys, and the LAN Manager hash
// (RFC 2433 A.2) for shorter ones, known only where the password is.
func (k Keys) MSCHAP() (hashHash [16]byte, challenge [8]byte, lm [16]byte, lmKnown bool) {
	m := k.sealed.open()
	return m.hashHash, m.challenge, m.lm, m.lmKnown
}

// MSCHAPv2 is the material of MSCHAPv2Keys: the hash of the password's hash
// (RFC 2759 §8.4) and the NT-Response.
func (k Keys) MSCHAPv2() (hashHash [16]byte, nt [24]byte) {
	m := k.sealed.open()
	return m.hashHash, m.nt
}

// MSK is the material of MasterKeys.
func (k Keys) MSK() [64]byte { return k.sealed.open().msk }

// String hides the keys.
func (k Keys) String() string { return redacted }

// Format hides the keys from every verb.
func (k Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the keys from log/slog.
func (k Keys) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the keys from encoders.
func (k Keys) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// mschapKeys is what an MS-CHAP Response that was right leaves.
func mschapKeys(s secret, challenge [8]byte) Keys {
	return Keys{seal(material{kind: MSCHAPKeys, hashHash: md4Sum(s.hash[:]), challenge: challenge, lm: lmHash(s.password), lmKnown: s.clear})}
}

// masterKeys is what EAP-TLS leaves, or why it leaves nothing.
func masterKeys(msk [64]byte, err error) Keys {
	if err != nil {
		return noKeys(err.Error())
	}
	return Keys{seal(material{kind: MasterKeys, msk: msk})}
}

// mschapv2Keys is what an MS-CHAPv2 Response that was right leaves.
func mschapv2Keys(hash [16]byte, nt [ntResponseSize]byte) Keys {
	return Keys{seal(material{kind: MSCHAPv2Keys, hashHash: md4Sum(hash[:]), nt: nt})}
}
