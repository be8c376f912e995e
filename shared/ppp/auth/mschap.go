package auth

import (
	"crypto/des"
	"crypto/sha1"
	"encoding/binary"

	"golang.org/x/crypto/md4" //lint:ignore SA1019 RFC 2433 and RFC 2759 are defined over MD4
)

// Sizes of what MS-CHAP exchanges, in octets.
const (
	ntResponseSize = 24
	msValueSize    = 49 // a Response's Value, RFC 2433 §6 and RFC 2759 §4
)

// NTHash is NtPasswordHash (RFC 2759 §8.3): MD4 over the password in UTF-16,
// little end first, without an ending zero. The password is UTF-8.
func NTHash(password string) [16]byte {
	return md4Sum(utf16Octets(password))
}

func md4Sum(b []byte) (sum [16]byte) {
	h := md4.New()
	h.Write(b)
	h.Sum(sum[:0])
	return sum
}

// challengeHash is ChallengeHash (RFC 2759 §8.2). The name is the Name field
// as sent; a domain in front of it is left out here.
func challengeHash(peer, authenticator [16]byte, name string) (challenge [8]byte) {
	h := sha1.New()
	h.Write(peer[:])
	h.Write(authenticator[:])
	h.Write([]byte(hashName(name)))
	copy(challenge[:], h.Sum(nil))
	return challenge
}

// challengeResponse is ChallengeResponse (RFC 2433 A.7, RFC 2759 §8.5).
func challengeResponse(challenge [8]byte, hash [16]byte) (response [ntResponseSize]byte) {
	var z [21]byte
	copy(z[:], hash[:])
	for i := range 3 {
		desEncrypt(response[8*i:8*i+8], challenge[:], [7]byte(z[7*i:7*i+7]))
	}
	return response
}

// lmHash is LmPasswordHash (RFC 2433 A.2), of ASCII: capitals of other letters
// depend on a code page that nobody names. Octets beyond 14 do not count.
func lmHash(password string) (hash [16]byte) {
	var b [14]byte
	copy(b[:], password)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	desEncrypt(hash[:8], []byte("KGS!@#$%"), [7]byte(b[:7]))
	desEncrypt(hash[8:], []byte("KGS!@#$%"), [7]byte(b[7:]))
	return hash
}

// desEncrypt is DesEncrypt (RFC 2433 A.4, RFC 2759 §8.6).
func desEncrypt(dst, clear []byte, key [7]byte) {
	k := desKey(key)
	c, _ := des.NewCipher(k[:]) // its only error is a key that has not eight octets
	c.Encrypt(dst, clear)
}

// desKey spreads 56 bits over eight octets. The lowest bit of each is DES's
// parity, which crypto/des ignores; it stays zero.
func desKey(key [7]byte) (k [8]byte) {
	var b [8]byte
	copy(b[1:], key[:])
	bits := binary.BigEndian.Uint64(b[:])
	for i := range k {
		k[i] = byte(bits>>(49-7*i)) << 1
	}
	return k
}

// The magic constants of RFC 2759 §8.7.
const (
	magic1 = "Magic server to client signing constant"
	magic2 = "Pad to make it do more than one iteration"
)

// authenticatorResponse is GenerateAuthenticatorResponse (RFC 2759 §8.7)
// without its "S=" and hexadecimal digits. The challenge is challengeHash's.
func authenticatorResponse(hash [16]byte, nt [ntResponseSize]byte, challenge [8]byte) (digest [20]byte) {
	twice := md4Sum(hash[:]) // HashNtPasswordHash, §8.4
	h := sha1.New()
	h.Write(twice[:])
	h.Write(nt[:])
	h.Write([]byte(magic1))
	first := h.Sum(nil)
	h.Reset()
	h.Write(first)
	h.Write(challenge[:])
	h.Write([]byte(magic2))
	h.Sum(digest[:0])
	return digest
}
