package lzs

import (
	"encoding/binary"
	"errors"
	"fmt"

	"carrier/shared/ppp/window"
	"carrier/shared/wire"
)

// What Decompress may say. After each of them the history, if there is one, is
// lost.
var (
	ErrShort   = fmt.Errorf("lzs: Check Value: %w", wire.ErrShort)
	ErrCount   = errors.New("lzs: the count is not the one expected: a packet was lost")
	ErrLCB     = errors.New("lzs: LCB is wrong: a packet was lost")
	ErrCorrupt = errors.New("lzs: Compressed Data cannot be decompressed")
	ErrTooLong = errors.New("lzs: the packet is longer than the MRU")
	ErrLost    = errors.New("lzs: the history is lost")
)

// A Decompressor is the receiving half.
type Decompressor struct {
	option  Option
	mru     int
	history window.Window
	count   uint16
	fresh   bool // a Reset-Ack came: the peer may count from 1 again, or go on
	lost    bool
}

// NewDecompressor makes a Decompressor for what a peer sends who acknowledged o,
// on a link whose Maximum-Receive-Unit is mru octets. An error matches
// ErrOption.
func NewDecompressor(o Option, mru uint16) (*Decompressor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Decompressor{option: o, mru: int(mru), history: window.New(farthest), count: 1}, nil
}

// Decompress appends the packet that info, a Compressed Datagram's information
// field, carries: its Protocol field and at most MRU octets more. An error is
// one of this package's and says that the history is lost: nothing was appended,
// and nothing will be before Reset, or in extended mode before a packet that
// begins a new one. Where there is no history the next packet is as good as any.
func (d *Decompressor) Decompress(dst, info []byte) ([]byte, error) {
	out, err := d.decompress(dst, info)
	if err != nil {
		d.lost = d.option.Histories > 0
		return dst, err
	}
	if d.option.Histories > 0 {
		d.history.Add(out[len(dst):])
	}
	return out, nil
}

func (d *Decompressor) decompress(dst, info []byte) ([]byte, error) {
	var check byte
	switch d.option.Check {
	case Extended:
		return d.extended(dst, info)
	case LCB, Sequence:
		if len(info) < 1 {
			return dst, ErrShort
		}
		check, info = info[0], info[1:]
	}
	missed := d.option.Check == Sequence && check != byte(d.count) && !(d.fresh && check == 1)
	d.count, d.fresh = uint16(check)+1, false
	switch {
	case d.lost:
		return dst, ErrLost
	case missed && d.option.Histories > 0:
		return dst, ErrCount
	}
	out, err := d.decode(dst, info)
	if err == nil && d.option.Check == LCB && lcb(out[len(dst):]) != check {
		err = ErrLCB
	}
	return out, err
}

// extended is decompress in that mode.
func (d *Decompressor) extended(dst, info []byte) ([]byte, error) {
	if len(info) < 2 {
		return dst, ErrShort
	}
	h, data := binary.BigEndian.Uint16(info), info[2:]
	switch {
	case h&flushed != 0:
		d.lost = false
	case d.lost:
		return dst, ErrLost
	case h&counted != d.count && d.option.Histories > 0:
		return dst, ErrCount
	}
	d.count = (h + 1) & counted
	if h&compressed != 0 {
		return d.decode(dst, data)
	}
	if len(data) == 0 {
		return dst, ErrCorrupt
	}
	return d.fit(dst, append(dst, data...))
}

// decode appends the packet that data are the code of. But in extended mode the
// sender may have left out a last octet that is zero (RFC 1974 §2.2).
func (d *Decompressor) decode(dst, data []byte) ([]byte, error) {
	out, err := decode(dst, reader{b: data, zero: d.option.Check != Extended}, d.history.Bytes(), 2+d.mru)
	if err != nil {
		return dst, err
	}
	if len(out) == len(dst) {
		return dst, ErrCorrupt
	}
	return d.fit(dst, out)
}

// fit looks at the length of what was appended to dst.
func (d *Decompressor) fit(dst, out []byte) ([]byte, error) {
	packet := out[len(dst):]
	if len(packet) > 2+d.mru || packet[0]&1 == 1 && len(packet) > 1+d.mru {
		return dst, ErrTooLong
	}
	return out, nil
}

// Uncompressed has nothing to do: the peer's history does not have a packet that
// came outside a Compressed Datagram.
func (d *Decompressor) Uncompressed([]byte) {}

// Reset is the peer's Reset-Ack: a new history begins. The old one need not be
// cleared, since nothing will refer to it. In extended mode it means nothing.
func (d *Decompressor) Reset([]byte) {
	if d.option.Check == Extended {
		return
	}
	d.fresh, d.lost = true, false
}
