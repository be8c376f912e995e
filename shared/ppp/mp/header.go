// Package mp is PPP's Multilink Protocol (RFC 1990): a bundle of links, of which
// there may be one, carries packets in numbered fragments.
package mp

import (
	"encoding/binary"

	"carrier/shared/wire"
)

// A Format is how a fragment's header is written.
type Format uint8

// The formats. Each direction has its own: what the end that receives asked for.
const (
	Long  Format = iota // 24 bits of Sequence Number in 4 octets (RFC 1990 §3, figure 2)
	Short               // 12 in 2 (figure 3)
)

// Length is how many octets the header has.
func (f Format) Length() int {
	if f == Short {
		return 2
	}
	return 4
}

// bits of the Sequence Number.
func (f Format) bits() uint {
	if f == Short {
		return 12
	}
	return 24
}

// distance is how far a is beyond b, where numbers wrap; negative: before it.
func (f Format) distance(a, b uint32) int32 {
	unused := 32 - f.bits()
	return int32((a-b)<<unused) >> unused
}

// after is the number n beyond a.
func (f Format) after(a uint32, n int32) uint32 { return (a + uint32(n)) & (1<<f.bits() - 1) }

// A Header begins each fragment, behind the Protocol field 0x003D.
type Header struct {
	Begin, End bool // of a packet
	Sequence   uint32
}

const (
	begin = 0x80
	end   = 0x40
)

// Parse parts a fragment into its header and data, which alias it. Reserved bits
// are not looked at.
func (f Format) Parse(b []byte) (Header, []byte, error) {
	r := wire.NewReader(b)
	var h Header
	var flags byte
	if f == Short {
		n := r.Uint16("Sequence Number")
		flags, h.Sequence = byte(n>>8), uint32(n&0x0FFF)
	} else {
		n := r.Uint32("Sequence Number")
		flags, h.Sequence = byte(n>>24), n&0x00FFFFFF
	}
	h.Begin, h.End = flags&begin != 0, flags&end != 0
	return h, r.Rest(), r.Err()
}

// Append appends a header. Of its number only the format's bits go.
func (f Format) Append(dst []byte, h Header) []byte {
	var flags byte
	if h.Begin {
		flags |= begin
	}
	if h.End {
		flags |= end
	}
	n := f.after(h.Sequence, 0)
	if f == Short {
		return binary.BigEndian.AppendUint16(dst, uint16(flags)<<8|uint16(n))
	}
	return binary.BigEndian.AppendUint32(dst, uint32(flags)<<24|n)
}

// A Sender numbers the fragments of a bundle, over all its links in the order in
// which they are sent. The zero value begins a bundle of the long format.
type Sender struct {
	Format Format
	next   uint32
}

// Whole appends the header of a fragment that is a whole packet: behind it comes
// the packet, from its Protocol field on, without Address and Control.
func (s *Sender) Whole(dst []byte) []byte {
	h := Header{Begin: true, End: true, Sequence: s.next}
	s.next = s.Format.after(s.next, 1)
	return s.Format.Append(dst, h)
}
