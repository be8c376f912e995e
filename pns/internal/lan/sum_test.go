package lan

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// slow is the checksum as RFC 1071 §4.1 has it.
func slow(b []byte) uint16 {
	var sum uint32
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum>>16 != 0 {
		sum = sum&0xFFFF + sum>>16
	}
	return ^uint16(sum)
}

func TestSum(t *testing.T) {
	random := make([]byte, 2000)
	rand.NewChaCha8([32]byte{}).Read(random)
	for _, b := range [][]byte{random, make([]byte, 2000), bytes.Repeat([]byte{0xFF}, 2000)} {
		for n := range b {
			if got, want := Checksum(b[:n]), slow(b[:n]); got != want {
				t.Fatalf("%d octets: %#04x, want %#04x", n, got, want)
			}
			if got, want := ^FoldSum(Sum(b[n&^1:], Sum(b[:n&^1], 0))), slow(b); got != want {
				t.Fatalf("in two parts, at %d: %#04x, want %#04x", n, got, want)
			}
		}
	}
	if got := FoldSum(Sum(bytes.Repeat([]byte{0xFF}, 64), 1<<64-1)); got != 0xFFFF {
		t.Errorf("all ones: %#04x", got)
	}
}

func FuzzSum(f *testing.F) {
	f.Add([]byte{1, 2, 3}, uint64(1<<64-1))
	f.Fuzz(func(t *testing.T, b []byte, sum uint64) {
		first := FoldSum(sum)
		whole := append([]byte{byte(first >> 8), byte(first)}, b...)
		got, want := FoldSum(Sum(b, sum)), ^slow(whole)
		if got != want && !(got%0xFFFF == 0 && want%0xFFFF == 0) { // zero has two forms
			t.Errorf("%x on %#x: %#04x, want %#04x", b, sum, got, want)
		}
	})
}
