package mppc

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

const (
	hashBits = 12 // of the table of places: 8 KiB
	shortest = 3  // octets that a copy stands for at least (RFC 2118 §4.2.2)
)

// A Compressor is the sender's history. Its zero value begins one; the packets
// must be sent in the order in which they were compressed.
type Compressor struct {
	history [HistorySize]byte
	places  [1 << hashBits]uint16 // where three octets of this hash were seen last; may be out of date
	at      int                   // where the next packet goes
	filled  int                   // what is below was put there since the history began
	next    Flags                 // of the next packet: Flushed when the history began anew
}

// Flush begins a new history, and the next packet will tell: a Reset-Request
// came (RFC 2118 §4.3), or, before each packet, the history is not to be kept.
func (c *Compressor) Flush() {
	c.at, c.filled = 0, 0
	c.next = Flushed
}

// Compress appends to dst what follows the header, and returns the header's
// flags. That is packet's code, or packet itself where the code is longer, or
// the history too small. The packet begins with its Protocol field; dst may not
// overlap it. Nothing is allocated where dst has room for the packet and four
// octets more. A packet that its code would make longer empties the history, and
// the next tells of that (RFC 2118 §3).
func (c *Compressor) Compress(dst, packet []byte) ([]byte, Flags) {
	f := c.next
	c.next = 0
	if len(packet) == 0 || len(packet) >= HistorySize {
		return append(dst, packet...), f
	}
	// The last octet of the history stays free: other coders leave it so.
	if c.at+len(packet) >= HistorySize {
		c.at = 0
	}
	coded := f | Compressed
	if c.at == 0 {
		coded |= AtFront
	}
	have := len(dst)
	dst = slices.Grow(dst, len(packet)+room)
	n := c.code(dst[have:have+len(packet)+room], packet)
	if n > len(packet) {
		c.Flush()
		return append(dst, packet...), f
	}
	return dst[:have+n], coded
}

// code adds packet to the history and writes its code to out, which is room
// longer than the packet. It returns the code's length; when that is more than
// the packet's, it may not be all there.
func (c *Compressor) code(out, packet []byte) int {
	begin, end := c.at, c.at+len(packet)
	copy(c.history[begin:], packet)
	c.at, c.filled = end, max(c.filled, end)
	w := writer{to: out}
	i := begin
	for i+shortest <= end {
		p := c.place(i)
		n := c.match(p, i, end)
		if n == 0 {
			if !w.literal(c.history[i]) {
				return len(out)
			}
			i++
			continue
		}
		if !w.copy((i-p)&(HistorySize-1), n) {
			return len(out)
		}
		next := i + n
		for i++; i < next && i+shortest <= end; i++ {
			c.place(i) // what was copied can be found again
		}
		i = next
	}
	for ; i < end; i++ {
		if !w.literal(c.history[i]) {
			return len(out)
		}
	}
	return w.end()
}

// place notes that three octets stand at i, and returns where octets of the same
// hash stood before.
func (c *Compressor) place(i int) int {
	h := c.load(i) << 8 * 0x9E3779B1 >> (32 - hashBits)
	p := c.places[h]
	c.places[h] = uint16(i)
	return int(p)
}

// load returns the four octets at i, the first in the lowest bits. Where only
// three were put there, the last octet of the history is the fourth at most.
func (c *Compressor) load(i int) uint32 {
	return binary.LittleEndian.Uint32(c.history[i : i+4])
}

// match returns how many octets at p are those at i, the first of the rest of
// the packet that ends at end, or 0 when they are too few. From end on stands
// what was there before the history last came to its front: the receiver has
// that too, and counts its octets round the end of the history (RFC 2118 §1).
func (c *Compressor) match(p, i, end int) int {
	if (c.load(p)^c.load(i))<<8 != 0 {
		return 0
	}
	most := end - i
	if p >= i {
		if p < end {
			return 0
		}
		if most = min(most, c.filled-p); most < shortest {
			return 0
		}
	}
	n := shortest
	for ; n+8 <= most; n += 8 {
		a := binary.LittleEndian.Uint64(c.history[p+n : p+n+8])
		b := binary.LittleEndian.Uint64(c.history[i+n : i+n+8])
		if a != b {
			return n + bits.TrailingZeros64(a^b)/8
		}
	}
	for n < most && c.history[p+n] == c.history[i+n] {
		n++
	}
	return n
}
