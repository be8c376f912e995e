package mppc

import (
	"fmt"
	"strings"
	"testing"
)

// binaryOf writes octets as the RFC writes codes.
func binaryOf(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		fmt.Fprintf(&s, "%08b", c)
	}
	return s.String()
}

// offsetCode is the code of RFC 2118 §4.2.1.
func offsetCode(offset int) string {
	switch {
	case offset < 64:
		return fmt.Sprintf("1111%06b", offset)
	case offset < 320:
		return fmt.Sprintf("1110%08b", offset-64)
	}
	return fmt.Sprintf("110%013b", offset-320)
}

// lengthCodes are the rows of RFC 2118 §4.2.2: the first length of each, and its
// header.
var lengthCodes = []struct {
	from   int
	header string
	bits   int
}{
	{3, "0", 0}, {4, "10", 2}, {8, "110", 3}, {16, "1110", 4}, {32, "11110", 5}, {64, "111110", 6}, {128, "1111110", 7}, {256, "11111110", 8},
	{512, "111111110", 9}, {1024, "1111111110", 10}, {2048, "11111111110", 11}, {4096, "111111111110", 12}, {8192, "", 0},
}

func lengthCode(n int) string {
	for i, row := range lengthCodes {
		if n < lengthCodes[i+1].from {
			if row.bits == 0 {
				return row.header
			}
			return fmt.Sprintf("%s%0*b", row.header, row.bits, n-row.from)
		}
	}
	panic("no such length")
}

func literalCode(c int) string {
	if c < 0x80 {
		return fmt.Sprintf("%08b", c)
	}
	return fmt.Sprintf("10%07b", c-0x80)
}

// pack fills the last octet up with zeros.
func pack(code string) (b []byte) {
	for code += strings.Repeat("0", 7); len(code) >= 8; code = code[8:] {
		var c byte
		fmt.Sscanf(code[:8], "%b", &c)
		b = append(b, c)
	}
	return b
}

// What write writes is code, filled up with zeros.
func wants(t *testing.T, code string, write func(*writer) bool) {
	t.Helper()
	w := writer{to: make([]byte, 8)}
	if !write(&w) {
		t.Fatalf("no room for %s", code)
	}
	n := w.end()
	if got := binaryOf(w.to[:n]); n != (len(code)+7)/8 || !strings.HasPrefix(got, code) || strings.Contains(got[len(code):], "1") {
		t.Fatalf("wrote %s for %s", got, code)
	}
}

func TestLiteralCodes(t *testing.T) {
	for c := range 256 {
		wants(t, literalCode(c), func(w *writer) bool { return w.literal(byte(c)) })
	}
}

func TestCopyCodes(t *testing.T) {
	check := func(offset, n int) {
		code := offsetCode(offset) + lengthCode(n)
		wants(t, code, func(w *writer) bool { return w.copy(offset, n) })
		r := reader{from: pack(code)}
		r.fill()
		if o, l := r.offset(), r.length(); o != offset || l != n || r.bits < 0 || r.bits > 7 {
			t.Fatalf("read %d, %d and left %d bits of %d, %d", o, l, r.bits, offset, n)
		}
	}
	for offset := 1; offset < HistorySize; offset++ {
		check(offset, 3)
	}
	for n := 3; n < HistorySize; n++ {
		check(1, n)
		check(HistorySize-1, n)
	}
}

// A writer writes into its room and not beyond, and tells what did not fit.
func TestWriterKeepsToItsRoom(t *testing.T) {
	for size := range 20 {
		for n := range size + 8 {
			b := make([]byte, 40)
			w := writer{to: b[:size]}
			fits := true
			for range n {
				fits = fits && w.literal('U')
			}
			length := w.end()
			if n <= size && (!fits || length != n) || n > size && fits && length <= size {
				t.Errorf("%d octets into %d: fits %v, length %d", n, size, fits, length)
			}
			if want := strings.Repeat("U", min(n, size)); n <= size && string(b[:n]) != want || strings.Trim(string(b[size:]), "\x00") != "" {
				t.Errorf("%d octets into %d: wrote %q", n, size, b)
			}
		}
	}
}
