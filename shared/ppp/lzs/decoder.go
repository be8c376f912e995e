package lzs

// A reader takes bits from octets, the highest first.
type reader struct {
	b    []byte
	acc  uint32
	held int
	zero bool // an octet of zeros stands behind them
	out  bool // there were fewer
}

func (r *reader) take(bits int) int {
	for r.held < bits {
		octet := byte(0)
		switch {
		case len(r.b) > 0:
			octet, r.b = r.b[0], r.b[1:]
		case r.zero:
			r.zero = false
		default:
			r.out = true
			return 0
		}
		r.acc = r.acc<<8 | uint32(octet)
		r.held += 8
	}
	r.held -= bits
	return int(r.acc >> r.held & (1<<bits - 1))
}

func (r *reader) length() int {
	if n := r.take(2); n < 3 {
		return 2 + n
	}
	if n := r.take(2); n < 3 {
		return 5 + n
	}
	n := 8
	for {
		more := r.take(4)
		n += more
		if more < 15 {
			return n
		}
	}
}

// decode appends what r's data stand for, at most limit octets. history is what
// came before.
func decode(dst []byte, r reader, history []byte, limit int) ([]byte, error) {
	start := len(dst)
	for {
		if r.take(1) == 0 {
			octet := byte(r.take(8))
			if r.out {
				return dst, ErrCorrupt
			}
			if len(dst)-start >= limit {
				return dst, ErrTooLong
			}
			dst = append(dst, octet)
			continue
		}
		bits := 11
		if r.take(1) == 1 {
			bits = 7
		}
		offset := r.take(bits)
		if offset == 0 && bits == 7 && !r.out {
			return dst, nil
		}
		length := r.length()
		switch {
		case r.out, offset == 0, offset > len(dst)-start+len(history):
			return dst, ErrCorrupt
		case len(dst)-start+length > limit:
			return dst, ErrTooLong
		}
		for range length {
			if at := len(dst) - offset; at >= start {
				dst = append(dst, dst[at])
			} else {
				dst = append(dst, history[len(history)+at-start])
			}
		}
	}
}
