package predictor

import (
	"encoding/binary"
	"errors"
	"fmt"

	"carrier/shared/wire"
)

// What Decompress may say. After each of them the table is lost.
var (
	ErrShort   = fmt.Errorf("predictor: Length and CRC: %w", wire.ErrShort)
	ErrLength  = errors.New("predictor: Length is not that of the packet")
	ErrCRC     = errors.New("predictor: CRC is wrong: a packet was lost")
	ErrTooLong = errors.New("predictor: the packet is longer than the MRU")
	ErrLost    = errors.New("predictor: the table is lost")
)

// A Decompressor is the receiving half.
type Decompressor struct {
	mru     int
	guesses guesses
	lost    bool
}

// NewDecompressor makes a Decompressor on a link whose Maximum-Receive-Unit is
// mru octets.
func NewDecompressor(mru uint16) *Decompressor { return &Decompressor{mru: int(mru)} }

// Decompress appends the packet that info, a Compressed Datagram's information
// field, carries: its Protocol field and at most MRU octets more. An error is
// one of this package's and says that the table is lost: nothing was appended,
// and nothing will be before Reset.
func (d *Decompressor) Decompress(dst, info []byte) ([]byte, error) {
	if d.lost {
		return dst, ErrLost
	}
	out, err := d.decode(dst, info)
	if err != nil {
		d.lost = true
		return dst, err
	}
	return out, nil
}

func (d *Decompressor) decode(dst, info []byte) ([]byte, error) {
	if len(info) <= overhead {
		return dst, ErrShort
	}
	first, data := binary.BigEndian.Uint16(info), info[2:len(info)-2]
	length := int(first &^ compressed)
	if length > 2+d.mru {
		return dst, ErrTooLong
	}
	out := dst
	switch {
	case first&compressed != 0:
		out = d.guesses.decode(dst, data, length)
	case len(data) == length:
		for _, octet := range data {
			d.guesses.learn(octet)
		}
		out = append(dst, data...)
	}
	packet := out[len(dst):]
	switch {
	case len(packet) != length:
		return dst, ErrLength
	case check(packet) != binary.LittleEndian.Uint16(info[len(info)-2:]):
		return dst, ErrCRC
	case packet[0]&1 == 1 && length > 1+d.mru:
		return dst, ErrTooLong
	}
	return out, nil
}

// decode appends what data stand for, at most one octet more than length.
func (g *guesses) decode(dst, data []byte, length int) []byte {
	limit := len(dst) + length
	for len(data) > 0 {
		flags := data[0]
		data = data[1:]
		for i := 0; i < 8 && len(dst) <= limit; i++ {
			octet := g.table[g.hash]
			if flags>>i&1 == 0 {
				if len(data) == 0 {
					break // the last eight are fewer
				}
				octet, data = data[0], data[1:]
			}
			g.learn(octet)
			dst = append(dst, octet)
		}
	}
	return dst
}

// Uncompressed has nothing to do: a packet that came outside a Compressed
// Datagram is in neither table.
func (d *Decompressor) Uncompressed([]byte) {}

// Reset is the peer's Reset-Ack: the table begins anew.
func (d *Decompressor) Reset([]byte) {
	d.guesses = guesses{}
	d.lost = false
}
