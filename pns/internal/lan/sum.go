package lan

import (
	"encoding/binary"
	"math/bits"
)

// Sum adds b to an unfinished Internet checksum (RFC 1071), 8 octets at a time
// with the carry put back.
func Sum(b []byte, sum uint64) uint64 {
	var carry uint64
	for ; len(b) >= 32; b = b[32:] {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), 0)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[8:]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[16:]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[24:]), carry)
		sum, carry = bits.Add64(sum, 0, carry)
		sum += carry
	}
	for ; len(b) >= 4; b = b[4:] {
		sum, carry = bits.Add64(sum, uint64(binary.BigEndian.Uint32(b)), 0)
		sum += carry
	}
	var last uint64 // with weights that are right: 2^16 is 1 modulo 2^16-1
	if len(b) >= 2 {
		last = uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		last += uint64(b[0]) << 8
	}
	sum, carry = bits.Add64(sum, last, 0)
	return sum + carry
}

// FoldSum makes 16 bits of a sum; a checksum is their complement.
func FoldSum(sum uint64) uint16 {
	sum = sum>>32 + sum&0xFFFFFFFF
	sum = sum>>32 + sum&0xFFFFFFFF
	sum = sum>>16 + sum&0xFFFF
	sum = sum>>16 + sum&0xFFFF
	return uint16(sum>>16 + sum&0xFFFF)
}
