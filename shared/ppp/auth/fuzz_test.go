package auth

import (
	"testing"
)

func FuzzChange(f *testing.F) {
	c, _ := newChange("newPass", NTHash("secret"), zeros{})
	good := c.append(nil, make([]byte, 48))
	f.Add(good)
	f.Add(good[:500])
	f.Fuzz(func(t *testing.T, b []byte) {
		c, value, err := parseChange(b)
		if err != nil {
			return
		}
		if len(value) != msValueSize {
			t.Fatalf("a Value of %d octets", len(value))
		}
		claim := Claim{MSCHAPv2, "saran", seal(proof{challenge: make([]byte, 16), response: value, change: &c})}
		if _, ok := claim.Changed(NewPassword("correct horse")); ok != claim.Check(NewPassword("correct horse")).OK {
			t.Error("Changed and Check do not agree")
		}
	})
}

func FuzzMSFailure(f *testing.F) {
	f.Add("E=648 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=no")
	f.Add("E=99999999999 R= C=0 V=-1 M")
	f.Fuzz(func(t *testing.T, s string) {
		m := parseMSFailure(s)
		if text := m.String(); text != printable(text) || len(m.challenge) > len(s)/2 {
			t.Errorf("%q reads as %+v", s, m)
		}
		p := prover{method: MSCHAPv2, login: Login{Secret: known, Next: NewPassword("x")}, rand: zeros{}}
		if data := p.change(m); data != nil && len(data) != 582 {
			t.Errorf("%d octets", len(data))
		}
	})
}
