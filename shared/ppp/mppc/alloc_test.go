package mppc

import (
	"testing"
	"unsafe"
)

// A packet allocates nothing, whatever becomes of it.
func TestPacketsAllocNothing(t *testing.T) {
	packets, _ := sample(500)
	var c Compressor
	var d Decompressor
	coded, plain := make([]byte, 0, mru+2+room), make([]byte, 0, mru+2)
	refused := 0
	if n := testing.AllocsPerRun(5, func() {
		c.Flush()
		for i, p := range packets {
			out, f := c.Compress(coded, p)
			if i%50 == 49 {
				out = append(out[:1], 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF) // no code
				f |= Compressed
				c.Flush()
			}
			if _, err := d.Decompress(plain, out, f, mru); err != nil {
				refused++
			}
		}
	}); n != 0 || refused != 6*10 {
		t.Errorf("%v allocations, %d packets were refused", n, refused)
	}
}

// What a direction holds while nothing is sent is what the package says.
func TestIdleSize(t *testing.T) {
	if c, d := unsafe.Sizeof(Compressor{}), unsafe.Sizeof(Decompressor{}); c > 16<<10+64 || d > 8<<10+64 {
		t.Errorf("a Compressor takes %d octets, a Decompressor %d", c, d)
	}
}
