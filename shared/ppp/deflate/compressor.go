package deflate

import (
	"encoding/binary"
	"sync"

	"github.com/klauspost/compress/flate"

	"carrier/shared/ppp/window"
)

// primer is how much of the history an encoder is given that has not seen it
// itself, in octets. More compresses better, and takes longer: 3 µs more for
// each KiB.
const primer = 8 << 10

// A Compressor is the sending half. Packets must be sent in the order in which
// Compress saw them, those that it refused too.
type Compressor struct {
	window  int
	history window.Window
	seq     uint16
	at      uint64 // how much happened so far: packets and resets
}

// NewCompressor makes a Compressor towards a peer that agreed to o. An error
// matches ErrOption.
func NewCompressor(o Option) (*Compressor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Compressor{window: o.Window, history: window.New(min(primer, 1<<o.Window))}, nil
}

// Compress appends the information field of a Compressed Datagram that carries
// packet, a PPP packet from its Protocol field on. When it reports false nothing
// was appended and the packet must be sent as it is, because that is shorter or
// because packets of its protocol are never compressed; the history has taken
// note of that.
func (c *Compressor) Compress(dst, packet []byte) ([]byte, bool) {
	plain, ok := counted(packet)
	if !ok {
		return dst, false
	}
	e := c.borrow()
	out := e.encode(binary.BigEndian.AppendUint16(dst, c.seq), plain)
	c.history.Add(plain)
	c.seq++
	c.at++
	e.last, e.at = c, c.at
	encoders[c.window-MinWindow].Put(e)
	// Both Protocol fields are equally long, or this one's is the shorter.
	if len(out)-len(dst) >= len(plain)-1 {
		return dst, false
	}
	return out, true
}

// Reset begins a new history: a Reset-Request came. A Reset-Ack carries nothing.
func (c *Compressor) Reset([]byte) []byte {
	c.seq = 0
	c.at++
	c.history.Clear()
	return nil
}

// An encoder is lent to whoever has a packet to compress. It remembers who was
// the last: when that one comes again, and nothing has happened to its stream
// in between, it goes on in it, which takes 15 µs for a packet of 1400 octets;
// otherwise it takes in the history first, which makes it 55 µs.
type encoder struct {
	flate *flate.Writer
	out   []byte
	last  *Compressor
	at    uint64 // how far last's stream had come
}

var encoders [MaxWindow - MinWindow + 1]sync.Pool // by the window

// Write is where flate writes to.
func (e *encoder) Write(b []byte) (int, error) {
	e.out = append(e.out, b...)
	return len(b), nil
}

// borrow returns an encoder that has c's history.
func (c *Compressor) borrow() *encoder {
	e, _ := encoders[c.window-MinWindow].Get().(*encoder)
	if e == nil {
		e = new(encoder)
		var err error
		if e.flate, err = flate.NewWriterWindow(e, 1<<c.window); err != nil {
			panic(err) // the window was checked
		}
	}
	if e.last != c || e.at != c.at {
		e.flate.ResetDict(e, c.history.Bytes())
	}
	return e
}

// encode appends plain in whole octets, without the tail.
func (e *encoder) encode(dst, plain []byte) []byte {
	e.out = dst
	// Neither can fail: Write does not.
	e.flate.Write(plain)
	e.flate.Flush()
	out := e.out[:len(e.out)-len(tail)]
	e.out = nil
	return out
}
