package deflate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"

	"carrier/shared/ppp/window"
	"carrier/shared/wire"
)

// What Decompress may say. After each of them the history is lost.
var (
	ErrShort    = fmt.Errorf("deflate: Sequence: %w", wire.ErrShort)
	ErrSequence = errors.New("deflate: Sequence is not the one expected: a packet was lost")
	ErrCorrupt  = errors.New("deflate: Data cannot be decompressed")
	ErrTooLong  = errors.New("deflate: the packet is longer than the MRU")
	ErrLost     = errors.New("deflate: the history is lost")
)

// A Decompressor is the receiving half.
type Decompressor struct {
	mru     int
	history window.Window
	seq     uint16
	lost    bool
}

// NewDecompressor makes a Decompressor for what a peer sends who acknowledged
// o, on a link whose Maximum-Receive-Unit is mru octets. An error matches
// ErrOption.
func NewDecompressor(o Option, mru uint16) (*Decompressor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Decompressor{mru: int(mru), history: window.New(1 << o.Window)}, nil
}

// Decompress appends the packet that info, a Compressed Datagram's information
// field, carries: its Protocol field and at most MRU octets more. An error
// matches one of this package's and says that the history is lost: nothing was
// appended, and nothing will be before Reset.
func (d *Decompressor) Decompress(dst, info []byte) ([]byte, error) {
	switch {
	case d.lost:
		return dst, ErrLost
	case len(info) < 2:
		d.lost = true
		return dst, ErrShort
	case binary.BigEndian.Uint16(info) != d.seq:
		d.lost = true
		return dst, ErrSequence
	}
	e := borrow()
	defer decoders.Put(e)
	// Room for the longest Protocol field, and for one octet too many.
	start := len(dst)
	out := slices.Grow(dst, d.mru+3)[:start+d.mru+3]
	n, err := e.decode(out[start:], info[2:], d.history.Bytes())
	out = out[:start+n]
	if err == nil {
		err = d.judge(out[start:])
	}
	if err != nil {
		d.lost = true
		return dst, err
	}
	d.take(out[start:])
	return out, nil
}

// judge looks at what was decompressed.
func (d *Decompressor) judge(packet []byte) error {
	switch {
	case len(packet) == 0:
		return ErrCorrupt
	case packet[0]&1 == 1 && len(packet) > 1+d.mru, len(packet) > 2+d.mru:
		return ErrTooLong
	}
	return nil
}

// Uncompressed tells of a packet that came outside a Compressed Datagram: the
// peer has it in its history, and counted it.
func (d *Decompressor) Uncompressed(packet []byte) {
	if plain, ok := counted(packet); ok {
		d.take(plain)
	}
}

func (d *Decompressor) take(packet []byte) {
	d.history.Add(packet)
	d.seq++
}

// Reset is the peer's Reset-Ack: a new history begins. The old one need not be
// cleared, since nothing will refer to it (RFC 1979 §2).
func (d *Decompressor) Reset([]byte) {
	d.seq, d.lost = 0, false
}

// A decoder decompresses one packet after the other, whosever they are. It
// knows no more of a stream than the window that it is given with each.
type decoder struct {
	flate io.Reader
	in    []byte
	from  bytes.Reader
}

var decoders = sync.Pool{New: func() any { return &decoder{flate: flate.NewReader(new(bytes.Reader))} }}

func borrow() *decoder { return decoders.Get().(*decoder) }

// last ends the stream that a decoder sees: an empty stored block, the final one
// (RFC 1951 §3.2.3, §3.2.4).
const last = "\x01" + tail

// decode decompresses data into out and says how many octets it was. With an
// octet in out left over all of data was good, and decompressed.
func (e *decoder) decode(out, data, window []byte) (int, error) {
	e.in = append(append(append(e.in[:0], data...), tail...), last...)
	e.from.Reset(e.in)
	// It fails only where there is no memory for window, and it has some.
	e.flate.(flate.Resetter).Reset(&e.from, window)
	n := 0
	for n < len(out) {
		got, err := e.flate.Read(out[n:])
		n += got
		switch {
		case err == io.EOF && e.from.Len() == 0:
			return n, nil
		case err != nil:
			return n, ErrCorrupt // the peer's own final block too: nothing may follow it
		}
	}
	return n, nil
}
