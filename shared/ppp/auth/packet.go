package auth

import (
	"encoding/binary"

	"carrier/shared/wire"
)

// maxText is what a length of one octet can say. Names that we send and
// messages are held to it in every method.
const maxText = 255

// A packet is the frame that PAP, CHAP and EAP have in common: Code,
// Identifier, Length, Data (RFC 1334 §2.2, RFC 1994 §4, RFC 3748 §4).
type packet struct {
	code, id byte
	data     []byte
}

// parsePacket reads one packet; its data aliases info. Octets beyond Length
// are padding; a Length that promises more than there is, or less than its own
// header, is an error.
func parsePacket(info []byte) (packet, error) {
	r := wire.NewReader(info)
	p := packet{code: r.Uint8("Code"), id: r.Uint8("Identifier")}
	n := int(r.Uint16("Length"))
	p.data = r.Bytes("Data", n-4)
	return p, r.Err()
}

// append appends the packet; its data is at most a few hundred octets.
func (p packet) append(dst []byte) []byte {
	dst = append(dst, p.code, p.id)
	dst = binary.BigEndian.AppendUint16(dst, uint16(4+len(p.data)))
	return append(dst, p.data...)
}

// printable keeps what RFC 1334 and RFC 1994 recommend for messages, ASCII 32
// to 126, and puts a question mark for each other octet. It stops at 255
// octets.
func printable(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	b := []byte(s)
	for i, c := range b {
		if c < 32 || c > 126 {
			b[i] = '?'
		}
	}
	return string(b)
}
