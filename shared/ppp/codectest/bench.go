package codectest

import (
	"bytes"
	"testing"

	"carrier/shared/ppp"
)

// benchPackets is one turn of a benchmark.
func benchPackets() (packets [][]byte, octets int64) {
	traffic := NewTraffic(1)
	for range 256 {
		packets = append(packets, bytes.Clone(traffic.Next()))
		octets += int64(len(packets[len(packets)-1]))
	}
	return packets, octets
}

// BenchmarkCompress compresses mixed traffic: what is counted are octets before
// it.
func BenchmarkCompress(b *testing.B, c Compressor) {
	packets, octets := benchPackets()
	b.SetBytes(octets)
	b.ReportAllocs()
	info := make([]byte, 0, 2*MRU)
	for b.Loop() {
		for _, packet := range packets {
			c.Compress(info, packet)
		}
	}
}

// BenchmarkDecompress decompresses mixed traffic: what is counted are octets
// after it.
func BenchmarkDecompress(b *testing.B, p Pair) {
	packets, octets := benchPackets()
	infos := make([][]byte, len(packets))
	for i, packet := range packets {
		infos[i], _ = p.Compress(nil, packet)
	}
	b.SetBytes(octets)
	b.ReportAllocs()
	got := make([]byte, 0, 2*MRU)
	for b.Loop() {
		p.Decompressor.Reset(nil)
		for i, packet := range packets {
			if len(infos[i]) == 0 {
				p.Uncompressed(packet)
			} else if _, err := p.Decompress(got, infos[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// Fuzz carries what a fuzzer thinks of, cut into packets by their first octet:
// what goes in comes out.
func Fuzz(f *testing.F, start func() Pair) {
	f.Add([]byte("\x05\x21hello\x05\x21hello\x05\x21hello"))
	f.Add(bytes.Repeat([]byte{200, 0x00, 0x21, 1, 2, 3}, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := start()
		for len(b) > 0 {
			n := min(int(b[0])*5, len(b)-1)
			packet := b[1 : 1+n]
			b = b[1+n:]
			if p, _, err := ppp.Split(packet); err == nil && p == 0xFF {
				continue // no protocol: in one octet it could be an Address (RFC 1662 §3.1)
			}
			if got, compressed, err := p.Carry(packet); err != nil || compressed && !Same(got, packet) {
				t.Fatalf("%v\n got %x\nwant %x", err, got, packet)
			}
		}
	})
}
