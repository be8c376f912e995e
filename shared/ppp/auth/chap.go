package auth

import (
	"crypto/md5"

	"carrier/shared/wire"
)

// CHAP's codes (RFC 1994 §4).
const (
	chapChallenge = 1
	chapResponse  = 2
	chapSuccess   = 3
	chapFailure   = 4
)

// challengeSize is how long our challenges are, in octets: RFC 2433 §5 and RFC
// 2759 §3 fix theirs, and with MD5 the hash's own length is preferred (RFC
// 1994 §2.3).
func challengeSize(m Method) int {
	if m == MSCHAP {
		return 8
	}
	return 16
}

// parseCHAP reads the data of a Challenge or Response (RFC 1994 §4.1); the
// value aliases it.
func parseCHAP(data []byte) (value []byte, name string, err error) {
	r := wire.NewReader(data)
	value = r.Bytes("Value", int(r.Uint8("Value-Size")))
	name = string(r.Rest())
	return value, name, r.Err()
}

// appendCHAP appends that data.
func appendCHAP(dst, value []byte, name string) []byte {
	return append(append(append(dst, byte(len(value))), value...), name...)
}

// md5Response is RFC 1994 §4.1's Response Value.
func md5Response(id byte, password string, challenge []byte) [md5.Size]byte {
	b := make([]byte, 0, 1+maxText+len(challenge)) // as much work without a password as with one
	return md5.Sum(append(append(append(b, id), password...), challenge...))
}
