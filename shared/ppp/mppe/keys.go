package mppe

import (
	"crypto/sha1"
	"errors"
)

// ErrNoKey is encryption that was agreed without keys of its length.
var ErrNoKey = errors.New("MPPE: there is no start key of the agreed length")

// Keys are the start keys of both directions, from what authentication left
// (RFC 3079). Copies share them. They show themselves to no verb of fmt, no
// logger and no encoder. The zero Keys are none.
type Keys struct{ sealed sealed[startKeys] }

type startKeys struct{ send, receive start }

// A start is one direction's start key (RFC 3078 §7.3) in its two lengths. With
// MS-CHAP, weak is not the beginning of strong.
type start struct {
	strengths Bits // that it can begin
	weak      [8]byte
	strong    [16]byte
}

func (k Keys) open() startKeys {
	if k == (Keys{}) {
		return startKeys{}
	}
	return *k.sealed.open()
}

// Bits are the key lengths that k is good for, all of Encryption or none; after
// MS-CHAP perhaps Key128 alone.
func (k Keys) Bits() Bits { return k.open().send.strengths }

// A Role is who authenticated whom, where both ends derive keys from that. It
// is another thing than who opened the tunnel.
type Role bool

// The two ends.
const (
	Client Role = false // the peer in RFC 3079's words: it proved who it is
	Server Role = true  // the authenticator
)

// FromMSCHAP derives the keys of RFC 3079 §2, the same in both directions, from
// the hash of the password's NT hash (HashNtPasswordHash, RFC 2759 §8.4), the
// challenge of the first authentication, and the LM hash (LmPasswordHash, RFC
// 2433 A.2). Without the last there are keys of 128 bits alone.
func FromMSCHAP(hashHash [16]byte, challenge [8]byte, lm [16]byte, lmKnown bool) Keys {
	s := start{strengths: Key128, strong: startKey(hashHash, challenge)}
	if lmKnown {
		s.strengths = Encryption
		copy(s.weak[:], lm[:])
	}
	return Keys{seal(&startKeys{s, s})}
}

// FromMSCHAPv2 derives the keys of RFC 3079 §3 from the hash of the password's
// NT hash (HashNtPasswordHash, RFC 2759 §8.4) and the NT-Response of the first
// authentication. Both are the Client's, also where both ends proved who they
// are.
func FromMSCHAPv2(hashHash [16]byte, response [24]byte, role Role) Keys {
	master := masterKey(hashHash, response)
	send, receive := asymmetric(master, true, role), asymmetric(master, false, role)
	return FromMaster(send[:], receive[:])
}

// FromMSK derives the keys of RFC 3079 §4 from the 64 octets that EAP-TLS and
// its like export: the first half is the Server's MS-MPPE-Recv-Key, the second
// its MS-MPPE-Send-Key (RFC 2716 §3.5).
func FromMSK(msk [64]byte, role Role) Keys {
	if role == Server {
		return FromMaster(msk[32:], msk[:32])
	}
	return FromMaster(msk[:32], msk[32:])
}

// FromMaster takes asymmetrical master keys of any length (RFC 3079 §4.1): those
// of RADIUS' MS-MPPE-Send-Key and MS-MPPE-Recv-Key (RFC 2548 §2.4).
func FromMaster(send, receive []byte) Keys {
	return Keys{seal(&startKeys{fromMaster(send), fromMaster(receive)})}
}

// fromMaster takes what is needed of a long key, and puts zeros before a short
// one.
func fromMaster(key []byte) start {
	s := start{strengths: Encryption}
	copy(s.weak[max(0, len(s.weak)-len(key)):], key)
	copy(s.strong[max(0, len(s.strong)-len(key)):], key)
	return s
}

// startKey is Get_Start_Key (RFC 3079 §2.4).
func startKey(hashHash [16]byte, challenge [8]byte) [16]byte {
	return digest(hashHash[:], hashHash[:], challenge[:])
}

// masterKey is GetMasterKey (RFC 3079 §3.4).
func masterKey(hashHash [16]byte, response [24]byte) [16]byte {
	return digest(hashHash[:], response[:], []byte("This is the MPPE Master Key"))
}

// The Magic2 and Magic3 of RFC 3079 §3.4.
const (
	magic2 = "On the client side, this is the send key; on the server side, it is the receive key."
	magic3 = "On the client side, this is the receive key; on the server side, it is the send key."
)

// asymmetric is GetAsymmetricStartKey (RFC 3079 §3.4), all 16 octets of it.
func asymmetric(master [16]byte, send bool, role Role) [16]byte {
	magic := magic2
	if send == (role == Server) {
		magic = magic3
	}
	var pad1, pad2 [padSize]byte
	for i := range pad2 {
		pad2[i] = 0xF2
	}
	return digest(master[:], pad1[:], []byte(magic), pad2[:])
}

// digest is the beginning of SHA-1 over all parts.
func digest(parts ...[]byte) [16]byte {
	h := sha1.New()
	for _, p := range parts {
		h.Write(p)
	}
	return [16]byte(h.Sum(nil))
}
