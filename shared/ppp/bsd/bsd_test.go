package bsd

import (
	"bytes"
	"errors"
	"testing"

	"carrier/shared/ppp/codectest"
	"carrier/shared/wire"
)

func pair(bits int) codectest.Pair {
	c, err := NewCompressor(Option{bits})
	if err != nil {
		panic(err)
	}
	d, err := NewDecompressor(Option{bits}, codectest.MRU)
	if err != nil {
		panic(err)
	}
	return codectest.Pair{Compressor: c, Decompressor: d}
}

func TestOption(t *testing.T) {
	// pppd's request for codes of 15 bits: 15 03 2f
	if b := (Option{15}).Append(nil); !bytes.Equal(b, []byte{0x2F}) {
		t.Errorf("appended %x", b)
	}
	for n := MinBits; n <= MaxBits; n++ {
		if o, err := Parse((Option{n}).Append(nil)); err != nil || o.Bits != n {
			t.Errorf("%d bits: %v, %v", n, o, err)
		}
	}
	if _, err := Parse(nil); !errors.Is(err, wire.ErrShort) {
		t.Errorf("nothing: %v", err)
	}
	for _, bad := range [][]byte{{0x4F}, {0x0F}, {0x28}, {0x30}, {0x2F, 0}} {
		if o, err := Parse(bad); !errors.Is(err, ErrOption) {
			t.Errorf("%x: %v, %v", bad, o, err)
		}
	}
	for _, n := range []int{-1, 0, 8, 16} {
		if _, err := NewCompressor(Option{n}); !errors.Is(err, ErrOption) {
			t.Errorf("compressor with %d bits: %v", n, err)
		}
		if _, err := NewDecompressor(Option{n}, 1500); !errors.Is(err, ErrOption) {
			t.Errorf("decompressor with %d bits: %v", n, err)
		}
	}
}

// Worked by hand after the algorithm of RFC 1977, appendix A: the RFC prints no
// packet. The second shows a code that is sent as soon as it is known.
func TestGolden(t *testing.T) {
	d, _ := NewDecompressor(Option{12}, codectest.MRU)
	ours := newDictionary(12)
	for _, g := range []struct{ packet, codes, frame string }{
		// 257 is "!a", 258 "ab", 259 "ba", 260 "aba"
		{"!ababab", "! a b 258 258", "\x00\x00" + "\x10\x98\x4c\x50\x28\x17"},
		// 261 is "!ab", 262 "bab", 263 "baba", 264 "abb", 265 "bb"
		{"!ababababbb", "257 259 262 258 b b", "\x00\x01" + "\x80\xc0\xe0\xd0\x23\x11\x8b"},
	} {
		w := writer{b: []byte(g.frame[:2])}
		ours.encode(&w, []byte(g.packet))
		if string(w.b) != g.frame {
			t.Errorf("%q, that is %s: %x, not %x", g.packet, g.codes, w.b, g.frame)
		}
		if got, err := d.Decompress(nil, []byte(g.frame)); err != nil || string(got) != g.packet {
			t.Errorf("%s: %q, %v", g.codes, got, err)
		}
	}
}

// What we send is to the bit what the algorithm as the RFC tells it sends, over
// many dictionaries of every size, for packets that go as they are too.
func TestReference(t *testing.T) {
	n := 40_000
	if codectest.Raced {
		n = 2000
	}
	for bits := MinBits; bits <= MaxBits; bits++ {
		ref, c := newReference(bits), pair(bits).Compressor
		traffic := codectest.NewTraffic(uint64(bits))
		for i := range n / (1 + MaxBits - MinBits) {
			packet := traffic.Next()
			info, compressed := c.Compress(nil, packet)
			plain, ok := counted(packet)
			if !ok {
				continue
			}
			if want := ref.frame(plain); compressed && !bytes.Equal(info, want) || compressed != (len(want) < len(plain)-1) {
				t.Fatalf("%d bits, packet %d:\n got %x\nwant %x", bits, i, info, want)
			}
		}
		if ref.clears == 0 && bits < 13 && !codectest.Raced {
			t.Errorf("%d bits: the dictionary was never cleared", bits)
		}
	}
}

// A million packets, through dictionaries of all sizes.
func TestRoundTrip(t *testing.T) {
	for bits := MinBits; bits <= MaxBits; bits++ {
		codectest.RoundTrip(t, pair(bits), 143_000)
	}
}

