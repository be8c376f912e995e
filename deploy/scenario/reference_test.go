package scenario

import (
	"bytes"
	"hash/maphash"
	"maps"
	"sync"
	"testing"

	"carrier/shared/hdlc"
)

// A reference reads the octets of one direction of a call one by one, as RFC
// 1662 says, and counts what it finds. It shares nothing with the decoder that
// it is compared with.
type reference struct {
	seed maphash.Seed

	mu      sync.Mutex
	octets  []byte // of the frame that has begun, without escapes
	escape  bool   // the last octet was Control Escape
	giant   bool   // the frame was too long and was counted
	spoiled map[string]uint64
	good    map[uint64]uint64 // frames with the right FCS, by their hash
}

func newReference() *reference {
	return &reference{seed: maphash.MakeSeed(), spoiled: map[string]uint64{}, good: map[uint64]uint64{}}
}

// Write takes octets as they are delivered.
func (r *reference) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range b {
		r.octet(c)
	}
	return len(b), nil
}

func (r *reference) octet(c byte) {
	switch {
	case c == 0x7E:
		r.flag()
	case c == 0x7D: // also behind another one: senders never send 7D 7D
		r.escape = true
	default:
		if r.escape {
			c ^= 0x20
			r.escape = false
		}
		if r.octets = append(r.octets, c); len(r.octets) > hdlc.DefaultMaxFrame+2 && !r.giant {
			r.giant = true
			r.spoiled["giant"]++
		}
	}
}

// flag ends a frame: RFC 1662 §4.3 says which are invalid.
func (r *reference) flag() {
	frame := r.octets
	switch {
	case r.giant:
	case r.escape:
		r.spoiled["abort"]++
	case len(frame) == 0:
	case len(frame) < 4:
		r.spoiled["runt"]++
	case fcs(frame) != 0xF0B8:
		r.spoiled["fcs"]++
	default:
		r.good[r.hash(frame[:len(frame)-2])]++
	}
	r.octets, r.escape, r.giant = r.octets[:0], false, false
}

// hash is that of a frame without FCS, with or without Address and Control.
func (r *reference) hash(frame []byte) uint64 {
	return maphash.Bytes(r.seed, bytes.TrimPrefix(frame, []byte{0xFF, 0x03}))
}

// fcs is the FCS-16 bit by bit: x^16 + x^12 + x^5 + 1, the lowest bit of an
// octet first (RFC 1662 §C.1).
func fcs(b []byte) uint16 {
	v := uint16(0xFFFF)
	for _, c := range b {
		v ^= uint16(c)
		for range 8 {
			if v&1 != 0 {
				v = v>>1 ^ 0x8408
			} else {
				v >>= 1
			}
		}
	}
	return v
}

// counts is a copy of what was counted.
func (r *reference) counts() map[string]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.spoiled)
}

// missing is how many frames of got, counted by their hashes, never came whole
// from the line.
func (r *reference) missing(got map[uint64]uint64) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for hash, times := range got {
		n += int(max(times, r.good[hash]) - r.good[hash])
	}
	return n
}

func TestReference(t *testing.T) {
	r := newReference()
	frame := []byte("\xff\x03\x00\x21abc}~")
	r.Write(hdlc.AppendFull(nil, frame))
	r.Write([]byte("\x7E\x7E1\x7E12\x7E123\x7E1234\x7E123}\x7E}\x7E}A\x7E"))
	r.Write(append(bytes.Repeat([]byte{'x'}, 1603), "}\x7E"...))
	r.Write(append(bytes.Repeat([]byte{'x'}, 1602), '\x7E'))
	want := map[string]uint64{"runt": 4, "fcs": 2, "abort": 2, "giant": 1}
	if got := r.counts(); !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
	if n := r.missing(map[uint64]uint64{r.hash(frame[2:]): 3, r.hash([]byte("1")): 4}); n != 2+4 {
		t.Errorf("%d frames are missing, want 6: one was good, once", n)
	}
}
