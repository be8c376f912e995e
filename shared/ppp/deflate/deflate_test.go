package deflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"testing"

	"carrier/shared/ppp/codectest"
	"carrier/shared/wire"
)

func pair(window int) codectest.Pair {
	c, err := NewCompressor(Option{window})
	if err != nil {
		panic(err)
	}
	d, err := NewDecompressor(Option{window}, codectest.MRU)
	if err != nil {
		panic(err)
	}
	return codectest.Pair{Compressor: c, Decompressor: d}
}

func TestOption(t *testing.T) {
	// pppd's request for a window of 15 bits: 1a 04 78 00
	if b := (Option{15}).Append(nil); !bytes.Equal(b, []byte{0x78, 0}) {
		t.Errorf("appended %x", b)
	}
	for w := MinWindow; w <= MaxWindow; w++ {
		if o, err := Parse((Option{w}).Append(nil)); err != nil || o.Window != w {
			t.Errorf("window %d: %v, %v", w, o, err)
		}
	}
	for n := range 2 {
		if _, err := Parse([]byte{0x78, 0}[:n]); !errors.Is(err, wire.ErrShort) {
			t.Errorf("first %d octets: %v", n, err)
		}
	}
	for _, bad := range [][]byte{{0x79, 0}, {0x88, 0}, {0xF8, 0}, {0x78, 1}, {0x78, 4}, {0x78, 0, 0}} {
		if o, err := Parse(bad); !errors.Is(err, ErrOption) {
			t.Errorf("%x: %v, %v", bad, o, err)
		}
	}
	for _, w := range []int{-1, 0, 7, 16} {
		if _, err := NewCompressor(Option{w}); !errors.Is(err, ErrOption) {
			t.Errorf("compressor with window %d: %v", w, err)
		}
		if _, err := NewDecompressor(Option{w}, 1500); !errors.Is(err, ErrOption) {
			t.Errorf("decompressor with window %d: %v", w, err)
		}
	}
}

// A million packets, through windows of all sizes.
func TestRoundTrip(t *testing.T) {
	for w := MinWindow; w <= MaxWindow; w++ {
		codectest.RoundTrip(t, pair(w), 125_000)
	}
}

// Two calls take turns, so that neither finds its own stream in the encoder.
func TestTurns(t *testing.T) {
	a, b := pair(MaxWindow), pair(MaxWindow)
	one, other := codectest.NewTraffic(1), codectest.NewTraffic(2)
	for i := range 300 {
		for _, packet := range [][]byte{one.Next(), other.Next()} {
			if got, _, err := a.Carry(packet); err != nil || !codectest.Same(got, packet) {
				t.Fatalf("packet %d: %v", i, err)
			}
			a, b = b, a
		}
	}
}

func TestLoss(t *testing.T)    { codectest.Loss(t, pair(MaxWindow), nil, true) }
func TestCorrupt(t *testing.T) { codectest.Corrupt(t, func() codectest.Pair { return pair(12) }, true) }
func TestAlloc(t *testing.T)   { codectest.Alloc(t, pair(MaxWindow)) }

// What a call holds does not grow beyond what the package's comment says.
func TestIdleSize(t *testing.T) {
	p := pair(MaxWindow)
	codectest.RoundTrip(t, p, 2000)
	p.Decompressor.(*Decompressor).mru = 9000
	for range 20 { // larger than what there is to spare
		p.Carry(append([]byte("!"), make([]byte, 9000)...))
	}
	sent, received := p.Compressor.(*Compressor).history.Cap(), p.Decompressor.(*Decompressor).history.Cap()
	if sent != 12<<10 || received != 36<<10 {
		t.Errorf("histories of %d and %d octets", sent, received)
	}
}

// An encoder that has not seen the history allocates nothing either.
func TestAllocTurns(t *testing.T) {
	a, b := pair(MaxWindow), pair(MaxWindow)
	packet := bytes.Repeat([]byte("!abcdefgh"), 100)
	dst := make([]byte, 0, 2*codectest.MRU)
	step := func() {
		for _, p := range []codectest.Pair{a, b} {
			if _, ok := p.Compress(dst, packet); !ok {
				t.Fatal("not compressed")
			}
		}
	}
	for range 50 {
		step()
	}
	if n := testing.AllocsPerRun(100, step); n != 0 && !codectest.Raced {
		t.Errorf("%v allocations", n)
	}
}

