// Package gre is PPTP's enhanced GRE (RFC 2637 §4): the header, and Session,
// which keeps the order, the acknowledgements and the window of one call. It
// does no I/O: whoever owns a Session sends what it appends and calls it when
// its deadline has come.
package gre

import (
	"encoding/binary"
	"fmt"

	"carrier/shared/wire"
)

// ProtocolType is the Protocol Type of every PPTP packet (RFC 2637 §4.1).
const ProtocolType = 0x880B

// MaxHeader is the length in octets of a header with both numbers; without
// them it is MinHeader.
const (
	MinHeader = 8
	MaxHeader = 16
)

// The bits of the first two octets: C R K S s Recur A Flags Ver (RFC 2637
// §4.1, of RFC 1701 with A new).
const (
	bitChecksum = 1 << 15
	bitRouting  = 1 << 14
	bitKey      = 1 << 13
	bitSequence = 1 << 12
	bitAck      = 1 << 7
	bitsFlags   = 0x0F << 3
	bitsVersion = 0x07

	version = 1 // enhanced GRE
)

// A Header is the enhanced GRE header (RFC 2637 §4.1). The Payload Length is
// not in it: it is that of the payload beside it.
type Header struct {
	CallID uint16 // the Call ID that the receiver of the packet gave
	Seq    uint32 // Sequence Number, if HasSeq
	Ack    uint32 // Acknowledgment Number, if HasAck
	HasSeq bool   // S: the packet carries a payload
	HasAck bool   // A
}

// A FieldError says which field of a header has a value that no PPTP packet
// has.
type FieldError struct {
	Field string
	Value int
}

func (e *FieldError) Error() string { return fmt.Sprintf("GRE %s: %#x is wrong", e.Field, e.Value) }

// Parse reads one packet from its GRE header on. The payload aliases b;
// octets beyond the Payload Length are padding and left out. A payload cut
// short, or one without Sequence Number, is an error: a *wire.ShortError or a
// *FieldError.
func Parse(b []byte) (Header, []byte, error) {
	r := wire.NewReader(b)
	bits := int(r.Uint16("GRE Flags and Version"))
	proto := int(r.Uint16("GRE Protocol Type"))
	length := int(r.Uint16("GRE Payload Length"))
	h := Header{CallID: r.Uint16("GRE Call ID")}
	if err := r.Err(); err != nil {
		return Header{}, nil, err
	}
	if err := check(bits, proto); err != nil {
		return Header{}, nil, err
	}
	if h.HasSeq = bits&bitSequence != 0; h.HasSeq {
		h.Seq = r.Uint32("GRE Sequence Number")
	} else if length != 0 { // no place in the order: nobody could deliver it
		return Header{}, nil, &FieldError{"Payload Length without Sequence Number", length}
	}
	if h.HasAck = bits&bitAck != 0; h.HasAck {
		h.Ack = r.Uint32("GRE Acknowledgment Number")
	}
	payload := r.Bytes("GRE payload", length)
	if err := r.Err(); err != nil {
		return Header{}, nil, err
	}
	return h, payload, nil
}

// check refuses what would change the layout. The bits s and Recur do not, and
// are of no use here: they are passed over.
func check(bits, proto int) error {
	switch {
	case bits&bitsVersion != version:
		return &FieldError{"Version", bits & bitsVersion}
	case bits&(bitChecksum|bitRouting) != 0, bits&bitKey == 0, bits&bitsFlags != 0:
		return &FieldError{"Flags", bits}
	case proto != ProtocolType:
		return &FieldError{"Protocol Type", proto}
	}
	return nil
}

// Append appends the packet: header and payload, which must be shorter than
// 65536 octets and is left out without HasSeq.
func (h Header) Append(dst, payload []byte) []byte {
	start := len(dst)
	dst = h.begin(dst)
	if h.HasSeq {
		dst = append(dst, payload...)
		Finish(dst[start:])
	}
	return dst
}

// begin appends the header of a packet without a payload.
func (h Header) begin(dst []byte) []byte {
	bits := uint16(bitKey | version)
	if h.HasSeq {
		bits |= bitSequence
	}
	if h.HasAck {
		bits |= bitAck
	}
	dst = binary.BigEndian.AppendUint16(dst, bits)
	dst = binary.BigEndian.AppendUint16(dst, ProtocolType)
	dst = binary.BigEndian.AppendUint16(dst, 0) // Payload Length
	dst = binary.BigEndian.AppendUint16(dst, h.CallID)
	if h.HasSeq {
		dst = binary.BigEndian.AppendUint32(dst, h.Seq)
	}
	if h.HasAck {
		dst = binary.BigEndian.AppendUint32(dst, h.Ack)
	}
	return dst
}

// Finish enters the Payload Length into a packet that Session.Begin began: what
// is behind its header now, shorter than 65536 octets, is the payload.
func Finish(packet []byte) {
	header := MaxHeader
	if binary.BigEndian.Uint16(packet)&bitAck == 0 {
		header -= 4
	}
	binary.BigEndian.PutUint16(packet[4:], uint16(len(packet)-header))
}
