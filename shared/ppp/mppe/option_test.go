package mppe

import (
	"bytes"
	"errors"
	"math/bits"
	"testing"

	"carrier/shared/ppp"
	"carrier/shared/wire"
)

func TestParse(t *testing.T) {
	for value, want := range map[string]Bits{
		"01 00 00 40": Key128 | Stateless, "01 00 00 e1": Encryption | Stateless | MPPC,
		"00 00 00 01": MPPC, "00 00 00 80": Key56, "00 00 00 20": Key40, "00 00 00 10": obsolete, "ff ff ff ff": ^Bits(0),
	} {
		data := unhex(t, value)
		if got, err := Parse(data); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", value, got, err, want)
		}
		if got := want.Append([]byte{7}); !bytes.Equal(got, append([]byte{7}, data...)) {
			t.Errorf("%v: % x, want %s", want, got, value)
		}
		for n := range data {
			if _, err := Parse(data[:n]); !errors.Is(err, wire.ErrShort) {
				t.Errorf("the first %d of %s: %v", n, value, err)
			}
		}
		if _, err := Parse(append(data, 0)); !errors.Is(err, ErrTrailing) {
			t.Errorf("an octet after %s: %v", value, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0x40})
	f.Add([]byte{1, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := Parse(b); (err == nil) != (len(b) == 4) || err == nil && !bytes.Equal(got.Append(nil), b) {
			t.Errorf("% x: %v, %v", b, got, err)
		}
	})
}

func TestAnswer(t *testing.T) {
	const all = Encryption | Stateless | MPPC
	for _, tt := range []struct{ can, asked, want Bits }{
		{all, Key128 | Stateless, Key128 | Stateless},              // Ack
		{all, Encryption | Stateless, Key128 | Stateless},          // Nak, the strongest of what both have
		{Key40 | Key56 | Stateless, Encryption, Key56 | Stateless}, // and stateless if we would like it
		{Key40, Key40 | Stateless, Key40 | Stateless},              // which may always be negotiated (§2.1)
		{Key40, Key40, Key40},
		{all, Key128 | MPPC | Stateless, Key128 | MPPC | Stateless},
		{Key128, Key128 | MPPC, Key128}, // we have no MPPC
		{Key128 | MPPC, Key40 | MPPC, Key128 | MPPC},
		{Key128, Key40 | Key56, Key128}, // nothing in common: our best is suggested
		{all, MPPC, MPPC},               // Ack of compression alone, its history as the peer wants
		{all, MPPC | Stateless, MPPC | Stateless},
		{all, MPPC | obsolete, MPPC}, // D is not to be accepted (§2)
		{all, Key128 | Stateless | 1<<31, Key128 | Stateless},
		{MPPC, Key128 | Stateless, 0}, // Reject
		{MPPC, Key128 | MPPC, MPPC},
		{Encryption, MPPC, 0},
		{Encryption, MPPC | Encryption, Key128}, // who insists asks itself for more
		{all, obsolete, 0},
		{all, 0, 0},
		{0, all, 0},
	} {
		if got := tt.can.Answer(tt.asked); got != tt.want {
			t.Errorf("%v asked for %v: %v, want %v", tt.can, tt.asked, got, tt.want)
		}
	}
}

func TestTake(t *testing.T) {
	const all = Encryption | Stateless | MPPC
	for _, tt := range []struct{ can, wanted, want Bits }{
		{all, Key128 | Stateless, Key128 | Stateless},
		{all, Key40, Key40}, // stateful after all
		{Key128, Key128 | Stateless, Key128 | Stateless},
		{all, Encryption, Key128}, // not one, as it should be: the strongest
		{all, MPPC, MPPC},         // no encryption
		{Key128 | Stateless, MPPC | Stateless, 0},
		{Key128 | Stateless, Key40 | Stateless, 0},
		{all, Key128 | obsolete | 1<<30, Key128},
		{all, 0, 0},
	} {
		if got := tt.can.Take(tt.wanted); got != tt.want {
			t.Errorf("%v, wanted %v: %v, want %v", tt.can, tt.wanted, got, tt.want)
		}
	}
}

// Whatever two ends can do, they agree within three requests, on the best that
// both have.
func TestTwoEndsAgree(t *testing.T) {
	for n := range 1 << 10 {
		a, b := some(n&31), some(n>>5)
		asked, agreed := a, Bits(0)
		for round := 0; asked != 0; round++ {
			answer := b.Answer(asked)
			if answer == asked {
				agreed = asked
			}
			if answer == asked || answer == 0 {
				break
			}
			if asked = a.Take(answer); round == 2 {
				t.Fatalf("%v and %v go on with %v", a, b, asked)
			}
		}
		want := a&b&MPPC | (a & b).Strongest()
		if want&Encryption != 0 {
			want |= (a | b) & Stateless
		}
		if agreed&^Stateless != want&^Stateless || want&Encryption != 0 && agreed != want {
			t.Errorf("%v and %v agree on %v, want %v", a, b, agreed, want)
		}
		if err := agreed.check(); (err == nil) != (agreed != 0) {
			t.Errorf("%v and %v agree on %v: %v", a, b, agreed, err)
		}
	}
}

// some spreads five bits over those that an end can have.
func some(n int) Bits {
	return Bits(n&7)<<5 | Bits(n>>3&1) | Bits(n>>4&1)<<24
}

func TestOnlyAnAgreementMakesAnEnd(t *testing.T) {
	keys := rfcKeys(t, Server)
	for n := range 1 << 9 {
		b := Bits(n&0xFF) | Bits(n>>8)<<24
		good := b&^(Stateless|Encryption|MPPC) == 0 && bits.OnesCount32(uint32(b&Encryption)) < 2 && b&^Stateless != 0
		_, err := NewEncrypter(b, keys)
		_, err2 := NewDecrypter(b, keys)
		if good && (err != nil || err2 != nil) || !good && !(errors.Is(err, ErrBits) && errors.Is(err2, ErrBits)) {
			t.Errorf("%v: %v, %v", b, err, err2)
		}
	}
	if _, err := NewEncrypter(MPPC, Keys{}); err != nil {
		t.Errorf("MPPC alone needs a key: %v", err)
	}
}

func TestBitsForPeople(t *testing.T) {
	for b, want := range map[Bits]string{
		0: "none", Key128 | Stateless: "128 bit, stateless", Key56 | MPPC: "56 bit, MPPC",
		Key40 | obsolete: "40 bit, obsolete encryption", MPPC | 2: "MPPC, reserved 0x2",
	} {
		if got := b.String(); got != want {
			t.Errorf("%#x: %s, want %s", uint32(b), got, want)
		}
	}
}

func TestWhatIsEncrypted(t *testing.T) { // RFC 3078 §3
	for p, want := range map[ppp.Protocol]bool{
		0: false, 0x001F: false, ppp.IPv4: true, ppp.VJCompressed: true, ppp.IPX: true, ppp.IPv6: true, 0x00F9: true,
		ppp.LinkCompressed: false, ppp.Compressed: false, 0x0121: false, ppp.IPCP: false, ppp.CCP: false, ppp.LCP: false, ppp.CHAP: false,
	} {
		if got := Encrypts(p); got != want {
			t.Errorf("%v: %v", p, got)
		}
	}
}
