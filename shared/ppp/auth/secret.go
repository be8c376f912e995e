package auth

import (
	"fmt"
	"io"
	"log/slog"
)

// A Secret is what a user and we share: a password, or only its NT hash; or it
// says that a certificate in the user's name is enough. The
// zero Secret is that of nobody: it matches nothing, and finding that out
// costs as much as a wrong password. A Secret shows itself to no verb of fmt,
// no logger and no encoder, wherever it is embedded.
type Secret struct{ sealed sealed[secret] }

type secret struct {
	password string
	clear    bool // password is known, not only hash
	hash     [16]byte
	hashed   bool // hash is known

	certificate bool // one in the user's name is enough
}

const redacted = "[secret]"

// NewPassword is the secret of a user whose password is known, in UTF-8.
func NewPassword(password string) Secret {
	return Secret{seal(secret{password: password, clear: true, hash: NTHash(password), hashed: true})}
}

// NewNTHash is the secret of a user of whom only the NT hash is known (RFC
// 2759 §8.3, NtPasswordHash). It serves PAP, MS-CHAP and MS-CHAPv2 as a
// server, and the latter two as a client; never CHAP-MD5. Inside EAP it is the
// same.
func NewNTHash(hash [16]byte) Secret { return Secret{seal(secret{hash: hash, hashed: true})} }

// OrCertificate is s, and lets the user in by EAP-TLS too, with a certificate
// in her name that the server's authorities have issued. Of the zero Secret it
// makes one that only a certificate satisfies.
func (s Secret) OrCertificate() Secret {
	known := s.sealed.open()
	known.certificate = true
	return Secret{seal(known)}
}

// IsZero tells the Secret of nobody.
func (s Secret) IsZero() bool { return s.sealed.p == nil }

// NTHash is what of the password may be kept, for who keeps secrets: it serves
// as the password does with MS-CHAP and MS-CHAPv2. ok is false where there is no
// password.
func (s Secret) NTHash() (hash [16]byte, ok bool) {
	known := s.sealed.open()
	return known.hash, known.hashed
}

// Verifies tells whether a claim by method m can be checked against s at all:
// CHAP-MD5 needs the password itself, EAP alone proves nothing.
func (s Secret) Verifies(m Method) bool {
	switch known := s.sealed.open(); m {
	case PAP, MSCHAP, MSCHAPv2, EAPMSCHAPv2:
		return known.hashed
	case CHAPMD5, EAPMD5:
		return known.clear
	case EAPTLS:
		return known.certificate
	}
	return false
}

// String hides the secret.
func (s Secret) String() string { return redacted }

// Format hides the secret from every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the secret from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
