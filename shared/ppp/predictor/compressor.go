package predictor

import "encoding/binary"

// A Compressor is the sending half.
type Compressor struct {
	mru     int
	guesses guesses
	undo    []overwritten
}

// An overwritten octet was in the table before.
type overwritten struct {
	at uint16
	by byte
}

// NewCompressor makes a Compressor towards a peer whose Maximum-Receive-Unit is
// mru octets.
func NewCompressor(mru uint16) *Compressor { return &Compressor{mru: int(mru)} }

// Compress appends the information field of a Compressed Datagram that carries
// packet, a PPP packet from its Protocol field on. When it reports false nothing
// was appended and the packet must be sent as it is, because packets of its
// protocol are never compressed or because the datagram would be longer than the
// MRU.
func (c *Compressor) Compress(dst, packet []byte) ([]byte, bool) {
	if !carried(packet) || len(packet) >= compressed {
		return dst, false
	}
	before := c.guesses.hash
	out := binary.BigEndian.AppendUint16(dst, compressed|uint16(len(packet)))
	out = c.encode(out, packet)
	if len(out)-len(dst)-2 >= len(packet) {
		out = binary.BigEndian.AppendUint16(dst, uint16(len(packet)))
		out = append(out, packet...)
	}
	out = binary.LittleEndian.AppendUint16(out, check(packet))
	if len(out)-len(dst) > c.mru {
		c.forget(before)
		return dst, false
	}
	return out, true
}

// encode appends Data, eight octets at a time, before them a bit for each that
// says whether it is left out; the first has the lowest.
func (c *Compressor) encode(dst, packet []byte) []byte {
	c.undo = c.undo[:0]
	g := &c.guesses
	for len(packet) > 0 {
		n := min(8, len(packet))
		flags := len(dst)
		dst = append(dst, 0)
		for i, octet := range packet[:n] {
			if old := g.table[g.hash]; old == octet {
				dst[flags] |= 1 << i
			} else {
				dst = append(dst, octet)
				c.undo = append(c.undo, overwritten{g.hash, old})
			}
			g.learn(octet)
		}
		packet = packet[n:]
	}
	return dst
}

// forget takes back what the last packet changed. hash is what it was before.
func (c *Compressor) forget(hash uint16) {
	for i := len(c.undo) - 1; i >= 0; i-- {
		c.guesses.table[c.undo[i].at] = c.undo[i].by
	}
	c.guesses.hash = hash
}

// Reset begins anew: a Reset-Request came. A Reset-Ack carries nothing.
func (c *Compressor) Reset([]byte) []byte {
	c.guesses = guesses{}
	return nil
}
