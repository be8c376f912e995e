package mppc

import (
	"encoding/binary"
	"math/bits"
)

// A writer packs codes into a buffer of fixed length, most significant bit
// first.
type writer struct {
	to      []byte
	at      int    // octets written
	pending uint64 // its low bits are still to be written,
	bits    uint   // so many of them, fewer than 32 between calls
}

// room is what a writer needs beyond the octets that it should fit.
const room = 4

// put appends the low bits of a code, 24 at most; it reports false when there is
// no room for more.
func (w *writer) put(code uint32, bits uint) bool {
	w.pending = w.pending<<bits | uint64(code)
	w.bits += bits
	if w.bits < 32 {
		return true
	}
	if w.at+4 > len(w.to) {
		return false
	}
	w.bits -= 32
	binary.BigEndian.PutUint32(w.to[w.at:], uint32(w.pending>>w.bits))
	w.at += 4
	return true
}

// literal writes an octet as itself (RFC 2118 §4.1).
func (w *writer) literal(c byte) bool {
	high := uint(c >> 7)
	return w.put(uint32(high<<8|uint(c&0x7F)), 8+high)
}

// copy writes that n octets, 3 at least, stand offset octets before (RFC 2118
// §4.2).
func (w *writer) copy(offset, n int) bool {
	var ok bool
	switch {
	case offset < 64:
		ok = w.put(0b1111<<6|uint32(offset), 10)
	case offset < 320:
		ok = w.put(0b1110<<8|uint32(offset-64), 12)
	default:
		ok = w.put(0b110<<13|uint32(offset-320), 16)
	}
	if n == shortest {
		return ok && w.put(0, 1)
	}
	// As many ones as its bits after the first two, a zero, all bits but the first.
	low := bits.Len(uint(n)) - 1
	return ok && w.put((1<<(low-1)-1)<<(low+1)|uint32(n)&(1<<low-1), uint(2*low))
}

// end writes what is pending, filled up with zero bits, and returns the length
// of all, or more than len(to) when it does not fit.
func (w *writer) end() int {
	for w.pending <<= 32 - w.bits; w.bits > 0 && w.at < len(w.to); w.at++ {
		w.to[w.at] = byte(w.pending >> 24)
		w.pending <<= 8
		w.bits -= min(w.bits, 8)
	}
	return w.at + int(w.bits)
}

// A reader takes codes from a packet, most significant bit first.
type reader struct {
	from []byte // from the first octet on that is not wholly in next
	next uint64 // its high bits are the next to be read,
	bits int    // so many; those below them are the packet's too, or zero after its end
}

// fill makes sure of 56 bits, or all that are left.
func (r *reader) fill() {
	if len(r.from) >= 8 {
		n := (63 - r.bits) / 8
		r.next |= binary.BigEndian.Uint64(r.from) >> r.bits
		r.from = r.from[n:]
		r.bits += 8 * n
		return
	}
	for r.bits <= 56 && len(r.from) > 0 {
		r.next |= uint64(r.from[0]) << (56 - r.bits)
		r.from = r.from[1:]
		r.bits += 8
	}
}

// skip passes over n bits. Those after the end are zeros, and make bits
// negative.
func (r *reader) skip(n int) {
	r.next <<= n
	r.bits -= n
}

// offset reads how far back a copy begins; its first two bits are ones (RFC 2118
// §4.2.1). It needs 16 bits.
func (r *reader) offset() (n int) {
	switch r.next >> 60 {
	case 0b1111:
		n = int(r.next >> 54 & 0x3F)
		r.skip(10)
	case 0b1110:
		n = int(r.next>>52&0xFF) + 64
		r.skip(12)
	default:
		n = int(r.next>>48&0x1FFF) + 320
		r.skip(16)
	}
	return n
}

// length reads how many octets are copied (RFC 2118 §4.2.2), or 0 where the
// table has no such code. It needs 24 bits.
func (r *reader) length() (n int) {
	ones := bits.LeadingZeros64(^r.next)
	if ones == 0 {
		r.skip(1)
		return shortest
	}
	if ones > 11 {
		return 0
	}
	r.skip(ones + 1)
	low := ones + 1
	n = 1<<low | int(r.next>>(64-low))
	r.skip(low)
	return n
}
