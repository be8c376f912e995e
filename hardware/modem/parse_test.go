package modem

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/hardware/line"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]response{
		"OK": {code: okay}, "0": {code: okay}, " OK ": {code: okay}, "4": {code: failed}, "ERROR": {code: failed},
		"RING": {code: ring}, "2": {code: ring}, "RING A": {code: ring}, "NO DIAL TONE": {code: noDialtone},
		"CONNECT":       {code: connect},
		"1":             {code: connect},
		"5":             {code: connect, connect: line.Connect{Rate: 1200, Text: "1200"}},
		"10":            {code: connect, connect: line.Connect{Rate: 2400, Text: "2400"}},
		"12":            {code: connect, connect: line.Connect{Rate: 9600, Text: "9600"}},
		"18":            {code: connect, connect: line.Connect{Text: "code 18"}},
		"24":            {code: delayed},
		"CONNECT 28800": {code: connect, connect: line.Connect{Rate: 28800, Text: "28800"}},
		"CONNECT 28800/ARQ/V34/LAPM/V42BIS": {code: connect,
			connect: line.Connect{Rate: 28800, Text: "28800/ARQ/V34/LAPM/V42BIS"}},
		"CONNECT 115200/V34/LAPM/V42BIS/31200:TX/33600:RX": {code: connect,
			connect: line.Connect{Rate: 31200, Text: "115200/V34/LAPM/V42BIS/31200:TX/33600:RX"}},
		"CONNECT 115200/V34/LAPM/V42B/TX=28800/RX=31200": {code: connect,
			connect: line.Connect{Rate: 28800, Text: "115200/V34/LAPM/V42B/TX=28800/RX=31200"}},
		"CONNECT 115200/V34 28800/V42b": {code: connect, connect: line.Connect{Rate: 28800, Text: "115200/V34 28800/V42b"}},
		"CONNECT 28800/V34 LAPM":        {code: connect, connect: line.Connect{Rate: 28800, Text: "28800/V34 LAPM"}},
		"CONNECT 45333 V42bis":          {code: connect, connect: line.Connect{Rate: 45333, Text: "45333 V42bis"}},
		"CONNECT/ARQ":                   {code: connect, connect: line.Connect{Text: "ARQ"}},
		"CONNECT 99999999999":           {code: connect, connect: line.Connect{Text: "99999999999"}},
		"CONNECT FAST":                  {code: connect, connect: line.Connect{Text: "FAST"}},
		"CONNECTED":                     {}, "RINGING": {}, "ATA": {}, "": {}, "OKAY": {}, "ok": {}, "33": {}, "5551212": {}, "?OK": {},
		"NMBR = 5551212": {}, "CARRIER 28800": {}, "+CME ERROR: 3": {},
	} {
		got := parse(text)
		if got.code != want.code || got.connect != want.connect {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

func TestNumbers(t *testing.T) {
	for s, want := range map[string]string{
		" 5551212": "5551212", "+49 (30) 555-1212": "+49305551212", "O": "", "P": "", "PRIVATE": "", "": "", "*67#": "*67#",
		"555;ATH": "", strings.Repeat("5", maxNumber): strings.Repeat("5", maxNumber), strings.Repeat("5", maxNumber+1): "",
	} {
		if got := number(s); got != want {
			t.Errorf("%q: got %q", s, got)
		}
	}
	if got := callerName(strings.Repeat("N", maxNumber+1)); got != "" {
		t.Errorf("a name of %d octets", len(got))
	}
}

func TestScannerPassesOverWhatIsTooLong(t *testing.T) {
	var s scanner
	b := []byte(strings.Repeat("x", maxLine+1) + "\r\nOK\r\n")
	if got, rest, ok := s.next(b); got != "OK" || string(rest) != "\n" || !ok {
		t.Errorf("%q, %q, %v", got, rest, ok)
	}
	b = []byte(strings.Repeat("x", maxLine) + "\r~")
	if got, rest, ok := s.next(b); len(got) != maxLine || string(rest) != "~" || !ok {
		t.Errorf("%q, %q, %v", got, rest, ok)
	}
	if cap(s.line) > 4*maxLine {
		t.Errorf("it keeps %d octets", cap(s.line))
	}
}

// FuzzDialogue feeds what a modem could say, cut in two anywhere.
func FuzzDialogue(f *testing.F) {
	for _, s := range []string{"\r\nRING\r\n\r\nDATE=0321\r\nTIME=1405\r\nNMBR=5550001\r\nNAME=SARA N\r\nCALLED NUMBER: 5551212\r\n",
		"\r\nCONNECT 28800/ARQ/V34/LAPM/V42BIS\r\n~\xff}#", "0\r1\r2\r13\r255\r", "NMBR==\rNAME:\r=\r:\r", "CONNECT 1:TX/:TX\rCARRIER \r"} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		cut = max(0, min(len(b), cut))
		whole, wholeRing := hearAll(b)
		split, splitRing := hearAll(b[:cut], b[cut:])
		if !slices.Equal(whole, split) || wholeRing != splitRing {
			t.Errorf("cut at %d: %q and %q", cut, whole, split)
		}
		for _, line := range whole {
			if len(line) > maxLine || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("line %q", line)
			}
		}
		for _, n := range []string{wholeRing.called, wholeRing.calling} {
			if len(n) > maxNumber || strings.Trim(n, "0123456789+*#") != "" {
				t.Errorf("number %q", n)
			}
		}
	})
}

// hearAll is what a dialogue makes of some pieces.
func hearAll(pieces ...[]byte) (lines []string, r ringing) {
	var s scanner
	now := time.Unix(1000, 0)
	for _, b := range pieces {
		for {
			text, rest, ok := s.next(b)
			if !ok {
				break
			}
			b = rest
			lines = append(lines, text)
			r.hear(parse(text), now)
		}
	}
	return lines, r
}

// FuzzLossWatch compares with the rule as it is documented.
func FuzzLossWatch(f *testing.F) {
	for _, s := range []string{lossWords, "~" + lossWords + "\r\nRING\r\n", "\r" + lossWords, "\r\nNO CARRIER\r" + lossWords,
		lossWords + "~" + lossWords, lossWords + "\xff", "\r\nNO CARRIER\r\nNO CARRIER\r\n"} {
		f.Add([]byte(s), 5)
	}
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		cut = max(0, min(len(b), cut))
		var w lossWatch
		w.see(b[:cut])
		got := w.see(b[cut:])
		i := bytes.Index(b, []byte(lossWords))
		want := false
		for ; i >= 0 && !want; i = nextIndex(b, i) {
			rest := b[i+len(lossWords):]
			want = !bytes.ContainsFunc(rest, func(r rune) bool { return r > 0x7D || !sayable(byte(r)) })
		}
		if got != want {
			t.Errorf("%q cut at %d: %v, want %v", b, cut, got, want)
		}
	})
}

// nextIndex is where lossWords begin behind i, or -1.
func nextIndex(b []byte, i int) int {
	if j := bytes.Index(b[i+1:], []byte(lossWords)); j >= 0 {
		return i + 1 + j
	}
	return -1
}
