package mppc

import (
	"bytes"
	"testing"
)

// split parts what the fuzzer made into packets: an octet of flags, one of its
// length, which counts groups of seven octets, and the octets.
func split(b []byte, each func(bits byte, octets []byte)) {
	for len(b) >= 2 {
		n := min(int(b[1])*7, len(b)-2)
		each(b[0], b[2:2+n])
		b = b[2+n:]
	}
}

// join is the reverse of split, for seeds.
func join(b []byte, bits byte, octets []byte) []byte {
	octets = octets[:min(len(octets), 255*7)]
	return append(append(b, bits, byte((len(octets)+6)/7)), append(octets, make([]byte, 6)...)[:(len(octets)+6)/7*7]...)
}

// Whatever comes, the Decompressor takes and gives what the reference does.
func FuzzDecompress(f *testing.F) {
	var seed []byte
	var c Compressor
	c.Flush()
	for from := newTraffic(9, 300); len(seed) < 3000; {
		_, packet := from.next()
		coded, flags := c.Compress(nil, packet)
		seed = join(seed, byte(flags), coded)
	}
	f.Add(seed)
	f.Add(join(nil, byte(alone), pack(abc+copying(1, 8000))))
	f.Add(join(join(nil, byte(alone), pack(abc)), byte(Compressed), pack(copying(3, 7)+copying(0, 3))))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d Decompressor
		var r reference
		split(b, func(bits byte, octets []byte) {
			flags, mru := Flags(bits), 100<<(bits&7)
			want, ok := r.decompress(octets, flags, mru)
			got, err := d.Decompress([]byte("x"), octets, flags, mru)
			if !ok {
				want = nil
			}
			if ok != (err == nil) || !bytes.Equal(got[1:], want) || got[0] != 'x' {
				t.Fatalf("%x, %#x: %d octets, %v; the reference has %d, %v", octets, flags, len(got)-1, err, len(want), ok)
			}
		})
	})
}

// What is compressed comes back, and is never longer than it was.
func FuzzRoundTrip(f *testing.F) {
	var seed []byte
	for from := newTraffic(10, 300); len(seed) < 6000; {
		k, packet := from.next()
		seed = join(seed, byte(k), packet)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		var p pair
		var r reference
		split(b, func(bits byte, packet []byte) {
			if bits == 0xFF {
				p.c.Flush()
			}
			coded, flags := p.pass(t, packet)
			if again, ok := r.decompress(coded, flags, HistorySize); !ok || !bytes.Equal(again, packet) || len(coded) > len(packet) {
				t.Fatalf("%d octets of %#x: the reference has %d of %d, %v", len(coded), flags, len(again), len(packet), ok)
			}
		})
	})
}
