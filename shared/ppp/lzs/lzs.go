// Package lzs is Stac LZS, RFC 1974: a sliding window of 2047 octets. What is
// sent costs 24 KiB at this end, what is received 6.
//
// No other implementation of it was at hand to try this one with: what stands
// behind it is the published coding with its one printed example, and what two
// ends of this package do with each other.
//
// One history, or none, where each packet stands alone. Of the check modes that
// with a CRC is not spoken: sources disagree whether it is complemented.
package lzs

import (
	"encoding/binary"
	"errors"
	"fmt"

	"carrier/shared/ppp"
	"carrier/shared/wire"
)

// Type is that of the CCP Configuration Option (RFC 1974 §4).
const Type = 17

// A Check says how a receiver finds that a packet is missing.
type Check uint8

// The check modes (RFC 1974 §2.5.3, §4).
const (
	None     Check = iota // not at all: for links that lose nothing
	LCB                   // by an octet, the exclusive-or of all: one loss in 256 is not found
	CRC                   // as in a frame; not spoken
	Sequence              // by counting packets, modulo 256
	Extended              // by counting, modulo 4096; what Windows speaks
)

var checkNames = [...]string{None: "none", LCB: "lcb", CRC: "crc", Sequence: "sequence", Extended: "extended"}

// String is the mode's name, for logs.
func (c Check) String() string {
	if int(c) < len(checkNames) {
		return checkNames[c]
	}
	return fmt.Sprintf("check mode %d", uint8(c))
}

// ErrOption is an option that is not RFC 1974's, or asks for what is not spoken
// here.
var ErrOption = errors.New("not Stac LZS as it is spoken here")

// An Option is the value of the Configuration Option (RFC 1974 §4): what its
// sender is willing to decompress.
type Option struct {
	Histories uint16 // 0 or 1
	Check     Check
}

// Append appends the option's value, which begins after Type and Length.
func (o Option) Append(dst []byte) []byte {
	return append(binary.BigEndian.AppendUint16(dst, o.Histories), byte(o.Check))
}

// Parse reads an option's value. An error matches wire.ErrShort or ErrOption and
// names the field.
func Parse(b []byte) (Option, error) {
	r := wire.NewReader(b)
	o := Option{Histories: r.Uint16("History Count"), Check: Check(r.Uint8("Check Mode"))}
	if err := r.Err(); err != nil {
		return Option{}, fmt.Errorf("lzs: %w", err)
	}
	if r.Len() > 0 {
		return Option{}, fmt.Errorf("lzs: %d octets after Check Mode: %w", r.Len(), ErrOption)
	}
	return o, o.check()
}

func (o Option) check() error {
	switch {
	case o.Histories > 1:
		return fmt.Errorf("lzs: History Count is %d, not 0 or 1: %w", o.Histories, ErrOption)
	case o.Check == CRC || o.Check > Extended:
		return fmt.Errorf("lzs: Check Mode is %d: %w", uint8(o.Check), ErrOption)
	}
	return nil
}

// The header of extended mode: two bits, and a count of 12.
const (
	flushed    = 0x8000 // the history begins with this packet
	compressed = 0x2000
	counted    = 0x0FFF
)

// carried returns packet as it is compressed: the Protocol field in two octets
// in extended mode, in one, where that is possible, in the others. It reports
// false for protocols that are never compressed.
func carried(scratch, packet []byte, check Check) (plain []byte, ok bool) {
	p, info, err := ppp.Split(packet)
	if err != nil || !p.Network() || p == ppp.Compressed || p == ppp.LinkCompressed {
		return nil, false
	}
	if p > 0xFF || check == Extended {
		scratch = append(scratch[:0], byte(p>>8))
	} else {
		scratch = scratch[:0]
	}
	return append(append(scratch, byte(p)), info...), true
}

// lcb is the Longitudinal Check Byte of a packet.
func lcb(packet []byte) byte {
	sum := byte(0xFF)
	for _, octet := range packet {
		sum ^= octet
	}
	return sum
}
