package hdlc

import "encoding/binary"

// The FCS-16 of RFC 1662 appendix C: start value, the value after a good frame
// and its FCS, and the polynomial with its lowest power in the highest bit.
const (
	initFCS    = 0xFFFF
	goodFCS    = 0xF0B8
	polynomial = 0x8408
	fcsOctets  = 2
)

// fcsTables[k][c] is what octet c adds to the FCS when k octets follow it:
// table 0 is the table of RFC 1662 §C.2, the others let eight octets be taken
// in one step.
var fcsTables = makeTables()

func makeTables() (t [8][256]uint16) {
	for c := range 256 {
		v := uint16(c)
		for range 8 {
			v = v>>1 ^ v&1*polynomial
		}
		t[0][c] = v
	}
	for k := 1; k < len(t); k++ {
		for c := range 256 {
			v := t[k-1][c]
			t[k][c] = v>>8 ^ t[0][v&0xFF]
		}
	}
	return t
}

// fcs16 carries the FCS over b.
func fcs16(fcs uint16, b []byte) uint16 {
	t := &fcsTables
	for ; len(b) >= 8; b = b[8:] {
		w := binary.LittleEndian.Uint64(b) ^ uint64(fcs)
		fcs = t[7][byte(w)] ^ t[6][byte(w>>8)] ^ t[5][byte(w>>16)] ^ t[4][byte(w>>24)] ^
			t[3][byte(w>>32)] ^ t[2][byte(w>>40)] ^ t[1][byte(w>>48)] ^ t[0][byte(w>>56)]
	}
	for _, c := range b {
		fcs = fcs>>8 ^ t[0][byte(fcs)^c]
	}
	return fcs
}
