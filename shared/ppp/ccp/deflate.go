package ccp

import (
	"fmt"

	"carrier/shared/ppp/deflate"
)

// Deflate is PPP Deflate (RFC 1979).
type Deflate struct {
	Window int // bits of the largest window that we would receive with
	// Draft says that it goes by the number that older drafts had, as pppd offers
	// beside the right one.
	Draft bool
}

// Type is option 26, or 24 (Method).
func (m Deflate) Type() uint8 {
	if m.Draft {
		return deflate.DraftType
	}
	return deflate.Type
}

// Value asks for our window (Method).
func (m Deflate) Value() []byte { return deflate.Option{Window: m.Window}.Append(nil) }

// Naked takes a smaller window (Method).
func (m Deflate) Naked(wish []byte) ([]byte, bool) {
	o, err := deflate.Parse(wish)
	return wish, err == nil && o.Window <= m.Window
}

// Judge takes every window: that is the peer's memory (Method).
func (m Deflate) Judge(value []byte) ([]byte, bool) {
	_, err := deflate.Parse(value)
	return value, err == nil
}

// Compressor makes a sender (Method).
func (m Deflate) Compressor(value []byte, _ int) (Compressor, error) {
	o, err := deflate.Parse(value)
	if err != nil {
		return nil, err
	}
	c, err := deflate.NewCompressor(o)
	if err != nil {
		return nil, err
	}
	return acking{c}, nil
}

// Decompressor makes a receiver (Method).
func (m Deflate) Decompressor(value []byte, mru int) (Decompressor, error) {
	o, err := deflate.Parse(value)
	if err != nil {
		return nil, err
	}
	d, err := deflate.NewDecompressor(o, octets(mru))
	if err != nil {
		return nil, err
	}
	return &losing{decompressor: d}, nil
}

// Name is for logs (Method).
func (m Deflate) Name(value []byte) string {
	o, _ := deflate.Parse(value)
	return fmt.Sprintf("deflate %d", o.Window)
}
