package mppc

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
)

// A kind is a sort of packets; each should show another side of a coder.
type kind int

const (
	text      kind = iota // a page of words
	segment               // TCP with some of a file in it
	header                // TCP without
	zeros                 // one octet again and again
	noise                 // nothing to find
	short                 // up to twelve octets
	highNoise             // nothing to find, and each octet takes nine bits
	kinds
)

// weighted is how often each comes: what cannot be compressed empties the
// history, so it must leave time to fill it.
var weighted = slices.Concat(
	slices.Repeat([]kind{text}, 8), slices.Repeat([]kind{segment}, 24), slices.Repeat([]kind{header}, 12),
	slices.Repeat([]kind{zeros}, 4), []kind{noise, short, highNoise},
)

// traffic is packets as PPP carries them, Protocol field first: always the same
// for the same seed and files.
type traffic struct {
	rand  *rand.Rand
	files [][]byte // what segments carry; noise where there are none
	most  int      // octets of a packet
	flow  [16]struct {
		from, seq, ack uint32
		file           []byte
	}
	buf []byte
}

func newTraffic(seed uint64, most int, files ...[]byte) *traffic {
	return &traffic{rand: rand.New(rand.NewPCG(seed, 2118)), files: files, most: most}
}

// next makes a packet; it is valid until the next is made.
func (t *traffic) next() (kind, []byte) {
	k := weighted[t.rand.IntN(len(weighted))]
	b := append(t.buf[:0], 0x00, 0x21)
	size := 1 + t.rand.IntN(t.most-2)
	if t.rand.IntN(4) == 0 {
		size = t.most - 2
	}
	switch k {
	case text:
		b = t.words(b, size)
	case segment:
		b = t.segment(b, size)
	case header:
		b = t.segment(b, 0)
	case zeros:
		b = t.runs(b, size)
	case short:
		b = t.octets(b[:t.rand.IntN(3)], 1+t.rand.IntN(10))
	default:
		b = t.octets(b, size)
	}
	b = b[:min(len(b), t.most)]
	if k == highNoise {
		for i := range b {
			b[i] |= 0x80
		}
	}
	t.buf = b[:0]
	return k, b
}

func (t *traffic) octets(b []byte, n int) []byte {
	for ; n > 0; n -= 8 {
		b = binary.LittleEndian.AppendUint64(b, t.rand.Uint64())[:len(b)+min(n, 8)]
	}
	return b
}

// words are of a vocabulary of 512 that all seeds share, the first more often.
func (t *traffic) words(b []byte, n int) []byte {
	for end := len(b) + n; len(b) < end; {
		w := t.rand.Uint32N(1 + t.rand.Uint32N(512))
		for x := (w + 1) * 2654435761; x > 7; x /= 26 {
			b = append(b, byte('a'+x%26))
		}
		b = append(b, " \n  ,   "[w%8])
	}
	return b
}

func (t *traffic) runs(b []byte, n int) []byte {
	for end := len(b) + n; len(b) < end; {
		c := byte(t.rand.IntN(4)) * 0x55
		for range 1 + t.rand.IntN(n) {
			b = append(b, c)
		}
	}
	return b
}

// segment is the next of one of sixteen connections.
func (t *traffic) segment(b []byte, n int) []byte {
	f := &t.flow[t.rand.IntN(len(t.flow))]
	if len(f.file) < n {
		*f = struct {
			from, seq, ack uint32
			file           []byte
		}{from: t.rand.Uint32(), seq: t.rand.Uint32(), ack: t.rand.Uint32()}
		if len(t.files) > 0 {
			f.file = t.files[t.rand.IntN(len(t.files))]
		} else {
			f.file = t.words(nil, 20000)
		}
	}
	n = min(n, len(f.file))
	b = append(b, 0x45, 0, byte((40+n)>>8), byte(40+n), byte(f.seq>>4), byte(f.ack), 0x40, 0, 64, 6, byte(f.seq), byte(n), 10, 0, 0, 7)
	b = binary.BigEndian.AppendUint32(b, f.from)
	b = append(b, 0, 80, byte(f.from>>3), byte(f.from))
	b = binary.BigEndian.AppendUint32(b, f.seq)
	b = binary.BigEndian.AppendUint32(b, f.ack)
	b = append(b, 0x50, 0x10, 0x20, 0, byte(f.seq*7), byte(f.ack*3), 0, 0)
	b = append(b, f.file[:n]...)
	f.seq, f.ack, f.file = f.seq+uint32(n), f.ack+uint32(t.rand.IntN(3)), f.file[n:]
	return b
}
