package eap

import (
	"encoding/binary"

	"carrier/shared/wire"
)

// A Packet is one EAP packet (RFC 3748 §4). Success and Failure have neither
// Type nor Data.
type Packet struct {
	Code Code
	ID   byte
	Type Type
	Data []byte // Type-Data
}

// Parse reads the information field of a PPP frame; the Packet's Data aliases
// it. Octets beyond Length are padding. A Length that promises more than there
// is, or less than its own header, and a Request or Response without a Type
// are errors, which match wire.ErrShort. A Code that is none of the four is
// returned with its Data.
func Parse(info []byte) (Packet, error) {
	r := wire.NewReader(info)
	p := Packet{Code: Code(r.Uint8("Code")), ID: r.Uint8("Identifier")}
	n := int(r.Uint16("Length"))
	body := wire.NewReader(r.Bytes("Data", n-4))
	if err := r.Err(); err != nil {
		return Packet{}, err
	}
	if p.Code.typed() {
		p.Type = Type(body.Uint8("Type"))
	}
	p.Data = body.Rest()
	return p, body.Err()
}

func (c Code) typed() bool { return c == Request || c == Response }

// Append appends the packet, whose Data must be shorter than 64 KiB.
func (p Packet) Append(dst []byte) []byte {
	n := 4 + len(p.Data)
	if p.Code.typed() {
		n++
	}
	dst = binary.BigEndian.AppendUint16(append(dst, byte(p.Code), p.ID), uint16(n))
	if p.Code.typed() {
		dst = append(dst, byte(p.Type))
	}
	return append(dst, p.Data...)
}
