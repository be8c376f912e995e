package bsd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"carrier/shared/wire"
)

// What Decompress may say. After each of them the dictionary is lost.
var (
	ErrShort    = fmt.Errorf("bsd: Sequence and Data: %w", wire.ErrShort)
	ErrSequence = errors.New("bsd: Sequence is not the one expected: a packet was lost")
	ErrCode     = errors.New("bsd: Data has a code that is not in the dictionary")
	ErrClear    = errors.New("bsd: the peer clears its dictionary elsewhere than we do")
	ErrProtocol = errors.New("bsd: a packet of this protocol is never compressed")
	ErrTooLong  = errors.New("bsd: the packet is longer than the MRU")
	ErrLost     = errors.New("bsd: the dictionary is lost")
)

// A Decompressor is the receiving half.
type Decompressor struct {
	mru        int
	dictionary dictionary
	lost       bool
}

// NewDecompressor makes a Decompressor for what a peer sends who acknowledged
// o, on a link whose Maximum-Receive-Unit is mru octets. An error matches
// ErrOption.
func NewDecompressor(o Option, mru uint16) (*Decompressor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Decompressor{mru: int(mru), dictionary: newDictionary(o.Bits)}, nil
}

// Decompress appends the packet that info, a Compressed Datagram's information
// field, carries: one octet of Protocol field and at most MRU octets more. An
// error is one of this package's and says that the dictionary is lost: nothing
// was appended, and nothing will be before Reset. A packet that was cut short on
// its way is a shorter packet: it is for the frame's FCS to find that.
func (d *Decompressor) Decompress(dst, info []byte) ([]byte, error) {
	switch {
	case d.lost:
		return dst, ErrLost
	case len(info) < 2:
		d.lost = true
		return dst, ErrShort
	case binary.BigEndian.Uint16(info) != d.dictionary.seq:
		d.lost = true
		return dst, ErrSequence
	}
	out, err := d.decode(dst, info[2:])
	if err != nil {
		d.lost = true
		return dst, err
	}
	return out, nil
}

// none stands for the code before the first.
const none = -1

// decode appends what data's codes stand for, and takes note of it.
func (d *Decompressor) decode(dst, data []byte) ([]byte, error) {
	t := &d.dictionary
	t.seq++
	t.out += uint32(len(data))
	out, last := dst, none
	acc, held := uint32(0), 0
	for i, b := range data {
		acc, held = acc<<8|uint32(b), held+8
		width := t.width(t.max)
		if held < width {
			continue
		}
		held -= width
		code := int(acc >> held & (1<<width - 1))
		if code == clear {
			if i != len(data)-1 || last == none {
				return dst, ErrClear
			}
			t.clear()
			return out, nil
		}
		var err error
		if out, err = d.append(out, len(dst)+1+d.mru, code, last); err != nil {
			return dst, err
		}
		if _, ok := counted(out[len(dst):]); !ok {
			return dst, ErrProtocol
		}
		last = code
	}
	if last == none {
		return dst, ErrShort
	}
	t.in += uint32(len(out) - len(dst))
	if t.due(t.full()) {
		return dst, ErrClear
	}
	return out, nil
}

// append appends code's string, no further than to limit, and gives the next
// code to that of last, the code before, with the first octet of it.
func (d *Decompressor) append(out []byte, limit, code, last int) ([]byte, error) {
	t, start := &d.dictionary, len(out)
	known := code
	if code > t.max {
		if code != t.max+1 || last == none {
			return out, ErrCode
		}
		known = last // the code that this one makes known: last's string and its own first octet
	}
	// A string is found from its end.
	for ; known > clear; known = int(t.prefix[known]) {
		if len(out) >= limit {
			return out, ErrTooLong
		}
		out = append(out, t.suffix[known])
	}
	first := byte(known)
	out = append(out, first)
	slices.Reverse(out[start:])
	if code > t.max {
		out = append(out, first)
	}
	if len(out) > limit {
		return out, ErrTooLong
	}
	if last != none {
		_, slot := t.find(last, first)
		t.add(last, first, slot)
	}
	return out, nil
}

// Uncompressed tells of a packet that came outside a Compressed Datagram: the
// peer has it in its dictionary, and counted it.
func (d *Decompressor) Uncompressed(packet []byte) {
	if plain, ok := counted(packet); ok {
		d.dictionary.encode(&writer{blind: true}, plain)
	}
}

// Reset is the peer's Reset-Ack: the dictionary begins anew.
func (d *Decompressor) Reset([]byte) {
	d.dictionary.reset()
	d.lost = false
}