func TestLoss(t *testing.T) { codectest.Loss(t, pair(12), nil, true) }
func TestCorrupt(t *testing.T) {
	codectest.Corrupt(t, func() codectest.Pair { return pair(9) }, false)
}
func TestAlloc(t *testing.T) { codectest.Alloc(t, pair(15)) }

// The ratio is looked at after 10,000 octets, and no packet before.
func TestRatioGap(t *testing.T) {
	d := newDictionary(9)
	d.in, d.out = 9_999, 20_000
	if d.due(true) {
		t.Error("looked at after 9,999 octets")
	}
	if d.in++; !d.due(true) || d.checkpoint != 20_000 {
		t.Errorf("not looked at after 10,000 octets, or again after %d", d.checkpoint)
	}
}

// Both ends forget what is old in the same way: the counts of octets are cut
// long before they could run over.
func TestRatioAges(t *testing.T) {
	r := ratio{checkpoint: checkGap}
	for range 10_000 {
		r.in += 9999
		r.out += 5000
		if r.due(true) {
			t.Fatalf("cleared at a ratio that does not change: %+v", r)
		}
		if r.in > most+9999 || r.in > 10_000_000 {
			t.Fatalf("%+v", r)
		}
	}
	r.in, r.out = r.in+2*checkGap, r.out+20*checkGap
	if !r.due(true) {
		t.Errorf("kept a dictionary that had become bad: %+v", r)
	}
}

func TestNeverCompressed(t *testing.T) {
	p := pair(12)
	text := bytes.Repeat([]byte("text"), 100)
	for _, protocol := range []string{"\x00\xFD", "\xFB", "\x02\x81", "\x00\x1F", "\xC0\x21", "\x01\x21", "\x00", ""} {
		packet := []byte(protocol)
		if len(protocol) > 0 && protocol != "\x00" {
			packet = append(packet, text...)
		}
		if _, compressed, err := p.Carry(packet); compressed || err != nil {
			t.Errorf("protocol %x: compressed %v, %v", protocol, compressed, err)
		}
	}
	for i, protocol := range []string{"!", "\x00!", "\xF9", "\x00\xF9"} {
		info, ok := p.Compress(nil, append([]byte(protocol), text...))
		if !ok || int(info[1]) != i {
			t.Errorf("protocol %x, the %dth that is compressed: %v, Sequence %x", protocol, i, ok, info[:min(2, len(info))])
		}
	}
	// and whoever sends one compressed is not heard
	w := writer{b: []byte{0, 0}}
	d := newDictionary(12)
	d.encode(&w, append([]byte("\xC0\x21"), text...))
	if got, err := pair(12).Decompress(nil, w.b); !errors.Is(err, ErrProtocol) || len(got) > 0 {
		t.Errorf("LCP was delivered: %x, %v", got, err)
	}
}

// The MRU bounds the information field, whatever a long string would make of it.
func TestLongest(t *testing.T) {
	packet := append([]byte("!"), make([]byte, codectest.MRU)...)
	p := pair(15)
	for range 100 { // until one code stands for hundreds of octets
		if got, compressed, err := p.Carry(packet); err != nil || !compressed || !bytes.Equal(got, packet) {
			t.Fatalf("as much as the MRU allows: %v", err)
		}
	}
	dst := make([]byte, 0, 2*codectest.MRU)
	info, _ := p.Compress(nil, append(packet, 0))
	if got, err := p.Decompress(dst, info); !errors.Is(err, ErrTooLong) || len(got) != 0 || cap(got) != cap(dst) {
		t.Errorf("an octet more: %d octets in %d, %v", len(got), cap(got), err)
	}
}

