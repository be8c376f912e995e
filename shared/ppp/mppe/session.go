package mppe

import "crypto/sha1"

// A session is the changing key of one direction (RFC 3078 §7).
type session struct {
	// input is what GetNewKeyFromSHA hashes: the start key, 40 octets 0x00
	// (SHApad1), the session key, 40 octets 0xF2 (SHApad2).
	input   [2*16 + 2*40]byte
	size    int    // of the keys, in octets: 8 or 16
	reduced string // what the session key begins with
}

const padSize = 40

// newSession derives the initial session key (RFC 3079 §3.1 to §3.3, and the
// same in §2 and §4): SHA-1 alone makes it, RC4 comes with the later changes.
func newSession(strength Bits, start start) *session {
	s := &session{size: 8}
	switch strength {
	case Key128:
		s.size = 16
	case Key56:
		s.reduced = "\xD1"
	case Key40:
		s.reduced = "\xD1\x26\x9E"
	}
	key := start.weak[:]
	if s.size == 16 {
		key = start.strong[:]
	}
	copy(s.input[:], key)
	copy(s.key(), key)
	for i := range padSize {
		s.input[2*s.size+padSize+i] = 0xF2
	}
	first := s.fromSHA()
	copy(s.key(), first[:])
	copy(s.key(), s.reduced)
	return s
}

// key is the session key, in place.
func (s *session) key() []byte { return s.input[s.size+padSize:][:s.size] }

// fromSHA is GetNewKeyFromSHA (RFC 3078 §7.3); the key has size octets of it.
func (s *session) fromSHA() [sha1.Size]byte { return sha1.Sum(s.input[:2*(s.size+padSize)]) }

// change makes the next session key (RFC 3078 §7.3). It uses up c; the session
// key is to be scheduled afterwards.
func (s *session) change(c *cipher) {
	interim := s.fromSHA()
	copy(s.key(), interim[:])
	s.schedule(c)
	c.xor(s.key())
	copy(s.key(), s.reduced)
}

// schedule initialises RC4's tables with the session key.
func (s *session) schedule(c *cipher) {
	var key [16]byte
	copy(key[copy(key[:], s.key()):], s.key())
	c.schedule(&key)
}
