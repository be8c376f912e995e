package ccp

import (
	"math"

	"carrier/shared/ppp/predictor"
)

// Predictor is the PPP Predictor, type 1 (RFC 1978).
type Predictor struct{}

// Type is option 1 (Method).
func (Predictor) Type() uint8 { return predictor.Type }

// Value is empty (Method).
func (Predictor) Value() []byte { return predictor.Option{}.Append(nil) }

// Naked takes what has nothing in it (Method).
func (m Predictor) Naked(wish []byte) ([]byte, bool) { return m.Judge(wish) }

// Judge likewise (Method).
func (Predictor) Judge(value []byte) ([]byte, bool) {
	_, err := predictor.Parse(value)
	return value, err == nil
}

// Compressor makes a sender (Method).
func (Predictor) Compressor(_ []byte, mru int) (Compressor, error) {
	return acking{predictor.NewCompressor(octets(mru))}, nil
}

// Decompressor makes a receiver (Method).
func (Predictor) Decompressor(_ []byte, mru int) (Decompressor, error) {
	return &losing{decompressor: predictor.NewDecompressor(octets(mru))}, nil
}

// Name is for logs (Method).
func (Predictor) Name([]byte) string { return "predictor" }

// octets is an MRU as the codecs have it.
func octets(mru int) uint16 { return uint16(min(mru, math.MaxUint16)) }
