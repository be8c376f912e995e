package exchange

import (
	"math"
	"math/rand/v2"
)

// Noise spoils single bits, each with the same probability. It draws the
// distances between spoiled bits, not every bit.
type noise struct {
	perBit float64
	random *rand.Rand
	next   int64 // good bits before the next spoiled one
}

// set changes the probability of each bit, 0 to 1.
func (n *noise) set(perBit float64) {
	n.perBit = perBit
	n.next = n.gap()
}

// gap draws how many good bits precede a spoiled one.
func (n *noise) gap() int64 {
	if n.perBit <= 0 {
		return math.MaxInt64
	}
	if n.perBit >= 1 {
		return 0
	}
	g := math.Log(1-n.random.Float64()) / math.Log1p(-n.perBit)
	return int64(min(g, math.MaxInt64/2))
}

// spoil inverts some bits of b.
func (n *noise) spoil(b []byte) {
	if n.perBit <= 0 {
		return
	}
	bits := int64(len(b)) * 8
	for n.next < bits {
		b[n.next/8] ^= 1 << (n.next % 8)
		n.next += 1 + n.gap()
	}
	n.next -= bits
}