// One code for hundreds of octets, and many of it in a packet: nothing is written
// beyond what the MRU allows.
func TestBomb(t *testing.T) {
	p := pair(12)
	p.Decompressor.(*Decompressor).mru = 5000
	run := append([]byte("!"), bytes.Repeat([]byte("a"), 4999)...)
	for range 1000 {
		if _, _, err := p.Carry(run); err != nil {
			t.Fatal(err)
		}
	}
	c, d := &p.Compressor.(*Compressor).dictionary, p.Decompressor.(*Decompressor)
	longest, most := 0, 0
	for code := clear + 1; code <= c.max; code++ {
		octets := 1
		for k := code; k > clear; k = int(c.prefix[k]) {
			octets++
		}
		if octets > most {
			longest, most = code, octets
		}
	}
	if most < 300 {
		t.Fatalf("no string is longer than %d octets", most)
	}
	w := writer{b: []byte{byte(c.seq >> 8), byte(c.seq)}}
	w.put('!', c.width(c.max))
	for range 900 {
		w.put(longest, c.width(c.max))
	}
	w.pad()
	d.mru = 100
	dst := make([]byte, 0, 110)
	if got, err := d.Decompress(dst, w.b); !errors.Is(err, ErrTooLong) || len(got) != 0 || cap(got) != cap(dst) {
		t.Errorf("%d octets in %d, %v", len(got), cap(got), err)
	}
	if beyond := dst[:cap(dst)][102:]; !bytes.Equal(beyond, make([]byte, len(beyond))) {
		t.Errorf("wrote beyond the limit: %x", beyond)
	}
}

// What a peer may not send. Each is one packet, its codes of 9 bits.
func TestBadCodes(t *testing.T) {
	for name, bad := range map[string]struct {
		codes []int
		want  error
	}{
		"a string before there is one": {[]int{257}, ErrCode},
		"a code that nobody gave out":  {[]int{'!', 'a', 259}, ErrCode},
		"a clear in the middle":        {[]int{'!', clear, 'a', 'b'}, ErrClear},
		"a clear alone":                {[]int{clear}, ErrClear},
		"nothing":                      {nil, wire.ErrShort},
		"an even protocol":             {[]int{0x22, 'a'}, ErrProtocol},
	} {
		w := writer{b: []byte{0, 0}}
		for _, c := range bad.codes {
			w.put(c, 9)
		}
		w.pad()
		p := pair(12)
		if got, err := p.Decompress(nil, w.b); !errors.Is(err, bad.want) || len(got) > 0 {
			t.Errorf("%s: %x, %v", name, got, err)
		}
		if _, err := p.Decompress(nil, []byte("\x00\x00\x10\xFF")); !errors.Is(err, ErrLost) {
			t.Errorf("%s, and then: %v", name, err)
		}
	}
}

// A peer that keeps a full dictionary which we would clear is told so.
func TestPeerDoesNotClear(t *testing.T) {
	p := pair(9)
	d := p.Decompressor.(*Decompressor)
	text := bytes.Repeat([]byte("!abcabd"), 100)
	for range 20 {
		p.Carry(text)
	}
	d.dictionary.ratio = ratio{in: checkGap, last: 1 << 30, checkpoint: checkGap}
	if got, compressed, err := p.Carry(text); !compressed || !errors.Is(err, ErrClear) || len(got) > 0 {
		t.Errorf("compressed %v: %d octets, %v", compressed, len(got), err)
	}
}

func TestSequenceWraps(t *testing.T) {
	p := pair(9)
	p.Compressor.(*Compressor).dictionary.seq, p.Decompressor.(*Decompressor).dictionary.seq = 65_535, 65_535
	text := bytes.Repeat([]byte("!abcabd"), 100)
	for _, want := range []string{"\xFF\xFF", "\x00\x00"} {
		info, _ := p.Compress(nil, text)
		if got, err := p.Decompress(nil, info); err != nil || !bytes.Equal(got, text) || string(info[:2]) != want {
			t.Errorf("Sequence %x, not %x: %v", info[:2], want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x2F})
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := Parse(b); err == nil && !bytes.Equal(o.Append(nil), b) {
			t.Errorf("%x became %+v", b, o)
		}
	})
}

func FuzzDecompress(f *testing.F) {
	f.Add([]byte("\x10\x98\x4c\x50\x28\x17"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := pair(9)
		p.Uncompressed([]byte("!something to refer to"))
		for i := byte(1); ; i++ { // the same again and again, until the dictionary is full
			got, err := p.Decompress(nil, append([]byte{0, i}, data...))
			if err != nil && len(got) > 0 || len(got) > 2+codectest.MRU {
				t.Errorf("%d octets, %v", len(got), err)
			}
			if err != nil || i == 100 {
				return
			}
		}
	})
}

func FuzzRoundTrip(f *testing.F) { codectest.Fuzz(f, func() codectest.Pair { return pair(9) }) }

func BenchmarkCompress(b *testing.B)   { codectest.BenchmarkCompress(b, pair(15).Compressor) }
func BenchmarkDecompress(b *testing.B) { codectest.BenchmarkDecompress(b, pair(15)) }
