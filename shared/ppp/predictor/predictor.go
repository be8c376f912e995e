// Package predictor is the PPP Predictor, type 1, of RFC 1978: each octet is
// guessed from those before it, by a table of 64 KiB at each end, and only wrong
// guesses are sent. It is fast, and compresses less than the others.
//
// Packets have no number: a loss shows in the CRC of a later one. Every packet
// goes into a Compressed Datagram, also one that only became longer; one whose
// datagram the peer could not take goes as it is, and neither end notes it.
package predictor

import (
	"encoding/binary"
	"errors"
	"fmt"

	"carrier/shared/hdlc"
	"carrier/shared/ppp"
)

// Type is that of the CCP Configuration Option (RFC 1978 §4).
const Type = 1

// ErrOption is an option that is not RFC 1978's.
var ErrOption = errors.New("not Predictor")

// An Option is the value of the Configuration Option, which is empty.
type Option struct{}

// Append appends the option's value, which begins after Type and Length.
func (Option) Append(dst []byte) []byte { return dst }

// Parse reads an option's value. An error matches ErrOption.
func Parse(b []byte) (Option, error) {
	if len(b) > 0 {
		return Option{}, fmt.Errorf("predictor: %d octets after Length: %w", len(b), ErrOption)
	}
	return Option{}, nil
}

// A datagram (RFC 1978 §3.2) is a bit that tells whether Data are compressed,
// the packet's length in 15 bits, Data, and the CRC of the length and the
// packet: what HDLC's FCS is.
const (
	compressed = 0x8000
	overhead   = 4
)

// check is the CRC of a packet.
func check(packet []byte) uint16 {
	var length [2]byte
	binary.BigEndian.PutUint16(length[:], uint16(len(packet)))
	return ^hdlc.FCS16(hdlc.FCS16(hdlc.InitFCS, length[:]), packet)
}

// guesses is the state of either end.
type guesses struct {
	table [1 << 16]byte // what came last time after what hash stands for
	hash  uint16        // of the last four octets
}

// learn says what octet came.
func (g *guesses) learn(octet byte) {
	g.table[g.hash] = octet
	g.hash = g.hash<<4 ^ uint16(octet)
}

// carried tells protocols that are compressed.
func carried(packet []byte) bool {
	p, _, err := ppp.Split(packet)
	return err == nil && p.Network() && p != ppp.Compressed && p != ppp.LinkCompressed
}
