package identify

import (
	"math/bits"
	"unicode/utf8"
)

// parity is what the caller's terminal puts into the eighth bit of an octet:
// many were set to seven bits and even parity.
type parity uint8

const (
	noParity parity = iota // eight bits of data
	evenParity
	markParity // the bit is always set
)

// strip is the character in an octet of hers.
func (p parity) strip(c byte) byte {
	if p == noParity {
		return c
	}
	return c & 0x7F
}

// add makes the octet of a character for her.
func (p parity) add(c byte) byte {
	switch {
	case p == noParity:
	case c >= 0x80:
		return p.add('?')
	case p == markParity || bits.OnesCount8(c)%2 != 0:
		return c | 0x80
	}
	return c
}

// recognise tells her parity from a line that she typed, with its end. Names in
// UTF-8 are not mistaken for it.
func recognise(line []byte) parity {
	if utf8.Valid(line) {
		return noParity
	}
	even, mark := true, true
	for _, c := range line {
		even = even && bits.OnesCount8(c)%2 == 0
		mark = mark && c >= 0x80
	}
	switch {
	case mark:
		return markParity
	case even:
		return evenParity
	}
	return noParity
}
