package identify

import (
	"math/bits"
	"testing"
)

// sevenBits types a text with seven bits and even parity, or with the eighth
// bit always set.
func sevenBits(s string, mark bool) string {
	b := []byte(s)
	for i, c := range b {
		if mark || bits.OnesCount8(c)%2 != 0 {
			b[i] |= 0x80
		}
	}
	return string(b)
}

// A caller with a terminal of seven bits is understood, and answered likewise
// from her first line on.
func TestSevenBits(t *testing.T) {
	for _, mark := range []bool{false, true} {
		for _, tt := range []struct{ typed, name, password string }{
			{"\rsaran\rsecret\r", "saran", "secret"},
			{"\r\nsaran\r\nsecret\r\n", "saran", "secret"},
			{"\rsaran\nsecret\n", "saran", "secret"},
			{"\rsarm\ban\rse\x7fecret\r", "saran", "secret"},
			{"\rcolin\r\x15cc\x03sara\rx\x15secret\r", "sara", "secret"},
		} {
			typist := typist{o: TextLogin{}.withDefaults()}
			typed, steps := sevenBits(tt.typed, mark), 0
			for i := range len(typed) {
				if typist.octet(typed[i]) == proved {
					steps++
				}
			}
			if steps != 1 || typist.name != tt.name || typist.password != tt.password {
				t.Errorf("%q, mark %v: %d times, %q and %q", tt.typed, mark, steps, typist.name, typist.password)
			}
			if end := string(typist.out[len(typist.out)-12:]); end != sevenBits("Password: \r\n", mark) {
				t.Errorf("%q, mark %v: was shown %q", tt.typed, mark, end)
			}
		}
	}
}

// What looks like parity and is none.
func TestEightBits(t *testing.T) {
	for _, name := range []string{"Í", "é", "sarän", "saré", "\xe9rable", "Zoë"} {
		typist := typist{o: TextLogin{}.withDefaults()}
		for _, c := range []byte("\r" + name + "\r") {
			typist.octet(c)
		}
		if typist.name != name || typist.parity != noParity {
			t.Errorf("%q became %q, parity %d", name, typist.name, typist.parity)
		}
	}
}

func FuzzTypist(f *testing.F) {
	f.Add([]byte("\rsaran\rsecret\rbbs\r"))
	f.Add([]byte(sevenBits("\rsaran\rsecret\r\x03\x041\r", false)))
	f.Fuzz(func(t *testing.T, b []byte) {
		typist := typist{o: TextLogin{Menu: offers}.withDefaults()}
		for _, c := range b {
			switch typist.octet(c) {
			case proved:
				if len(typist.password)%2 == 0 {
					typist.accept()
				} else {
					typist.refuse("no")
				}
			case chosen:
				if typist.choice.Key == "" || typist.choice.HangUp {
					t.Fatalf("chosen is %+v", typist.choice)
				}
			}
			if len(typist.line) > MaxName || len(typist.name) > MaxName {
				t.Fatal("a line is too long")
			}
		}
	})
}
