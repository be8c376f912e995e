// Package deflate is PPP Deflate, RFC 1979: the packets of one direction are
// one deflate stream, a packet at a time, with a Sequence of two octets before
// each.
//
// What a call holds is its history, from the first packet on: 12 KiB for what it
// sends, and for what it receives 4 KiB more than the window, 36 KiB at most.
// The encoder (1.1 MB) and the decoder (56 KiB) are borrowed from a pool for
// the time of one packet, so there are about as many of them as processors,
// however many calls there are.
package deflate

import (
	"errors"
	"fmt"

	"carrier/shared/ppp"
	"carrier/shared/wire"
)

// The types of the CCP Configuration Option. Drafts before RFC 1979 had 24, with
// the same value and packets, and pppd still asks for both.
const (
	Type      = 26 // RFC 1979 §3
	DraftType = 24
)

// The window sizes that the option can ask for, in bits: 2 to their power is
// the number of octets.
const (
	MinWindow = 8
	MaxWindow = 15
)

// ErrOption is an option that is not RFC 1979's.
var ErrOption = errors.New("not PPP Deflate")

// An Option is the value of the Configuration Option (RFC 1979 §3): what its
// sender is willing to decompress.
type Option struct {
	Window int // bits, MinWindow to MaxWindow
}

const (
	method = 8 // of zlib: deflate
	check  = 0 // Chk: the sequence number; MBZ stands before it in the same octet
)

// Append appends the option's value, which begins after Type and Length.
// (Length is 4: the RFC's 3 contradicts its own figure.)
func (o Option) Append(dst []byte) []byte {
	return append(dst, byte(o.Window-MinWindow)<<4|method, check)
}

// Parse reads an option's value. An error matches wire.ErrShort or ErrOption
// and names the field.
func Parse(b []byte) (Option, error) {
	r := wire.NewReader(b)
	first, second := r.Uint8("Window and Method"), r.Uint8("Chk")
	if err := r.Err(); err != nil {
		return Option{}, fmt.Errorf("deflate: %w", err)
	}
	o := Option{Window: int(first>>4) + MinWindow}
	switch {
	case first&0x0F != method:
		return Option{}, fmt.Errorf("deflate: Method is %d, not %d: %w", first&0x0F, method, ErrOption)
	case second != check:
		return Option{}, fmt.Errorf("deflate: Chk is %#02x, not %d: %w", second, check, ErrOption)
	case r.Len() > 0:
		return Option{}, fmt.Errorf("deflate: %d octets after Chk: %w", r.Len(), ErrOption)
	}
	return o, o.check()
}

func (o Option) check() error {
	if o.Window < MinWindow || o.Window > MaxWindow {
		return fmt.Errorf("deflate: Window is %d bits, not %d to %d: %w", o.Window, MinWindow, MaxWindow, ErrOption)
	}
	return nil
}

// tail ends what a deflate encoder writes at a flush. The sender leaves it out,
// the receiver puts it back (RFC 1979 §2.1).
const tail = "\x00\x00\xFF\xFF"

// counted returns the packet as it goes into the history: its Protocol field in
// one octet where that is possible, whatever was negotiated (RFC 1979 §2.1). It
// reports false for packets that are never compressed nor counted: those above
// 0x3FFF, and Compressed Datagrams (§2).
func counted(packet []byte) (plain []byte, ok bool) {
	p, info, err := ppp.Split(packet)
	if err != nil || !p.Network() || p == ppp.Compressed || p == ppp.LinkCompressed {
		return nil, false
	}
	octets := 2
	if p <= 0xFF {
		octets = 1
	}
	return packet[len(packet)-len(info)-octets:], true
}
