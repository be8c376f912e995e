// Package bsd is BSD Compress, RFC 1977: the LZW of UNIX compress, its
// dictionary kept from packet to packet, with a Sequence of two octets before
// each. Each end holds 28 KiB with codes of 12 bits, 224 KiB with 15.
//
// Where the RFC's text and its code differ the code is followed, as the kernels
// of Linux and the BSDs do: only the protocols 0x21 to 0xF9 are compressed. It
// decides too what no text says, when both ends clear their dictionaries.
package bsd

import (
	"errors"
	"fmt"

	"carrier/shared/ppp"
	"carrier/shared/wire"
)

// Type is that of the CCP Configuration Option (RFC 1977 §3).
const Type = 21

// Version is the only one there is.
const Version = 1

// The largest codes that the option can ask for, in bits. (The RFC has 16 too,
// which no implementation takes.)
const (
	MinBits = 9
	MaxBits = 15
)

// ErrOption is an option that is not RFC 1977's.
var ErrOption = errors.New("not BSD Compress")

// An Option is the value of the Configuration Option (RFC 1977 §3): what its
// sender is willing to decompress.
type Option struct {
	Bits int // of the largest code, MinBits to MaxBits
}

// Append appends the option's value, which begins after Type and Length.
func (o Option) Append(dst []byte) []byte { return append(dst, Version<<5|byte(o.Bits)) }

// Parse reads an option's value. An error matches wire.ErrShort or ErrOption
// and names the field.
func Parse(b []byte) (Option, error) {
	r := wire.NewReader(b)
	v := r.Uint8("Vers and Dict")
	if err := r.Err(); err != nil {
		return Option{}, fmt.Errorf("bsd: %w", err)
	}
	switch {
	case v>>5 != Version:
		return Option{}, fmt.Errorf("bsd: Vers is %d, not %d: %w", v>>5, Version, ErrOption)
	case r.Len() > 0:
		return Option{}, fmt.Errorf("bsd: %d octets after Dict: %w", r.Len(), ErrOption)
	}
	o := Option{Bits: int(v & 0x1F)}
	return o, o.check()
}

func (o Option) check() error {
	if o.Bits < MinBits || o.Bits > MaxBits {
		return fmt.Errorf("bsd: Dict is %d bits, not %d to %d: %w", o.Bits, MinBits, MaxBits, ErrOption)
	}
	return nil
}

// The protocols whose packets are compressed.
const (
	firstProtocol = 0x21
	lastProtocol  = 0xF9
)

// counted returns the packet as it goes into the dictionary, its Protocol field
// in one octet. It reports false for packets that are never compressed nor
// counted.
func counted(packet []byte) (plain []byte, ok bool) {
	p, info, err := ppp.Split(packet)
	if err != nil || p < firstProtocol || p > lastProtocol {
		return nil, false
	}
	return packet[len(packet)-len(info)-1:], true
}
