// Package mppe is Microsoft Point-to-Point Encryption (RFC 3078), with the keys
// of RFC 3079 and the header that it shares with Microsoft's compression (RFC
// 2118, MPPC): one Encrypter and one Decrypter serve a call with either of them
// or both. RC4 keeps an onlooker from reading along; nothing here notices that
// a packet was changed on its way.
package mppe

import "carrier/shared/ppp"

// HeaderLength is what stands before the data in the information field of a
// Compressed Datagram (protocol 0x00FD), in octets. The packet's own Protocol
// field is part of the data (RFC 3078 §3.1).
const HeaderLength = 2

// Encrypts tells whether packets of protocol p pass through MPPE and MPPC;
// others keep their protocol number and are sent in clear (RFC 3078 §3). While
// encryption is on, such a packet in clear is to be dropped, and so is one of
// any other protocol that came encrypted.
func Encrypts(p ppp.Protocol) bool { return p >= 0x0021 && p <= 0x00FA }

// Flags are the bits of the header that say something to compression; D, the
// packet is encrypted, is kept inside.
type Flags uint8

// The bits of RFC 3078 §3.1, where they stand in the header's first octet.
const (
	Flushed    Flags = 0x80 // A: RC4's tables and MPPC's history begin anew with this packet
	AtFront    Flags = 0x40 // B: MPPC put the packet at the front of its history
	Compressed Flags = 0x20 // C: MPPC compressed the packet
	encrypted  Flags = 0x10 // D
)

// A way is what both ends of one direction keep alike.
type way struct {
	agreed  Bits
	session *session // nil: MPPC alone
	cipher  *cipher  // goes on from packet to packet; nil where it need not: stateless, or MPPC alone
}

// newWay begins with the initial session key (RFC 3079 §3.1).
func newWay(agreed Bits, start start) (way, error) {
	if err := agreed.check(); err != nil {
		return way{}, err
	}
	w := way{agreed: agreed}
	strength := agreed.Strongest()
	if strength == 0 {
		return w, nil
	}
	if start.strengths&strength == 0 {
		return way{}, ErrNoKey
	}
	w.session = newSession(strength, start)
	if !w.stateless() {
		w.cipher = new(cipher)
		w.session.schedule(w.cipher)
	}
	return w, nil
}

func (w *way) stateless() bool { return w.agreed&Stateless != 0 }

// carries are the flags that mean something on this way.
func (w *way) carries() Flags {
	if w.agreed&MPPC == 0 {
		return Flushed
	}
	return Flushed | AtFront | Compressed
}

// crypt appends data, encrypted or decrypted, after so many changes of the key.
func (w *way) crypt(dst, data []byte, changes int, flushed bool) []byte {
	n := len(dst)
	dst = append(dst, data...)
	if w.session == nil {
		return dst
	}
	c := w.cipher
	if c == nil {
		c = new(cipher) // does not escape: it lives on the stack
	}
	for range changes {
		w.session.change(c)
	}
	if changes > 0 || flushed {
		w.session.schedule(c)
	}
	c.xor(dst[n:])
	return dst
}

// space is how many coherency counts there are (RFC 3078 §3.1).
const space = 1 << 12

// changes is how often the key changes on the way from the packet with count
// last to the one that comes steps later (RFC 3078 §7).
func (w *way) changes(last uint16, steps int) int {
	switch {
	case w.session == nil:
		return 0
	case w.stateless():
		return steps
	}
	return (int(last)+1+steps)>>8 - (int(last)+1)>>8 // how many "flag" packets, whose low octet is 0xFF
}
