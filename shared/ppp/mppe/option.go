package mppe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strings"

	"carrier/shared/wire"
)

// Bits are the Supported Bits of CCP's option 18, the value of MPPE and MPPC
// together (RFC 3078 §2), and what was agreed by them.
type Bits uint32

// The bits that are in use; all others are reserved, and zero.
const (
	Stateless Bits = 1 << 24 // H: the key changes with every packet; MPPC's history, too, begins with each
	Key56     Bits = 1 << 7  // M
	Key128    Bits = 1 << 6  // S
	Key40     Bits = 1 << 5  // L
	MPPC      Bits = 1       // C (RFC 2118)
	obsolete  Bits = 1 << 4  // D: not to be accepted

	// Encryption is all encryption options.
	Encryption = Key40 | Key56 | Key128
)

// Option is the type of CCP's Configuration Option (RFC 3078 §2).
const Option = 18

// ErrTrailing is an option longer than the Supported Bits.
var ErrTrailing = errors.New("octets after the Supported Bits")

// ErrBits is what no negotiation ends with: more than one key length, nothing
// at all, or bits that are obsolete or reserved.
var ErrBits = errors.New("no agreement on MPPE or MPPC")

// Parse reads the option's value, what follows Type and Length.
func Parse(data []byte) (Bits, error) {
	r := wire.NewReader(data)
	b := Bits(r.Uint32("Supported Bits"))
	if err := r.Err(); err != nil {
		return 0, err
	}
	if r.Len() > 0 {
		return 0, fmt.Errorf("%d %w", r.Len(), ErrTrailing)
	}
	return b, nil
}

// Append appends the option's value.
func (b Bits) Append(dst []byte) []byte { return binary.BigEndian.AppendUint32(dst, uint32(b)) }

// Strongest is the longest of the key lengths in b alone, or 0 (RFC 3078 §2.1).
func (b Bits) Strongest() Bits {
	for _, strength := range [...]Bits{Key128, Key56, Key40} {
		if b&strength != 0 {
			return strength
		}
	}
	return 0
}

// Answer is what an end that can do b says to a Configure-Request for asked: if
// it is the same, a Configure-Ack; if it is 0, a Configure-Reject; otherwise it
// is the value of a Configure-Nak. It has at most one key length, the strongest
// that both have (RFC 3078 §2.1), or our strongest where they share none; none
// where asked has none: who insists on encryption answers for
// asked|Encryption. With Stateless in b that is suggested to a peer that
// encrypts without it; a peer's own wish for it is always granted, as §2.1 has
// it. Who takes a peer that will not hear of it answers without it the next
// time.
func (b Bits) Answer(asked Bits) Bits {
	answer := asked & b & MPPC
	if asked&Encryption != 0 {
		if answer |= (asked & b).Strongest(); answer&Encryption == 0 {
			answer |= b.Strongest()
		}
	}
	switch {
	case answer&Encryption != 0:
		answer |= (asked | b) & Stateless
	case answer != 0:
		answer |= asked & Stateless
	}
	return answer
}

// Take is the next Configure-Request of an end that can do b, whose last one
// the peer answered with a Nak for wanted (RFC 3078 §2.1); the first asks for b
// itself. Without encryption in it, or Stateless, the peer refused that, and
// whoever insists ends the negotiation; 0 says that nothing is left to ask for.
func (b Bits) Take(wanted Bits) Bits {
	take := wanted&b&MPPC | (wanted & b).Strongest()
	if take != 0 {
		take |= wanted & Stateless
	}
	return take
}

// check tells whether b can be an agreement.
func (b Bits) check() error {
	if b&^(Stateless|Encryption|MPPC) != 0 || b&(Encryption|MPPC) == 0 || bits.OnesCount32(uint32(b&Encryption)) > 1 {
		return fmt.Errorf("%w: %v", ErrBits, b)
	}
	return nil
}

var names = [...]struct {
	bit  Bits
	name string
}{{Key128, "128 bit"}, {Key56, "56 bit"}, {Key40, "40 bit"}, {Stateless, "stateless"}, {MPPC, "MPPC"}, {obsolete, "obsolete encryption"}}

// String names the bits: "128 bit, stateless".
func (b Bits) String() string {
	var words []string
	for _, n := range names {
		if b&n.bit != 0 {
			words = append(words, n.name)
			b &^= n.bit
		}
	}
	if b != 0 {
		words = append(words, fmt.Sprintf("reserved %#x", uint32(b)))
	}
	if words == nil {
		return "none"
	}
	return strings.Join(words, ", ")
}
