package hdlc

import "encoding/binary"

// How many octets are taken one by one from where one was found that is or
// needs an escape. Where one is others are often near, and to look for each of
// them takes longer; after a long run others are not.
const (
	cluster = 128
	lone    = 8
	long    = 16
)

// near is how many octets are taken one by one behind a run that needed no
// escape.
func near(run int) int {
	if run < long {
		return cluster
	}
	return lone
}

// Eight octets at once.
const (
	ones = 0x0101010101010101
	high = 0x80 * ones
)

// plainRun counts octets at the front of b, eight by eight, that need no escape
// under the map. It may stop early: where one is a control character, in the
// map or not, or one of the four from 7C to 7F.
func plainRun(b []byte, accm uint32) (n int) {
	var control uint64 // of the octets that are found below 20, those that matter
	if accm != 0 {
		control = high
	}
	for ; n+8 <= len(b); n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		if below(w, 0x20)&control|below((w|3*ones)^0x7F*ones, 1) != 0 {
			return n
		}
	}
	return n
}

// below sets the high bits of those octets of w that are less than limit, up to
// 80; of others too, but only behind (above) one that is.
func below(w, limit uint64) uint64 { return (w - limit*ones) &^ w & high }
