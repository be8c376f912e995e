package cp

import (
	"encoding/binary"
	"fmt"

	"carrier/shared/wire"
)

// A Code is the first octet of a control protocol's packet (RFC 1661 §5).
type Code uint8

// The codes that all control protocols share. LCP has more (package lcp).
const (
	ConfigureRequest Code = iota + 1
	ConfigureAck
	ConfigureNak
	ConfigureReject
	TerminateRequest
	TerminateAck
	CodeReject
)

// HeaderLength is that of Code, Identifier and Length, in octets.
const HeaderLength = 4

// A Packet is one control protocol packet (RFC 1661 §5).
type Packet struct {
	Code Code
	ID   uint8  // Identifier
	Data []byte // at most 65,531 octets; in practice what the peer's MRU lets through
}

// Parse reads a packet from the information field of a frame. Octets beyond
// Length are padding and ignored. Data aliases b. A Length below 4 or beyond b
// is an error that matches wire.ErrShort: such a packet is silently discarded.
func Parse(b []byte) (Packet, error) {
	r := wire.NewReader(b)
	p := Packet{Code: Code(r.Uint8("Code")), ID: r.Uint8("Identifier")}
	length := int(r.Uint16("Length"))
	p.Data = r.Bytes("Data", length-HeaderLength)
	if err := r.Err(); err != nil {
		return Packet{}, fmt.Errorf("control packet: %w", err)
	}
	return p, nil
}

// Append appends the packet as the information field of a frame.
func (p Packet) Append(dst []byte) []byte {
	dst = append(dst, byte(p.Code), p.ID)
	dst = binary.BigEndian.AppendUint16(dst, uint16(HeaderLength+len(p.Data)))
	return append(dst, p.Data...)
}

// An Option is one Configuration Option (RFC 1661 §6).
type Option struct {
	Type uint8
	Data []byte // at most 253 octets
}

// Equal tells whether both have the same type and data.
func (o Option) Equal(p Option) bool { return o.Type == p.Type && string(o.Data) == string(p.Data) }

// ParseOptions reads the options of a configure packet. Their data alias b.
// Each Length counts itself and the type: one below 2 or beyond b is an error
// that matches wire.ErrShort: then the whole packet is silently discarded (RFC
// 1661 §6).
func ParseOptions(b []byte) ([]Option, error) {
	r := wire.NewReader(b)
	var opts []Option
	for r.Len() > 0 {
		o := Option{Type: r.Uint8("Type")}
		length := int(r.Uint8("Length"))
		o.Data = r.Bytes("Data", length-2)
		if err := r.Err(); err != nil {
			return nil, fmt.Errorf("option %d: %w", o.Type, err)
		}
		opts = append(opts, o)
	}
	return opts, nil
}

// AppendOptions appends options in their order.
func AppendOptions(dst []byte, opts []Option) []byte {
	for _, o := range opts {
		dst = append(append(dst, o.Type, byte(2+len(o.Data))), o.Data...)
	}
	return dst
}
