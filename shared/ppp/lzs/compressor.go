package lzs

import "encoding/binary"

// A Compressor is the sending half.
type Compressor struct {
	option  Option
	mru     int
	encoder encoder
	scratch []byte
	count   uint16
	flush   bool // the next packet says that the history begins with it (extended mode)
}

// NewCompressor makes a Compressor towards a peer that agreed to o and whose
// Maximum-Receive-Unit is mru octets. An error matches ErrOption.
func NewCompressor(o Option, mru uint16) (*Compressor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Compressor{option: o, mru: int(mru), count: 1, flush: true}, nil
}

// Compress appends the information field of a Compressed Datagram that carries
// packet, a PPP packet from its Protocol field on. When it reports false nothing
// was appended and the packet must be sent as it is, because that is shorter or
// because packets of its protocol are never compressed; the history then begins
// anew, so that the peer need not know of it.
func (c *Compressor) Compress(dst, packet []byte) ([]byte, bool) {
	plain, ok := carried(c.scratch, packet, c.option.Check)
	if !ok {
		return dst, false
	}
	c.scratch = plain
	if c.option.Histories == 0 {
		c.forget()
	}
	out := c.encoder.encode(c.header(dst, plain), plain)
	if len(out)-len(dst) < len(plain)-1 {
		c.sent()
		return out, true
	}
	c.forget()
	if c.option.Check != Extended || 2+len(plain) > c.mru {
		return dst, false
	}
	out = append(binary.BigEndian.AppendUint16(dst, flushed|c.count), plain...)
	c.count = (c.count + 1) & counted // flush stays: the history begins behind this packet
	return out, true
}

// header appends what stands before the code of a packet.
func (c *Compressor) header(dst, plain []byte) []byte {
	switch c.option.Check {
	case LCB:
		return append(dst, lcb(plain))
	case Sequence:
		return append(dst, byte(c.count))
	case Extended:
		h := compressed | c.count
		if c.flush {
			h |= flushed
		}
		return binary.BigEndian.AppendUint16(dst, h)
	}
	return dst
}

// sent counts a packet that goes compressed.
func (c *Compressor) sent() {
	c.count++
	c.flush = false
	if c.option.Check == Extended {
		c.count &= counted
	}
}

// forget begins a new history.
func (c *Compressor) forget() {
	c.encoder.forget()
	c.flush = true
}

// Reset begins a new history: a Reset-Request came. A Reset-Ack carries what the
// request did, the number of the history. In extended mode none is sent: the
// next packet says it.
func (c *Compressor) Reset(request []byte) []byte {
	c.forget()
	if c.option.Check == Extended {
		return nil
	}
	return request
}
