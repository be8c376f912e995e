package hdlc

// The FCS-16 of RFC 1662 appendix C: start value, and the value after a good
// frame and its FCS.
const (
	InitFCS = 0xFFFF
	GoodFCS = 0xF0B8
)

// The polynomial with its lowest power in the highest bit.
const (
	polynomial = 0x8408
	fcsOctets  = 2
)

// fcsTables[k][c] is what octet c adds to the FCS when k octets follow it:
// table 0 is the table of RFC 1662 §C.2, the others let sixteen octets be taken
// in one step.
var fcsTables = makeTables()

func makeTables() (t [16][256]uint16) {
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

// FCS16 carries the FCS, InitFCS at first, over b. What is sent is its complement,
// the low octet first.
//
// Only two of a step's look-ups wait for the step
// before: they are joined last, so that the others can be under way already.
func FCS16(fcs uint16, b []byte) uint16 {
	t := &fcsTables
	for ; len(b) >= 16; b = b[16:] {
		p := (*[16]byte)(b)
		early := t[13][p[2]] ^ t[12][p[3]] ^ t[11][p[4]] ^ t[10][p[5]] ^ t[9][p[6]] ^ t[8][p[7]]
		late := t[7][p[8]] ^ t[6][p[9]] ^ t[5][p[10]] ^ t[4][p[11]] ^ t[3][p[12]] ^ t[2][p[13]] ^ t[1][p[14]] ^ t[0][p[15]]
		fcs = early ^ late ^ t[15][p[0]^byte(fcs)] ^ t[14][p[1]^byte(fcs>>8)]
	}
	for _, c := range b {
		fcs = fcs>>8 ^ t[0][byte(fcs)^c]
	}
	return fcs
}
