package hdlc

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// unhex reads "7E FF 7D 23".
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// golden are LCP frames that pppd 2.4.9 of Debian 12 wrote to a serial port,
// and their content by its own log.
var golden = []struct{ name, line, frame string }{
	{"ConfReq id=0x1 <asyncmap 0x0> <magic 0xdb4a5f14> <pcomp> <accomp>",
		"7E FF 7D 23 C0 21 7D 21 7D 21 7D 20 7D 34 7D 22 7D 26 7D 20 7D 20 7D 20 7D 20 7D 25 7D 26 DB 4A 5F 7D 34 7D 27 7D 22 7D 28 7D 22 C1 89 7E",
		"FF 03 C0 21 01 01 00 14 02 06 00 00 00 00 05 06 DB 4A 5F 14 07 02 08 02"},
	{"TermReq id=0x2 User request",
		"7E FF 7D 23 C0 21 7D 25 7D 22 7D 20 7D 30 55 73 65 72 20 72 65 71 75 65 73 74 53 33 7E",
		"FF 03 C0 21 05 02 00 10 55 73 65 72 20 72 65 71 75 65 73 74"},
	{"TermReq id=0x3 User request",
		"7E FF 7D 23 C0 21 7D 25 7D 23 7D 20 7D 30 55 73 65 72 20 72 65 71 75 65 73 74 79 7B 7E",
		"FF 03 C0 21 05 03 00 10 55 73 65 72 20 72 65 71 75 65 73 74"},
}

// result is what Push told: frames and errors in their order.
type result struct {
	frame string
	err   error
}

func (r result) String() string { return fmt.Sprintf("%q %v", r.frame, r.err) }

func collectAll(d *Decoder, pieces ...[]byte) (got []result) {
	for _, p := range pieces {
		d.Push(p, func(frame []byte, err error) { got = append(got, result{string(frame), err}) })
	}
	return got
}

func TestGolden(t *testing.T) {
	for _, g := range golden {
		line, frame := unhex(t, g.line), unhex(t, g.frame)
		if got := AppendFull(nil, frame); !bytes.Equal(got, line) {
			t.Errorf("%s: sent\n% X, want\n% X", g.name, got, line)
		}
		var d Decoder
		if got := collectAll(&d, line); len(got) != 1 || got[0].frame != string(frame) {
			t.Errorf("%s: received %v", g.name, got)
		}
	}
}

// No prefix of a frame is a frame: the flag that ends it early finds it
// aborted, too short or with a wrong FCS.
func TestGoldenPrefixes(t *testing.T) {
	for _, g := range golden {
		line := unhex(t, g.line)
		for n := range line[:len(line)-1] {
			var d Decoder
			got := collectAll(&d, line[:n])
			if len(got) != 0 {
				t.Errorf("%s: first %d octets: %v", g.name, n, got)
			}
			got = collectAll(&d, []byte{flag})
			switch {
			case n <= 1 && len(got) == 0:
			case len(got) == 1 && got[0].err != nil && got[0].frame == "":
			default:
				t.Errorf("%s: first %d octets and a flag: %v", g.name, n, got)
			}
		}
	}
}

// The check value of RFC 1662 §C.2, and the catalogued check word of this CRC
// over "123456789".
func TestFCS(t *testing.T) {
	if got := ^FCS16(InitFCS, []byte("123456789")); got != 0x906E {
		t.Errorf("FCS of 123456789 is %#04x", got)
	}
	if fcsTables[0][1] != 0x1189 || fcsTables[0][255] != 0x0F78 {
		t.Errorf("table begins %#04x %#04x and ends %#04x", fcsTables[0][0], fcsTables[0][1], fcsTables[0][255])
	}
	b := make([]byte, 0, 60)
	for n := range 60 { // every remainder of the sixteen-octet step
		fcs := ^FCS16(InitFCS, b)
		if want := ^plainFCS(b); fcs != want {
			t.Errorf("%d octets: %#04x, want %#04x", n, fcs, want)
		}
		if got := FCS16(InitFCS, append(bytes.Clone(b), byte(fcs), byte(fcs>>8))); got != 0xF0B8 {
			t.Errorf("%d octets with FCS: %#04x", n, got)
		}
		b = append(b, byte(n*37+1))
	}
}

// good is the frame FF 03 80 21 with its FCS, which needs no escapes.
func good(t testing.TB) []byte {
	b := (&Encoder{}).Append(nil, []byte{0xFF, 3, 0x80, 0x21})
	if bytes.IndexByte(b, escape) >= 0 || len(b) != 8 {
		t.Fatalf("% X", b)
	}
	return b[1:7]
}

