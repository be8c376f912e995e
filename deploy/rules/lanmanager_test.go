package rules

import (
	"crypto/des"
	"strings"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

// lanManager has the talk's Responses to MS-CHAP be such as a machine sends that knows no
// better: LAN Manager's response is all that is in them (RFC 2433 §6).
func (k *talk) lanManager(password string) {
	send := k.send
	k.send = func(frame []byte) {
		p, info, err := ppp.Split(frame)
		packet, failed := cp.Parse(info)
		const response = 2
		if err == nil && failed == nil && p == ppp.CHAP && packet.Code == response {
			challenge := k.await("a Challenge", func(q ppp.Protocol, c cp.Packet) bool { return q == ppp.CHAP && c.ID == packet.ID }).Data[1:9]
			value := make([]byte, 49)
			copy(value, lmResponse(challenge, password))
			copy(packet.Data[1:], value)
			frame = ppp.Append(nil, p, packet.Append(nil))
		}
		send(frame)
	}
}

// lmResponse is LmChallengeResponse of RFC 2433 A.1, from its text.
func lmResponse(challenge []byte, password string) (response []byte) {
	half := make([]byte, 14)
	copy(half, strings.ToUpper(password))
	hash := append(crypt(half[:7], []byte("KGS!@#$%")), crypt(half[7:], []byte("KGS!@#$%"))...)
	hash = append(hash, make([]byte, 5)...)
	for key := range 3 {
		response = append(response, crypt(hash[7*key:7*key+7], challenge)...)
	}
	return response
}

// crypt is DES under a key of 7 octets, to whose every seven bits one of parity is added,
// which nobody looks at.
func crypt(key, clear []byte) []byte {
	var bits []byte
	for _, b := range key {
		for n := 7; n >= 0; n-- {
			bits = append(bits, b>>n&1)
		}
	}
	spread := make([]byte, 8)
	for n, bit := range bits {
		spread[n/7] |= bit << (7 - n%7)
	}
	c, _ := des.NewCipher(spread) // its only error is a key of another length
	out := make([]byte, 8)
	c.Encrypt(out, clear)
	return out
}
