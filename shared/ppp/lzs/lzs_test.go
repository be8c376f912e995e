package lzs

import (
	"bytes"
	"errors"
	"testing"

	"carrier/shared/ppp/codectest"
	"carrier/shared/wire"
)

func pair(o Option) codectest.Pair {
	c, err := NewCompressor(o, codectest.MRU)
	if err != nil {
		panic(err)
	}
	d, err := NewDecompressor(o, codectest.MRU)
	if err != nil {
		panic(err)
	}
	return codectest.Pair{Compressor: c, Decompressor: d}
}

// modes are all that are spoken.
var modes = []Option{{0, None}, {0, LCB}, {0, Sequence}, {0, Extended}, {1, None}, {1, LCB}, {1, Sequence}, {1, Extended}}

func TestOption(t *testing.T) {
	// Windows asks for extended mode with 11 05 00 01 04.
	if b := (Option{1, Extended}).Append(nil); !bytes.Equal(b, []byte{0, 1, 4}) {
		t.Errorf("appended %x", b)
	}
	for _, o := range modes {
		if got, err := Parse(o.Append(nil)); err != nil || got != o {
			t.Errorf("%v: %v, %v", o, got, err)
		}
	}
	for n := range 3 {
		if _, err := Parse([]byte{0, 1, 4}[:n]); !errors.Is(err, wire.ErrShort) {
			t.Errorf("first %d octets: %v", n, err)
		}
	}
	for _, bad := range [][]byte{{0, 2, 4}, {1, 0, 3}, {0, 1, 2}, {0, 1, 5}, {0, 1, 4, 0}} {
		if o, err := Parse(bad); !errors.Is(err, ErrOption) {
			t.Errorf("%x: %v, %v", bad, o, err)
		}
	}
	if _, err := NewCompressor(Option{1, CRC}, 1500); !errors.Is(err, ErrOption) {
		t.Errorf("compressor: %v", err)
	}
	if _, err := NewDecompressor(Option{2, LCB}, 1500); !errors.Is(err, ErrOption) {
		t.Errorf("decompressor: %v", err)
	}
}

// The example of QIC-122, appendix A, the same coding's first publication.
func TestGolden(t *testing.T) {
	const code, text = "\x20\x90\x88\x38\x1C\x21\xE2\x5C\x15\x80", "ABAAAAAACABABABA"
	got, err := decode([]byte("before"), reader{b: []byte(code)}, nil, 100)
	if err != nil || string(got) != "before"+text {
		t.Errorf("%q, %v", got, err)
	}
	for n := range len(code) {
		if got, err := decode(nil, reader{b: []byte(code[:n])}, nil, 100); !errors.Is(err, ErrCorrupt) {
			t.Errorf("first %d octets: %q, %v", n, got, err)
		}
	}
	for limit := range len(text) {
		if got, err := decode(nil, reader{b: []byte(code)}, nil, limit); !errors.Is(err, ErrTooLong) || len(got) > limit {
			t.Errorf("at most %d octets: %q, %v", limit, got, err)
		}
	}
	if out := new(encoder).encode(nil, []byte(text)); string(out) != code {
		t.Errorf("%q became %x, not %x", text, out, code)
	}
}

// Every length, from both sides of 127 octets before and the farthest there is.
func TestStrings(t *testing.T) {
	for _, offset := range []int{1, 2, 127, 128, 2047} {
		for n := 1; n < 100; n++ {
			head := make([]byte, offset)
			x := uint32(7)
			for i := range head {
				x = x*1664525 + 1013904223
				head[i] = byte(x >> 24)
			}
			var e encoder
			e.encode(nil, make([]byte, 2*piece)) // so that it must make room
			e.encode(nil, head)
			text := append(bytes.Clone(head), head...)
			for len(text) < offset+n {
				text = append(text, head...)
			}
			text = text[offset : offset+n]
			code := e.encode(nil, text)
			if got, err := decode(nil, reader{b: code}, head, n); err != nil || !bytes.Equal(got, text) {
				t.Fatalf("offset %d, length %d: %x, %v", offset, n, got, err)
			}
			if n == 99 && len(code) > 8 {
				t.Errorf("offset %d: a string of %d octets became %d", offset, n, len(code))
			}
		}
	}
}

// A million packets, in all modes.
func TestRoundTrip(t *testing.T) {
	for _, o := range modes {
		codectest.RoundTrip(t, pair(o), 125_000)
	}
}

func TestLoss(t *testing.T) {
	codectest.Loss(t, pair(Option{1, Sequence}), []byte{0, 1}, false)
	codectest.Loss(t, pair(Option{1, Extended}), nil, false)
}

func TestCorrupt(t *testing.T) {
	for _, check := range []Check{None, LCB, Sequence} {
		codectest.Corrupt(t, func() codectest.Pair { return pair(Option{1, check}) }, false)
	}
}

