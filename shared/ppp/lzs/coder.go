package lzs

import "encoding/binary"

// The coding (ANSI X3.241, as RFC 2395 §2 tells it): an octet is a 0 and its 8
// bits; a string that was there before is a 1, how far before (1 and 7 bits, or
// 0 and 11 bits), and its length; the end is an offset of 0 in 7 bits, and zeros
// up to a whole octet.
const (
	nearest  = 127  // what fits in 7 bits
	farthest = 2047 // in 11
	shortest = 2    // string
)

// An encoder finds strings in the last 2047 octets. Its positions count octets
// since it was made and wrap around.
type encoder struct {
	b      []byte // what is known, and the piece at work
	end    uint32 // the position behind b
	start  uint32 // the history begins here
	heads  [1 << 11]uint32
	before [farthest + 1]uint32 // the position before this one whose first octets have the same hash
}

const (
	piece = 2048 // octets at work at a time
	depth = 24   // strings that are looked at for each octet
)

func hash(b []byte) uint16 { return (binary.BigEndian.Uint16(b) * 40503) >> 5 }

// forget begins a new history.
func (e *encoder) forget() { e.start = e.end }

// encode appends the code of packet, its end too.
func (e *encoder) encode(dst, packet []byte) []byte {
	w := writer{b: dst}
	for len(packet) > 0 {
		n := min(piece, len(packet))
		e.encodePiece(&w, packet[:n])
		packet = packet[n:]
	}
	w.put(0b11<<7, 9)
	return w.end()
}

func (e *encoder) encodePiece(w *writer, data []byte) {
	if e.b == nil {
		e.b = make([]byte, 0, farthest+2*piece)
	}
	if len(e.b)+len(data) > cap(e.b) {
		e.b = e.b[:copy(e.b, e.b[len(e.b)-farthest:])]
	}
	at := len(e.b)
	e.b = append(e.b, data...)
	e.end += uint32(len(data))
	for at < len(e.b) {
		offset, length := e.find(at)
		if length < shortest {
			w.put(int(e.b[at]), 9)
			length = 1
		} else {
			w.put(offsetCode(offset))
			w.length(length)
		}
		for range length {
			e.know(at)
			at++
		}
	}
}

func (e *encoder) position(at int) uint32 { return e.end - uint32(len(e.b)-at) }

// find returns the longest string before at that begins as what follows it.
func (e *encoder) find(at int) (offset, length int) {
	rest := e.b[at:]
	if len(rest) < shortest {
		return 0, 0
	}
	here := e.position(at)
	last := uint32(0)
	for k, p := 0, e.heads[hash(rest)]; k < depth; k, p = k+1, e.before[p&farthest] {
		far := here - p
		if far <= last || far > farthest || far > here-e.start || far > uint32(at) {
			break
		}
		last = far
		if n := same(e.b[at-int(far):], rest); n > length {
			offset, length = int(far), n
			if n == len(rest) {
				break
			}
		}
	}
	return offset, length
}

func same(a, b []byte) int {
	n := 0
	for n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// know makes the string at findable.
func (e *encoder) know(at int) {
	if rest := e.b[at:]; len(rest) >= shortest {
		p, h := e.position(at), hash(rest)
		e.before[p&farthest] = e.heads[h]
		e.heads[h] = p
	}
}

func offsetCode(offset int) (code, bits int) {
	if offset <= nearest {
		return 0b11<<7 | offset, 9
	}
	return 0b10<<11 | offset, 13
}

// A writer packs bits into octets, the highest first.
type writer struct {
	b    []byte
	acc  uint32
	held int // bits of acc that are not in b yet, less than 8
}

func (w *writer) put(code, bits int) {
	w.acc = w.acc<<bits | uint32(code)
	for w.held += bits; w.held >= 8; {
		w.held -= 8
		w.b = append(w.b, byte(w.acc>>w.held))
	}
}

// length puts a string's length: 2 to 4 in two bits, 5 to 7 in four, more in
// four ones and as many fours of bits as are needed, all but the last ones.
func (w *writer) length(n int) {
	switch {
	case n <= 4:
		w.put(n-2, 2)
	case n <= 7:
		w.put(0b1100+n-5, 4)
	default:
		w.put(0b1111, 4)
		for n -= 8; n >= 15; n -= 15 {
			w.put(0b1111, 4)
		}
		w.put(n, 4)
	}
}

func (w *writer) end() []byte {
	if w.held > 0 {
		w.put(0, 8-w.held)
	}
	return w.b
}
