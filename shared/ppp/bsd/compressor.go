package bsd

import "encoding/binary"

// A Compressor is the sending half. Packets must be sent in the order in which
// Compress saw them, those that it refused too.
type Compressor struct {
	dictionary dictionary
}

// NewCompressor makes a Compressor towards a peer that agreed to o. An error
// matches ErrOption.
func NewCompressor(o Option) (*Compressor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Compressor{newDictionary(o.Bits)}, nil
}

// Compress appends the information field of a Compressed Datagram that carries
// packet, a PPP packet from its Protocol field on. When it reports false nothing
// was appended and the packet must be sent as it is, because that is shorter or
// because packets of its protocol are never compressed; the dictionary has taken
// note of that.
func (c *Compressor) Compress(dst, packet []byte) ([]byte, bool) {
	plain, ok := counted(packet)
	if !ok {
		return dst, false
	}
	w := writer{b: binary.BigEndian.AppendUint16(dst, c.dictionary.seq)}
	c.dictionary.encode(&w, plain)
	if len(w.b)-len(dst) >= len(plain)-1 {
		return dst, false
	}
	return w.b, true
}

// Reset clears the dictionary: a Reset-Request came. A Reset-Ack carries
// nothing.
func (c *Compressor) Reset([]byte) []byte {
	c.dictionary.reset()
	return nil
}
