package ccp

import (
	"fmt"

	"carrier/shared/ppp/bsd"
)

// BSD is BSD Compress (RFC 1977).
type BSD struct {
	Bits int // of the largest codes, either way: both ends' memory
}

// Type is option 21 (Method).
func (m BSD) Type() uint8 { return bsd.Type }

// Value asks for our codes (Method).
func (m BSD) Value() []byte { return bsd.Option{Bits: m.Bits}.Append(nil) }

// Naked takes shorter codes (Method).
func (m BSD) Naked(wish []byte) ([]byte, bool) {
	o, err := bsd.Parse(wish)
	return wish, err == nil && o.Bits <= m.Bits
}

// Judge takes codes that are not longer than ours (Method).
func (m BSD) Judge(value []byte) ([]byte, bool) {
	o, err := bsd.Parse(value)
	if err == nil && o.Bits > m.Bits {
		return m.Value(), true
	}
	return value, err == nil
}

// Compressor makes a sender (Method).
func (m BSD) Compressor(value []byte, _ int) (Compressor, error) {
	o, err := bsd.Parse(value)
	if err != nil {
		return nil, err
	}
	c, err := bsd.NewCompressor(o)
	if err != nil {
		return nil, err
	}
	return acking{c}, nil
}

// Decompressor makes a receiver (Method).
func (m BSD) Decompressor(value []byte, mru int) (Decompressor, error) {
	o, err := bsd.Parse(value)
	if err != nil {
		return nil, err
	}
	d, err := bsd.NewDecompressor(o, octets(mru))
	if err != nil {
		return nil, err
	}
	return &losing{decompressor: d}, nil
}

// Name is for logs (Method).
func (m BSD) Name(value []byte) string {
	o, _ := bsd.Parse(value)
	return fmt.Sprintf("bsd %d", o.Bits)
}
