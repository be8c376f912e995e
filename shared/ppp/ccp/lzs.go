package ccp

import (
	"fmt"

	"carrier/shared/ppp/lzs"
)

// LZS is Stac LZS (RFC 1974). A history is only kept where each loss is found:
// by a count, the RFC's Sequence Number or that of extended mode. Where packets
// stand alone every check mode is taken but the CRC, which lzs does not speak.
type LZS struct{}

// ours is what we ask for. Windows wants extended mode instead, and says so.
var ours = lzs.Option{Histories: 1, Check: lzs.Sequence}

// firstHistory is the number of the only one, as Reset-Requests name it (RFC
// 1974 §2.3.1).
var firstHistory = []byte{0, 1}

// Type is option 17 (Method).
func (LZS) Type() uint8 { return lzs.Type }

// Value asks for one history, with Sequence Numbers (Method).
func (LZS) Value() []byte { return ours.Append(nil) }

// Naked takes another mode in which losses are found (Method).
func (LZS) Naked(wish []byte) ([]byte, bool) { return wish, lossProof(wish) }

// Judge suggests our own mode for one that will not do (Method).
func (m LZS) Judge(value []byte) ([]byte, bool) {
	if lossProof(value) {
		return value, true
	}
	return m.Value(), len(value) == len(m.Value())
}

// lossProof tells whether no packet of a value's mode comes out wrong because
// one before it was lost.
func lossProof(value []byte) bool {
	o, err := lzs.Parse(value)
	return err == nil && (o.Histories == 0 || o.Check == lzs.Sequence || o.Check == lzs.Extended)
}

// Compressor makes a sender (Method).
func (LZS) Compressor(value []byte, mru int) (Compressor, error) {
	o, err := lzs.Parse(value)
	if err != nil {
		return nil, err
	}
	c, err := lzs.NewCompressor(o, octets(mru))
	if err != nil {
		return nil, err
	}
	if o.Check == lzs.Extended {
		return silent{c}, nil
	}
	return acking{c}, nil
}

// Decompressor makes a receiver (Method).
func (LZS) Decompressor(value []byte, mru int) (Decompressor, error) {
	o, err := lzs.Parse(value)
	if err != nil {
		return nil, err
	}
	d, err := lzs.NewDecompressor(o, octets(mru))
	if err != nil {
		return nil, err
	}
	return &losing{decompressor: d, request: firstHistory, alone: o.Histories == 0}, nil
}

// Name is for logs (Method).
func (LZS) Name(value []byte) string {
	o, _ := lzs.Parse(value)
	if o.Histories == 0 {
		return fmt.Sprintf("lzs %v, no history", o.Check)
	}
	return fmt.Sprintf("lzs %v", o.Check)
}