// The first packet after a loss says so, and those behind it nothing.
func TestCounts(t *testing.T) {
	for _, check := range []Check{Sequence, Extended} {
		p := pair(Option{1, check})
		text := bytes.Repeat([]byte("!text"), 50)
		for i, want := range []error{nil, nil, ErrCount, ErrLost, ErrLost} {
			if i == 2 {
				p.Compress(nil, text)
			}
			if got, _, err := p.Carry(text); !errors.Is(err, want) || err != nil && len(got) > 0 {
				t.Errorf("mode %d, packet %d: %v, not %v", check, i, err, want)
			}
		}
		p.Decompressor.Reset(p.Compressor.Reset(nil))
		if _, _, err := p.Carry(text); err != nil {
			t.Errorf("mode %d after the reset: %v", check, err)
		}
	}
}

// What a history does not say the LCB does.
func TestLCB(t *testing.T) {
	p := pair(Option{1, LCB})
	info, _ := p.Compress(nil, bytes.Repeat([]byte("!text"), 50))
	info[0] ^= 1
	if got, err := p.Decompress(nil, info); !errors.Is(err, ErrLCB) || len(got) > 0 {
		t.Errorf("%d octets, %v", len(got), err)
	}
	if sum := lcb([]byte("\x21\x45")); sum != 0xFF^0x21^0x45 {
		t.Errorf("%x", sum)
	}
}

// Without a history nothing can be lost: what comes after a bad packet is good.
// In extended mode that is so after a packet that begins a new history.
func TestGoesOn(t *testing.T) {
	text := bytes.Repeat([]byte("!text"), 50)
	for _, o := range modes {
		if o.Histories > 0 && o.Check != Extended {
			continue
		}
		p := pair(o)
		for round := range 3 {
			p.Compress(nil, text) // lost
			info, _ := p.Compress(nil, text)
			if _, err := p.Decompress(nil, info[:len(info)/2]); err == nil {
				t.Errorf("%v, round %d: half a packet was taken", o, round)
			}
			if o.Histories > 0 {
				p.Compressor.Reset(nil)
			} else {
				p.Compress(nil, text) // lost
			}
			if got, _, err := p.Carry(text); err != nil || !codectest.Same(got, text) {
				t.Errorf("%v, round %d: %v", o, round, err)
			}
		}
		if held := p.Decompressor.(*Decompressor).history.Cap(); o.Histories == 0 && held > 0 {
			t.Errorf("%v: %d octets are held for no history", o, held)
		}
	}
}

// What extended mode carries as it is.
func TestExtendedUncompressed(t *testing.T) {
	long := append([]byte("\x80\x01\x00\x21"), make([]byte, codectest.MRU)...)
	for _, g := range []struct {
		info []byte
		want error
	}{
		{long, nil}, {append(long, 0), ErrTooLong}, {long[:2], ErrCorrupt}, {long[:1], wire.ErrShort}, {nil, wire.ErrShort},
	} {
		got, err := pair(Option{1, Extended}).Decompress(nil, g.info)
		if !errors.Is(err, g.want) || err == nil && !bytes.Equal(got, g.info[2:]) || err != nil && len(got) > 0 {
			t.Errorf("%d octets: %d, %v", len(g.info), len(got), err)
		}
	}
}

// A last octet that is zero may be left out, but in extended mode.
func TestZeroDeleted(t *testing.T) {
	for _, check := range []Check{None, LCB, Sequence, Extended} {
		p := pair(Option{1, check})
		deleted := 0
		for n := range 200 {
			text := bytes.Repeat([]byte("!text"), 10+n)[:40+n]
			info, _ := p.Compress(nil, text)
			short, cut := bytes.CutSuffix(info, []byte{0})
			if cut {
				deleted++
			}
			got, err := p.Decompress(nil, short)
			if check == Extended && cut {
				if !errors.Is(err, ErrCorrupt) {
					t.Fatalf("extended mode, packet %d: %v", n, err)
				}
				break
			}
			if err != nil || !codectest.Same(got, text) {
				t.Fatalf("mode %d, packet %d: %x, %v", check, n, got, err)
			}
		}
		if deleted == 0 {
			t.Errorf("mode %d: no packet ended in zero", check)
		}
	}
}

// It is one octet, not as many as a packet has room for.
func TestOneZero(t *testing.T) {
	if got, err := decode(nil, reader{b: []byte{0x20}, zero: true}, nil, 100); !errors.Is(err, ErrCorrupt) {
		t.Errorf("%q, %v", got, err)
	}
}

// After a Reset-Ack the peer may count on or from 1; another number is a loss.
func TestCountAfterReset(t *testing.T) {
	for first, want := range map[uint16]error{1: nil, 6: nil, 7: ErrCount} {
		p := pair(Option{1, Sequence})
		c, d := p.Compressor.(*Compressor), p.Decompressor.(*Decompressor)
		text := bytes.Repeat([]byte("!text"), 50)
		for range 5 {
			p.Carry(text)
		}
		d.Reset(c.Reset(nil))
		c.count = first
		if _, _, err := p.Carry(text); !errors.Is(err, want) {
			t.Errorf("count %d: %v", first, err)
		}
	}
}

