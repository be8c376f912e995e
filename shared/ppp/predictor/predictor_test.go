package predictor

import (
	"bytes"
	"errors"
	"testing"

	"carrier/shared/ppp/codectest"
	"carrier/shared/wire"
)

func pair() codectest.Pair {
	return codectest.Pair{Compressor: NewCompressor(codectest.MRU), Decompressor: NewDecompressor(codectest.MRU)}
}

func TestOption(t *testing.T) {
	if b := (Option{}).Append(nil); len(b) != 0 {
		t.Errorf("appended %x", b)
	}
	if _, err := Parse(nil); err != nil {
		t.Error(err)
	}
	if _, err := Parse([]byte{0}); !errors.Is(err, ErrOption) {
		t.Errorf("an octet: %v", err)
	}
}

// RFC 1978 prints no packet: these were worked after its §3.1 and §3.2, the CRC
// by another program. Of the first packet three octets are guessed; the third
// would only become longer.
func TestGolden(t *testing.T) {
	p := pair()
	for _, g := range []struct{ packet, info string }{
		{"!aaaaaaaa", "\x80\x09" + "\xe0!aaaa" + "\x01" + "\x51\x64"},
		{"!aaaaaaaa", "\x80\x09" + "\xe0!aaaa" + "\x01" + "\x51\x64"},
		{"!b", "\x00\x02" + "!b" + "\x99\x33"},
	} {
		if info, ok := p.Compress([]byte("before"), []byte(g.packet)); !ok || string(info) != "before"+g.info {
			t.Errorf("%q: %x, not %x", g.packet, info, g.info)
		}
		if got, err := p.Decompress([]byte("before"), []byte(g.info)); err != nil || string(got) != "before"+g.packet {
			t.Errorf("%x: %q, %v", g.info, got, err)
		}
	}
}

// What we send is to the bit what the RFC's algorithm sends.
func TestReference(t *testing.T) {
	ref, c := reference{table: map[int]byte{}}, NewCompressor(2*codectest.MRU)
	traffic := codectest.NewTraffic(1)
	n := 20_000
	if codectest.Raced {
		n = 1000
	}
	for i := range n {
		packet := traffic.Next()
		if info, ok := c.Compress(nil, packet); ok {
			if want := ref.frame(packet); !bytes.Equal(info, want) {
				t.Fatalf("packet %d:\n got %x\nwant %x", i, info, want)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) { codectest.RoundTrip(t, pair(), 1_000_000) }
func TestLoss(t *testing.T)      { codectest.Loss(t, pair(), nil, false) }
func TestCorrupt(t *testing.T)   { codectest.Corrupt(t, pair, true) }
func TestAlloc(t *testing.T)     { codectest.Alloc(t, pair()) }

// The MRU bounds what is received, and what is sent.
func TestLongest(t *testing.T) {
	for _, protocol := range [][]byte{{0x21}, {0x02, 0x81}} {
		packet := append(bytes.Clone(protocol), make([]byte, codectest.MRU)...)
		p := pair()
		if got, compressed, err := p.Carry(packet); err != nil || !compressed || !bytes.Equal(got, packet) {
			t.Errorf("protocol %x with as much as the MRU allows: %v", protocol, err)
		}
		if got, _, err := p.Carry(append(packet, 0)); !errors.Is(err, ErrTooLong) || len(got) != 0 {
			t.Errorf("protocol %x with an octet more: %d octets, %v", protocol, len(got), err)
		}
	}
	p := codectest.Pair{Compressor: NewCompressor(9), Decompressor: NewDecompressor(9)}
	for packet, want := range map[string]bool{"!abcd": true, "!abcde": false} {
		if info, ok := p.Compress(nil, []byte(packet)); ok != want || len(info) > 9 {
			t.Errorf("%q for an MRU of 9: %x", packet, info)
		}
	}
}

// One that had to go as it is was never there.
func TestForgets(t *testing.T) {
	traffic := codectest.NewTraffic(2)
	all, some := NewCompressor(codectest.MRU), NewCompressor(codectest.MRU)
	refused := 0
	for i := range 2000 {
		packet := traffic.Next()
		info, ok := all.Compress(nil, packet)
		if !ok {
			refused++
			continue
		}
		if want, _ := some.Compress(nil, packet); !bytes.Equal(info, want) {
			t.Fatalf("packet %d:\n got %x\nwant %x", i, info, want)
		}
	}
	if refused < 50 || all.guesses != some.guesses {
		t.Errorf("%d were refused", refused)
	}
}

// A length that lies, and data for more than it says.
func TestBomb(t *testing.T) {
	for _, g := range []struct {
		info string
		want error
	}{
		{"\xFF\xFF" + string(bytes.Repeat([]byte{0xFF}, 1400)) + "\x00\x00", ErrTooLong},
		{"\x80\x64" + string(bytes.Repeat([]byte{0xFF}, 1400)) + "\x00\x00", ErrLength},
		{"\x00\x64" + "!abc" + "\x00\x00", ErrLength},
		{"\x00\x02" + "!b" + "\x99\x34", ErrCRC},
		{"\x00\x00\xFF\xFF", wire.ErrShort},
	} {
		dst := bytes.Repeat([]byte{'_'}, 110)[:0]
		d := NewDecompressor(codectest.MRU)
		if got, err := d.Decompress(dst, []byte(g.info)); !errors.Is(err, g.want) || len(got) != 0 || cap(got) != cap(dst) {
			t.Errorf("%.20x…: %d octets in %d, %v", g.info, len(got), cap(got), err)
		}
		if beyond := dst[:cap(dst)][101:]; !bytes.Equal(beyond, bytes.Repeat([]byte{'_'}, len(beyond))) {
			t.Errorf("%.20x…: wrote beyond the length: %x", g.info, beyond)
		}
	}
}

func TestNeverCompressed(t *testing.T) {
	p := codectest.Pair{Compressor: NewCompressor(65_535)}
	for _, packet := range []string{"", "\x00", "\xC0\x21text", "\x80\xFDtext", "\xFDtext", "\x00\xFBtext", "!" + string(make([]byte, compressed))} {
		if _, ok := p.Compress(nil, []byte(packet)); ok {
			t.Errorf("%.20q was compressed", packet)
		}
	}
}

func FuzzDecompress(f *testing.F) {
	f.Add([]byte("\x80\x09" + "\xe0!aaaa" + "\x01" + "\x51\x64"))
	f.Fuzz(func(t *testing.T, info []byte) {
		p := pair()
		got, err := p.Decompress(nil, info)
		if err != nil && len(got) > 0 || len(got) > 2+codectest.MRU {
			t.Errorf("%d octets, %v", len(got), err)
		}
	})
}

func FuzzRoundTrip(f *testing.F) { codectest.Fuzz(f, pair) }

func BenchmarkCompress(b *testing.B)   { codectest.BenchmarkCompress(b, pair().Compressor) }
func BenchmarkDecompress(b *testing.B) { codectest.BenchmarkDecompress(b, pair()) }