func TestDecoder(t *testing.T) {
	g := string(good(t))
	ok := result{"\xFF\x03\x80\x21", nil}
	fail := func(err error) result { return result{"", err} }
	for _, tt := range []struct {
		name string
		d    Decoder
		line string
		want []result
	}{
		{name: "nothing"},
		{name: "flags only", line: "~~~~"},
		{name: "frame", line: "~" + g + "~", want: []result{ok}},
		{name: "no opening flag", line: g + "~", want: []result{ok}},
		{name: "no closing flag yet", line: "~" + g},
		{name: "shared flag", line: "~" + g + "~" + g + "~", want: []result{ok, ok}},
		{name: "two flags between", line: "~" + g + "~~" + g + "~", want: []result{ok, ok}},
		{name: "octets escaped without need", line: "~\xFF\x03\x7D\xA0!" + g[4:] + "~", want: []result{ok}},
		{name: "escaped flag and escape", line: string(AppendFull(nil, []byte("~}~}"))), want: []result{{"~}~}", nil}}},
		{name: "abort", line: "~" + g + "}~" + g + "~", want: []result{fail(ErrAbort), ok}},
		{name: "abort of nothing", line: "~}~", want: []result{fail(ErrAbort)}},
		{name: "abort behind a second escape", line: "~}}~", want: []result{fail(ErrAbort)}},
		{name: "runts of one, two and three", line: "~a~ab~abc~", want: []result{fail(ErrRunt), fail(ErrRunt), fail(ErrRunt)}},
		{name: "an empty frame's FCS is a runt", line: "~\x00\x00~", want: []result{fail(ErrRunt)}},
		{name: "runt by its unescaped length", line: "~}!}!}!~", want: []result{fail(ErrRunt)}},
		{name: "wrong FCS", line: "~" + g[:5] + "?~" + g + "~", want: []result{fail(ErrFCS), ok}},
		{name: "garbage before the first flag", line: "login: ~" + g + "~", want: []result{fail(ErrFCS), ok}},
		{name: "longest", d: Decoder{MaxFrame: 4}, line: "~" + g + "~", want: []result{ok}},
		{name: "giant", d: Decoder{MaxFrame: 3}, line: "~" + g + "~abc~", want: []result{fail(ErrGiant), fail(ErrRunt)}},
		{name: "giant told before its end", d: Decoder{MaxFrame: 3}, line: "~" + g + g + g, want: []result{fail(ErrGiant)}},
		{name: "an aborted giant counts once", d: Decoder{MaxFrame: 3}, line: "~" + g + "}~", want: []result{fail(ErrGiant)}},
		{name: "giant by its unescaped length only", d: Decoder{MaxFrame: 4}, line: string(AppendFull(nil, []byte{1, 2, 3, 4})), want: []result{{"\x01\x02\x03\x04", nil}}},
		{name: "control characters kept", line: "~\xFF\x03\x11" + g[2:] + "~", want: []result{fail(ErrFCS)}},
		{name: "control characters dropped", d: Decoder{ACCM: 1 << 0x11}, line: "~\x11\xFF\x03\x11" + g[2:] + "\x11~\x11~", want: []result{ok}},
		{name: "and the escaped kept", d: Decoder{ACCM: AllControl}, line: string(AppendFull(nil, []byte("\x11\x13"))), want: []result{{"\x11\x13", nil}}},
		{name: "dropped behind an escape", d: Decoder{ACCM: 1 << 0x11}, line: "~\xFF\x03}\x11\xA0!" + g[4:] + "~", want: []result{ok}},
	} {
		d := tt.d
		got := collectAll(&d, []byte(tt.line))
		if !same(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func same(a, b []result) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].frame != b[i].frame || !errors.Is(a[i].err, b[i].err) {
			return false
		}
	}
	return true
}

func TestReset(t *testing.T) {
	g := good(t)
	var d Decoder
	collectAll(&d, []byte("half a frame}"))
	d.Reset()
	if got := collectAll(&d, g, []byte{flag}); len(got) != 1 || got[0].err != nil {
		t.Errorf("after Reset: %v", got)
	}
}

// Endless garbage costs one frame's memory and one report until a flag comes.
func TestEndlessGarbage(t *testing.T) {
	for _, d := range []*Decoder{{}, {ACCM: AllControl}, {MaxFrame: 65535}} {
		garbage := bytes.Repeat([]byte("\x00garbage }} "), 6000)
		giants := 0
		count := func(frame []byte, err error) {
			if !errors.Is(err, ErrGiant) {
				t.Errorf("% X, %v", frame, err)
			}
			giants++
		}
		for range 160 {
			d.Push(garbage, count)
		}
		if giants != 1 || cap(d.partial) > 2*d.limit() {
			t.Errorf("%d giants, %d octets held of %d", giants, cap(d.partial), d.limit())
		}
		if n := testing.AllocsPerRun(10, func() { d.Push(garbage, count) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
		if got := collectAll(d, AppendFull(nil, good(t))); len(got) != 1 || got[0].err != nil {
			t.Errorf("after the garbage: %v", got)
		}
	}
}

func TestEncoderEscapes(t *testing.T) {
	frame := make([]byte, 256)
	for i := range frame {
		frame[i] = byte(i)
	}
	for _, accm := range []uint32{0, 0x000A0000, AllControl} {
		line := (&Encoder{ACCM: accm}).Append([]byte("before"), frame)
		body, ok := bytes.CutPrefix(line, []byte("before~"))
		if !ok || body[len(body)-1] != flag || bytes.IndexByte(body, flag) != len(body)-1 {
			t.Fatalf("ACCM %#08x: % X", accm, line)
		}
		for c := range 0x20 {
			if clear := bytes.IndexByte(body, byte(c)) >= 0; clear != (accm>>c&1 == 0) {
				t.Errorf("ACCM %#08x: octet %#02x clear: %v", accm, c, clear)
			}
		}
		d := Decoder{ACCM: accm}
		if got := collectAll(&d, line[6:]); len(got) != 1 || got[0].frame != string(frame) {
			t.Errorf("ACCM %#08x: %v", accm, got)
		}
	}
}

func TestNoAllocationPerFrame(t *testing.T) {
	var d Decoder
	e := Encoder{ACCM: 0x000A0000}
	frame := bytes.Repeat([]byte("0123}\x11~\x00"), 180)
	line := make([]byte, 0, 4096)
	frames := 0
	f := func(frame []byte, err error) {
		if err == nil {
			frames++
		}
	}
	work := func() { line = e.Append(line[:0], frame); d.Push(line, f) }
	work() // the decoder's buffer is allocated once
	least := math.Inf(1)
	for range 5 { // the runtime allocates too, now and then
		least = min(least, testing.AllocsPerRun(50, work))
	}
	if least != 0 || frames != 1+5*51 {
		t.Errorf("%v allocations, %d frames", least, frames)
	}
}