func TestAlloc(t *testing.T) {
	for _, o := range modes {
		codectest.Alloc(t, pair(o))
	}
}

func TestLongest(t *testing.T) {
	for _, protocol := range [][]byte{{0x21}, {0x02, 0x81}} {
		packet := append(bytes.Clone(protocol), make([]byte, codectest.MRU)...)
		p := pair(Option{1, Sequence})
		if got, compressed, err := p.Carry(packet); err != nil || !compressed || !bytes.Equal(got, packet) {
			t.Errorf("protocol %x with as much as the MRU allows: %v", protocol, err)
		}
		if got, _, err := p.Carry(append(packet, 0)); !errors.Is(err, ErrTooLong) || len(got) != 0 {
			t.Errorf("protocol %x with an octet more: %d octets, %v", protocol, len(got), err)
		}
	}
}

// A string of a length without end.
func TestBomb(t *testing.T) {
	info := append([]byte{1, 0x20, 0x9F}, bytes.Repeat([]byte{0xFF}, 1400)...)
	dst := bytes.Repeat([]byte{'_'}, 1600)[:0]
	d := pair(Option{1, Sequence}).Decompressor
	if got, err := d.Decompress(dst, append(info, 0, 0)); err == nil || len(got) != 0 || cap(got) != cap(dst) {
		t.Errorf("%d octets in %d, %v", len(got), cap(got), err)
	}
	if beyond := dst[:cap(dst)][1502:]; !bytes.Equal(beyond, bytes.Repeat([]byte{'_'}, len(beyond))) {
		t.Errorf("wrote beyond the limit: %x", beyond)
	}
}

// What a request says goes back in its Ack, but in extended mode.
func TestReset(t *testing.T) {
	if ack := pair(Option{1, Sequence}).Compressor.Reset([]byte{0, 1}); !bytes.Equal(ack, []byte{0, 1}) {
		t.Errorf("Reset-Ack carries %x", ack)
	}
	p := pair(Option{1, Extended})
	text := bytes.Repeat([]byte("!text"), 50)
	for i, want := range []uint16{flushed | compressed | 1, compressed | 2, flushed | compressed | 3} {
		if i == 2 {
			if ack := p.Compressor.Reset(nil); ack != nil {
				t.Errorf("a Reset-Ack in extended mode: %x", ack)
			}
		}
		if info, _ := p.Compress(nil, text); uint16(info[0])<<8|uint16(info[1]) != want {
			t.Errorf("packet %d begins with %x, not %x", i, info[:2], want)
		}
	}
}

// Both counts run over, and two bits of extended mode stay 0. There the Protocol
// field has two octets.
func TestCountWraps(t *testing.T) {
	for o, n := range map[Option]int{{1, Sequence}: 600, {1, Extended}: 9000} {
		p := pair(o)
		text := bytes.Repeat([]byte("!text"), 50)
		for i := range n {
			info, _ := p.Compress(nil, text)
			got, err := p.Decompress(nil, info)
			if err != nil || !codectest.Same(got, text) {
				t.Fatalf("%v: packet %d: %v", o, i, err)
			}
			if o.Check == Extended && (info[0]&0x50 != 0 || got[0] != 0) {
				t.Fatalf("packet %d begins with %x, and became %x", i, info[:2], got[:2])
			}
		}
	}
}

func TestNeverCompressed(t *testing.T) {
	p := pair(Option{1, Extended})
	for _, packet := range []string{"", "\x00", "\xC0\x21text", "\x80\xFDtext", "\xFDtext", "\x00\xFBtext"} {
		if _, ok := p.Compress(nil, []byte(packet)); ok {
			t.Errorf("%q was compressed", packet)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0, 1, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := Parse(b); err == nil && !bytes.Equal(o.Append(nil), b) {
			t.Errorf("%x became %+v", b, o)
		}
	})
}

func FuzzDecompress(f *testing.F) {
	f.Add(byte(7), []byte("\xA0\x01\x20\x90\x88\x38\x1C\x21\xE2\x5C\x15\x80"))
	f.Add(byte(4), []byte("\x20\x90\x88\x38\x1C\x21\xE2\x5C\x15\x80"))
	f.Fuzz(func(t *testing.T, mode byte, info []byte) {
		p := pair(modes[int(mode)%len(modes)])
		p.Carry([]byte("!something to refer to, something to refer to"))
		got, err := p.Decompress(nil, info)
		if err != nil && len(got) > 0 || len(got) > 2+codectest.MRU {
			t.Errorf("%d octets, %v", len(got), err)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	codectest.Fuzz(f, func() codectest.Pair { return pair(Option{1, Sequence}) })
}

func BenchmarkCompress(b *testing.B) {
	codectest.BenchmarkCompress(b, pair(Option{1, Sequence}).Compressor)
}
func BenchmarkDecompress(b *testing.B) { codectest.BenchmarkDecompress(b, pair(Option{1, Sequence})) }
