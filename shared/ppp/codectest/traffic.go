// Package codectest tests PPP's data compressors: what each of them must do
// whatever its format, on the same traffic.
package codectest

import (
	"encoding/binary"
	"math/rand/v2"
)

// MRU is that of the traffic, in octets.
const MRU = 1500

// Traffic makes packets as a link carries them, from their Protocol field on.
// The same seed makes the same packets.
type Traffic struct {
	rng  *rand.Rand
	seq  uint32
	text []byte
	b    []byte
}

// NewTraffic makes a source of packets.
func NewTraffic(seed uint64) *Traffic {
	t := &Traffic{rng: rand.New(rand.NewPCG(seed, 0)), b: make([]byte, 0, 2+MRU)}
	words := make([][]byte, 300)
	for i := range words {
		w := make([]byte, 2+t.rng.IntN(9))
		for j := range w {
			w[j] = "etaoinshrdlucmfw"[t.rng.IntN(16)]
		}
		words[i] = append(w, ' ')
	}
	for len(t.text) < 1<<16 {
		n := t.rng.IntN(len(words))
		t.text = append(t.text, words[t.rng.IntN(n+1)]...) // the first words are the most frequent
	}
	return t
}

// Next is the next packet, good until the one after it.
func (t *Traffic) Next() []byte {
	t.b = t.b[:0]
	switch t.rng.IntN(16) {
	case 0: // of the longest information field, random
		t.protocol(0x0021)
		t.random(MRU)
	case 1: // a segment of a download
		t.tcp()
		t.words(MRU - 40)
	case 2: // text of any length, in a protocol of two octets
		t.protocol(0x0281)
		t.words(t.rng.IntN(MRU))
	case 3: // runs
		t.protocol(0x002B)
		for n := t.rng.IntN(MRU); n > 0; {
			run := min(n, 1+t.rng.IntN(300))
			c := byte(t.rng.Uint32())
			for range run {
				t.b = append(t.b, c)
			}
			n -= run
		}
	case 4: // nothing but its protocol
		t.protocol(0x0057)
	case 5: // never compressed
		t.protocol(0xC021)
		t.random(t.rng.IntN(20))
	case 6: // random, short
		t.protocol(0x0057)
		t.random(t.rng.IntN(60))
	case 7, 8: // keys that someone types
		t.tcp()
		t.words(1 + t.rng.IntN(40))
	default: // an acknowledgement
		t.tcp()
	}
	return t.b
}

// protocol begins a packet, in the long or the short form of its number.
func (t *Traffic) protocol(p uint16) {
	if p > 0xFF || t.rng.IntN(2) == 0 {
		t.b = append(t.b, byte(p>>8))
	}
	t.b = append(t.b, byte(p))
}

func (t *Traffic) random(n int) {
	for range n {
		t.b = append(t.b, byte(t.rng.Uint32()))
	}
}

func (t *Traffic) words(n int) {
	from := t.rng.IntN(len(t.text) - n)
	t.b = append(t.b, t.text[from:from+n]...)
}

// tcp is the headers of IP and TCP: what changes in them between two packets of
// a connection changes.
func (t *Traffic) tcp() {
	t.protocol(0x0021)
	t.seq += 1 + t.rng.Uint32N(1460)
	t.b = append(t.b, 0x45, 0, byte(t.rng.IntN(5)), byte(t.rng.Uint32()), byte(t.seq>>8), byte(t.seq), 0x40, 0, 64, 6)
	t.random(2) // checksum
	t.b = append(t.b, 10, 0, 0, 1, 10, 0, 0, byte(2+t.rng.IntN(3)), 0, 80, 0xC0, 1)
	t.b = binary.BigEndian.AppendUint32(t.b, t.seq)
	t.b = append(t.b, 0, 0, 0x12, 0x34, 0x50, 0x10, 0x20, 0)
	t.random(2)
	t.b = append(t.b, 0, 0)
}