// Packets that are never compressed are not counted either (RFC 1979 §2).
func TestNeverCompressed(t *testing.T) {
	p := pair(MaxWindow)
	text := bytes.Repeat([]byte("text"), 100)
	for _, protocol := range []string{"\x00\xFD", "\xFD", "\x00\xFB", "\xFB", "\x40\x03", "\x80\x21", "\xC0\x21", "\x40\x02", "\x00", ""} {
		packet := append([]byte(protocol), text...)
		if protocol == "" || protocol == "\x00" {
			packet = []byte(protocol)
		}
		if _, compressed, err := p.Carry(packet); compressed || err != nil {
			t.Errorf("protocol %x: compressed %v, %v", protocol, compressed, err)
		}
	}
	for i, protocol := range []string{"\x3F\xFF", "\x01\x01", "\x01", "\xFF", "\x00\xF9"} {
		info, ok := p.Compress(nil, append([]byte(protocol), text...))
		if !ok || int(info[1]) != i {
			t.Errorf("protocol %x, the %dth that is compressed: %v, Sequence %x", protocol, i, ok, info[:min(2, len(info))])
		}
	}
}

// The MRU bounds the information field, whatever the length of the Protocol field.
func TestLongest(t *testing.T) {
	for _, protocol := range [][]byte{{0x21}, {0x02, 0x81}} {
		packet := append(bytes.Clone(protocol), make([]byte, codectest.MRU)...)
		p := pair(MaxWindow)
		if got, compressed, err := p.Carry(packet); err != nil || !compressed || !bytes.Equal(got, packet) {
			t.Errorf("protocol %x with as much as the MRU allows: %v", protocol, err)
		}
		if got, _, err := p.Carry(append(packet, 0)); !errors.Is(err, ErrTooLong) || len(got) != 0 {
			t.Errorf("protocol %x with an octet more: %d octets, %v", protocol, len(got), err)
		}
	}
}

// Three kilobytes that would become three megabytes.
func TestBomb(t *testing.T) {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	w.Write(make([]byte, 3<<20))
	w.Flush()
	info := append([]byte{0, 0}, b.Bytes()[:b.Len()-len(tail)]...)
	p := pair(MaxWindow)
	dst := make([]byte, 0, 4096)
	got, err := p.Decompress(dst, info)
	if !errors.Is(err, ErrTooLong) || len(got) != 0 || cap(got) != cap(dst) {
		t.Errorf("%d octets in %d, %v", len(got), cap(got), err)
	}
}

// A peer may not end its stream (RFC 1979 §2.1: no final block is ever sent).
func TestFinalBlock(t *testing.T) {
	for _, data := range []string{"\x01\x02\x00\xFD\xFF\x21x", "\x01\x02\x00\xFD\xFF\x21x\x00"} {
		if got, err := pair(15).Decompress(nil, []byte("\x00\x00"+data)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%q: %x, %v", data, got, err)
		}
	}
}

// Sequence counts to 65535 and goes on at 0, over packets that are sent as they
// are too.
func TestSequenceWraps(t *testing.T) {
	p := pair(MinWindow)
	p.Compressor.(*Compressor).seq, p.Decompressor.(*Decompressor).seq = 65_533, 65_533
	for i, want := range []string{"", "\xFF\xFE", "", "\x00\x00", "", "\x00\x02"} {
		packet := []byte("!short")
		if i%2 == 1 {
			packet = bytes.Repeat([]byte("!wrap"), 20)
		}
		info, compressed := p.Compress(nil, packet)
		if !compressed {
			p.Uncompressed(packet)
		} else if got, err := p.Decompress(nil, info); err != nil || !bytes.Equal(got, packet) {
			t.Errorf("packet %d: %x, %v", i, got, err)
		}
		if string(info[:min(2, len(info))]) != want {
			t.Errorf("packet %d begins with %x, not %x", i, info, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x78, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := Parse(b); err == nil && !bytes.Equal(o.Append(nil), b) {
			t.Errorf("%x became %+v", b, o)
		}
	})
}

func FuzzDecompress(f *testing.F) {
	info, _ := pair(15).Compress(nil, bytes.Repeat([]byte("!fuzz"), 20))
	f.Add(info[2:])
	f.Add([]byte("\x01\x02\x00\xFD\xFF\x21x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := pair(15)
		p.Uncompressed([]byte("!something to refer to"))
		got, err := p.Decompress(nil, append([]byte{0, 1}, data...))
		if err != nil && len(got) > 0 || len(got) > 2+codectest.MRU {
			t.Errorf("%d octets, %v", len(got), err)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	codectest.Fuzz(f, func() codectest.Pair { return pair(MaxWindow) })
}

func BenchmarkCompress(b *testing.B)   { codectest.BenchmarkCompress(b, pair(MaxWindow).Compressor) }
func BenchmarkDecompress(b *testing.B) { codectest.BenchmarkDecompress(b, pair(MaxWindow)) }
