package hdlc

import (
	"bytes"
	"testing"
)

// plainFCS is the FCS bit by bit, from its polynomial.
func plainFCS(b []byte) uint16 {
	fcs := uint16(0xFFFF)
	for _, c := range b {
		fcs ^= uint16(c)
		for range 8 {
			if fcs&1 != 0 {
				fcs = fcs>>1 ^ 0x8408
			} else {
				fcs >>= 1
			}
		}
	}
	return fcs
}

// plain decodes octet by octet in the words of RFC 1662 §4.
func plain(line []byte, accm uint32, limit int) (got []result) {
	var frame []byte
	escaped, giant, any := false, false, false
	for _, c := range line {
		if c == 0x7E {
			switch {
			case giant || !any && !escaped:
			case escaped:
				got = append(got, result{"", ErrAbort})
			case len(frame) < 4:
				got = append(got, result{"", ErrRunt})
			case plainFCS(frame) != 0xF0B8:
				got = append(got, result{"", ErrFCS})
			default:
				got = append(got, result{string(frame[:len(frame)-2]), nil})
			}
			frame, escaped, giant, any = nil, false, false, false
			continue
		}
		if c < 0x20 && accm&(1<<c) != 0 {
			continue
		}
		if c == 0x7D {
			escaped = true
			continue
		}
		if escaped {
			c ^= 0x20
			escaped = false
		}
		frame, any = append(frame, c), true
		if len(frame) > limit+2 && !giant {
			giant = true
			got = append(got, result{"", ErrGiant})
		}
	}
	return got
}

// FuzzDecoder compares with the plain decoder whatever the pieces that the
// octets arrive in; what is decoded goes through the Encoder and back.
func FuzzDecoder(f *testing.F) {
	for _, g := range golden {
		f.Add(unhex(f, g.line), uint8(3), uint32(AllControl), uint16(0))
	}
	f.Add([]byte("~a~ab}~}}~}\x11\x31~~"), uint8(1), uint32(1<<0x11), uint16(4))
	f.Add(append(good(f), flag), uint8(0), uint32(0), uint16(3))
	f.Add(bytes.Repeat([]byte{0x11}, 3000), uint8(200), uint32(0), uint16(65535))
	f.Fuzz(func(t *testing.T, line []byte, cut uint8, accm uint32, limit uint16) {
		d := Decoder{ACCM: accm, MaxFrame: int(limit)}
		if limit == 0 {
			limit = DefaultMaxFrame
		}
		var got []result
		for rest := line; len(rest) > 0; {
			n := min(len(rest), 1+int(cut)%(1+len(got)*7))
			got = append(got, collectAll(&d, rest[:n])...)
			rest = rest[n:]
		}
		if want := plain(line, accm, int(limit)); !same(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		d.Reset()
		if whole := collectAll(&d, line); !same(got, whole) {
			t.Fatalf("in pieces %v, at once %v", got, whole)
		}
		for _, r := range got {
			d.Reset()
			e := Encoder{ACCM: accm}
			if r.err == nil && !same(collectAll(&d, e.Append(nil, []byte(r.frame))), []result{r}) {
				t.Fatalf("%q does not come back", r.frame)
			}
		}
	})
}

func BenchmarkDecoder(b *testing.B) {
	frame := bytes.Repeat([]byte("The quick brown fox \x01\x02."), 60)
	line := (&Encoder{}).Append(nil, frame)
	var d Decoder
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		d.Push(line, func([]byte, error) {})
	}
}

func BenchmarkEncoder(b *testing.B) {
	frame := bytes.Repeat([]byte("The quick brown fox \x01\x02."), 60)
	var e Encoder
	var line []byte
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		line = e.Append(line[:0], frame)
	}
}

// plainEncode encodes octet by octet.
func plainEncode(frame []byte, accm uint32) []byte {
	fcs := ^plainFCS(frame)
	line := []byte{0x7E}
	for _, c := range append(bytes.Clone(frame), byte(fcs), byte(fcs>>8)) {
		if c == 0x7D || c == 0x7E || c < 0x20 && accm&(1<<c) != 0 {
			line = append(line, 0x7D)
			c ^= 0x20
		}
		line = append(line, c)
	}
	return append(line, 0x7E)
}

// FuzzEncoder compares with the plain encoder, whatever stands in dst and
// however much room it has, and decodes what came out in pieces.
func FuzzEncoder(f *testing.F) {
	f.Add([]byte("no escape at all, and longer than the sixteen of a step"), uint32(0), uint16(0), uint8(1))
	f.Add(bytes.Repeat([]byte{0x7D, 0x7E, 0x11, 0x7F, 0x7C, 0xFD, 0xFE, 0x91}, 30), uint32(0x000A0000), uint16(9), uint8(7))
	f.Add(bytes.Repeat([]byte{0}, 700), uint32(AllControl), uint16(600), uint8(200))
	f.Add([]byte{}, uint32(1), uint16(0), uint8(0))
	f.Fuzz(func(t *testing.T, frame []byte, accm uint32, room uint16, cut uint8) {
		e := Encoder{ACCM: accm}
		dst := append(make([]byte, 0, 6+int(room)), "before"...)
		line, ok := bytes.CutPrefix(e.Append(dst, frame), []byte("before"))
		if want := plainEncode(frame, accm); !ok || !bytes.Equal(line, want) {
			t.Fatalf("% X, want % X", line, want)
		}
		if len(frame) < 2 {
			return // a runt for the decoder
		}
		d := Decoder{ACCM: accm, MaxFrame: len(frame)}
		var got []result
		for rest := line; len(rest) > 0; {
			n := min(len(rest), 1+int(cut))
			got = append(got, collectAll(&d, rest[:n])...)
			rest = rest[n:]
		}
		if !same(got, []result{{string(frame), nil}}) {
			t.Fatalf("came back as %v", got)
		}
	})
}
