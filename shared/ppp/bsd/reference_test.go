package bsd

import "encoding/binary"

// A reference is RFC 1977's algorithm (appendix A) said once more, as it is told
// there: the width of codes is a state that grows, at a packet's end too, and
// the dictionary is a map. It takes its time.
type reference struct {
	bits, width, max int
	codes            map[[2]int]int
	in, out          int
	last, checkpoint int
	seq              uint16
	clears           int
}

func newReference(bits int) *reference {
	r := &reference{bits: bits}
	r.clear()
	return r
}

func (r *reference) clear() {
	r.width, r.max, r.codes = 9, 256, map[[2]int]int{}
	r.in, r.out, r.last, r.checkpoint = 0, 0, 0, 10_000
}

// frame is what a packet, its Protocol field in one octet, becomes, whether or
// not it becomes shorter.
func (r *reference) frame(packet []byte) []byte {
	var bits []byte
	put := func(code int) {
		for i := r.width - 1; i >= 0; i-- {
			bits = append(bits, byte(code>>i&1))
		}
	}
	full := 1<<r.bits - 1
	ent := int(packet[0])
	for _, c := range packet[1:] {
		if code, ok := r.codes[[2]int{ent, int(c)}]; ok {
			ent = code
			continue
		}
		put(ent)
		if r.max < full {
			if r.max >= 1<<r.width-1 {
				r.width++
			}
			r.max++
			r.codes[[2]int{ent, int(c)}] = r.max
		}
		ent = int(c)
	}
	put(ent)
	r.out += (len(bits) + 7) / 8
	r.in += len(packet)
	info := binary.BigEndian.AppendUint16(nil, r.seq)
	r.seq++
	if r.check(full) {
		put(256)
		r.clear()
		r.clears++
	} else if r.max >= 1<<r.width-1 && r.max < full {
		r.width++
	}
	for len(bits)%8 != 0 {
		bits = append(bits, 1)
	}
	for i := 0; i < len(bits); i += 8 {
		octet := byte(0)
		for _, b := range bits[i : i+8] {
			octet = octet<<1 | b
		}
		info = append(info, octet)
	}
	return info
}

func (r *reference) check(full int) bool {
	if r.in < r.checkpoint {
		return false
	}
	if r.in >= 0x7FFFFF || r.out >= 0x7FFFFF {
		r.in, r.out = r.in-r.in/4, r.out-r.out/4
	}
	r.checkpoint = r.in + 10_000
	if r.max < full {
		return false
	}
	ratio := r.in * 256 / r.out
	if ratio < r.last || ratio < 256 {
		return true
	}
	r.last = ratio
	return false
}
