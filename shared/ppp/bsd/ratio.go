package bsd

const (
	checkGap = 10_000               // octets between two looks at the ratio
	scale    = 8                    // bits of the ratio behind the point
	most     = 0x7FFF_FFFF >> scale // octets; beyond that old ones are forgotten
	even     = 1 << scale           // the ratio at which nothing is gained
)

// A ratio tells when a full dictionary has become bad. Both ends must find that
// at the same packet, for a native one carries no code that says it; so the
// arithmetic is that of the RFC's bsd_check (appendix A) to the last bit.
type ratio struct {
	in, out    uint32 // octets before and after compression, also of packets that went uncompressed
	last       uint32 // what it was when last looked at, 0 before
	checkpoint uint32 // in, when it is looked at next
}

// due tells whether the dictionary is to be cleared. It is asked after each
// packet.
func (r *ratio) due(full bool) bool {
	if r.in < r.checkpoint {
		return false
	}
	if r.in >= most || r.out >= most {
		r.in -= r.in >> 2
		r.out -= r.out >> 2
	}
	r.checkpoint = r.in + checkGap
	if !full {
		return false
	}
	now := r.in << scale
	if r.out != 0 {
		now /= r.out
	}
	if now < r.last || now < even {
		return true
	}
	r.last = now
	return false
}
