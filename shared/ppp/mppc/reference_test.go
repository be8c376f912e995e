package mppc

import "strings"

// A reference is a receiver's history as RFC 2118 words it, a bit at a time; it
// knows nothing of the Decompressor.
type reference struct {
	history [HistorySize]byte
	filled  [HistorySize]bool
	at      int
	lost    bool
}

// decompress returns the packet, and false when it is refused.
func (r *reference) decompress(octets []byte, f Flags, mru int) (packet []byte, ok bool) {
	if f&Flushed != 0 {
		*r = reference{}
	}
	defer func() { r.lost = !ok }()
	if r.lost || f&Compressed == 0 {
		return octets, !r.lost && len(octets) <= mru+2
	}
	if f&AtFront != 0 {
		r.at = 0
	}
	put := func(c byte) bool {
		if r.at == HistorySize || len(packet) == mru+2 {
			return false
		}
		r.history[r.at], r.filled[r.at] = c, true
		r.at++
		packet = append(packet, c)
		return true
	}
	b := bitString(binaryOf(octets))
	for len(b) >= 8 {
		switch {
		case b.header("0"):
			n, _ := b.number(7)
			if !put(byte(n)) {
				return nil, false
			}
		case b.header("10"):
			n, whole := b.number(7)
			if !whole || !put(byte(n)|0x80) {
				return nil, false
			}
		default:
			offset, n, whole := b.copy()
			from := r.at - offset + HistorySize
			if !whole || offset < 1 || offset >= HistorySize || !r.filled[from%HistorySize] {
				return nil, false
			}
			for ; n > 0; n-- {
				if !put(r.history[from%HistorySize]) {
					return nil, false
				}
				from++
			}
		}
	}
	return packet, true
}

// A bitString is the digits that are still to be read.
type bitString string

func (b *bitString) header(h string) (ok bool) {
	rest, ok := strings.CutPrefix(string(*b), h)
	if ok {
		*b = bitString(rest)
	}
	return ok
}

func (b *bitString) number(bits int) (n int, whole bool) {
	if len(*b) < bits {
		*b = ""
		return 0, false
	}
	for _, c := range (*b)[:bits] {
		n = n<<1 | int(c-'0')
	}
	*b = (*b)[bits:]
	return n, true
}

// copy reads RFC 2118 §4.2.1 and §4.2.2.
func (b *bitString) copy() (offset, n int, whole bool) {
	bits, from := 13, 320
	switch {
	case b.header("1111"):
		bits, from = 6, 0
	case b.header("1110"):
		bits, from = 8, 64
	case !b.header("110"):
		return 0, 0, false
	}
	if offset, whole = b.number(bits); !whole {
		return 0, 0, false
	}
	for _, row := range lengthCodes[:12] {
		if b.header(row.header) {
			n, whole = b.number(row.bits)
			return offset + from, n + row.from, whole
		}
	}
	return 0, 0, false
}
