package lan

import (
	"encoding/binary"
	"math/bits"
)

// Sum adds b to an unfinished Internet checksum (RFC 1071).
func Sum(b []byte, sum uint64) uint64 {
	whole := len(b) &^ 63
	blocks, b := b[:whole], b[whole:]
	sum, carry := bits.Add64(sum, sumBlocks(blocks), 0)
	sum += carry
	for ; len(b) >= 8; b = b[8:] {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), 0)
		sum += carry
	}
	if len(b) >= 4 {
		sum, carry = bits.Add64(sum, uint64(binary.BigEndian.Uint32(b)), 0)
		sum += carry
		b = b[4:]
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

// sumBlocks adds up blocks of 64 octets. They are read in the order of octets
// that most processors have, which the sum takes as well as any other: its own
// octets are in that order then (RFC 1071 §2).
func sumBlocks(b []byte) uint64 {
	var sum, carry uint64
	for ; len(b) >= 64; b = b[64:] {
		block := (*[64]byte)(b)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(block[0:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(block[8:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(block[16:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(block[24:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(block[32:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(block[40:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(block[48:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(block[56:]), carry)
	}
	sum, carry = bits.Add64(sum, 0, carry)
	return uint64(bits.ReverseBytes16(FoldSum(sum + carry)))
}

// FoldSum makes 16 bits of a sum; a checksum is their complement.
func FoldSum(sum uint64) uint16 {
	sum = sum>>32 + sum&0xFFFFFFFF
	sum = sum>>32 + sum&0xFFFFFFFF
	sum = sum>>16 + sum&0xFFFF
	sum = sum>>16 + sum&0xFFFF
	return uint16(sum>>16 + sum&0xFFFF)
}
