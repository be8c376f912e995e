package mppc

import (
	"bytes"
	"testing"
)

// sample is packets to measure with, and their octets.
func sample(n int) (packets [][]byte, octets int64) {
	for t := newTraffic(3, 1502); len(packets) < n; {
		_, p := t.next()
		packets, octets = append(packets, bytes.Clone(p)), octets+int64(len(p))
	}
	return packets, octets
}

func BenchmarkCompress(b *testing.B) {
	packets, octets := sample(2000)
	b.SetBytes(octets)
	b.ReportAllocs()
	var c Compressor
	var coded int
	dst := make([]byte, 0, 2000)
	for b.Loop() {
		coded = 0
		for _, p := range packets {
			out, _ := c.Compress(dst, p)
			coded += len(out)
		}
	}
	b.ReportMetric(100*float64(coded)/float64(octets), "%")
}

func BenchmarkDecompress(b *testing.B) {
	packets, octets := sample(2000)
	var c Compressor
	var coded [][]byte
	var flags []Flags
	c.Flush()
	for _, p := range packets {
		out, f := c.Compress(nil, p)
		coded, flags = append(coded, out), append(flags, f)
	}
	b.SetBytes(octets)
	b.ReportAllocs()
	var d Decompressor
	dst := make([]byte, 0, 2000)
	for b.Loop() {
		for i := range coded {
			if _, err := d.Decompress(dst, coded[i], flags[i], 1500); err != nil {
				b.Fatal(err)
			}
		}
	}
}
