package auth

import (
	"testing"

	"carrier/shared/ppp"
	"carrier/shared/ppp/eap"
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
		p := prover{method: MSCHAPv2, login: &Login{Secret: known, Next: NewPassword("x")}, rand: zeros{}}
		if data := p.change(m); data != nil && len(data) != 582 {
			t.Errorf("%d octets", len(data))
		}
	})
}

// pieces cuts octets into packets' contents: one octet says how long the next
// is.
func pieces(b []byte) (all [][]byte) {
	for len(b) > 0 && len(all) < 40 {
		n := min(int(b[0]), len(b)-1)
		all = append(all, b[1:1+n])
		b = b[1+n:]
	}
	return all
}

// FuzzEAPServer gives a server Responses with the right Identifiers, or the
// wrong ones where their first octet is odd.
func FuzzEAPServer(f *testing.F) {
	f.Add(byte(0), []byte("\x07\x00\x01saran\x13\x00\x04\x10xxxxxxxxxxxxxxxx\x02\x00\x02"))
	f.Add(byte(1), append([]byte("\x07\x00\x01saran\x39\x00\x1a\x02\x01\x00\x37\x31"), make([]byte, 50)...))
	f.Add(byte(0), []byte("\x07\x00\x01saran\x03\x00\x03\x1a\x03\x00\x1a\x04"))
	f.Add(byte(2), []byte("\x07\x00\x01saran\x03\x00\x0d\x00\x03\x00\x03\x04"))
	f.Fuzz(func(t *testing.T, first byte, b []byte) {
		ask := [...][]Method{{EAPMD5, EAPMSCHAPv2}, {EAPMSCHAPv2, EAPMD5}, {EAPMD5}}[first%3]
		s, out := NewServer(EAP, ServerOptions{EAP: ask, Rand: zeros{}}), new(ppp.Outbox)
		s.Start(start, out)
		for _, piece := range pieces(b) {
			frames := out.Take()
			if len(frames) > 1 {
				t.Fatalf("%d packets for one", len(frames))
			}
			id := s.eapID(frames)
			if len(piece) < 2 {
				continue
			}
			k := eap.Packet{Code: eap.Response, ID: id + piece[0]&1, Type: eap.Type(piece[1]), Data: piece[2:]}
			if c := s.Receive(start, ppp.EAP, k.Append(nil), out); c != nil {
				v := c.Check(NewPassword("correct horse"))
				v.Retry, v.Reason = first&4 != 0, Reason(640+int(first>>3))
				s.Answer(start, v, out)
			}
		}
		if s.Outcome() == Success || s.Keys() != (Keys{}) {
			t.Errorf("% x was let in", b)
		}
	})
}

// eapID is the Identifier of the last Request.
func (s *Server) eapID(frames [][]byte) byte {
	for _, f := range frames {
		s.id = f[5]
	}
	return s.id
}

// FuzzEAPClient gives a client packets that it must not believe.
func FuzzEAPClient(f *testing.F) {
	f.Add([]byte("\x03\x01\x01\x01\x14\x01\x02\x04\x10xxxxxxxxxxxxxxxx\x02\x04\x02"))
	f.Add([]byte("\x18\x01\x02\x1a\x01\x01\x00\x15\x10xxxxxxxxxxxxxxxx\x18\x01\x03\x1a\x04\x01\x00\x15E=648 R=0 V=3 C=00\x02\x03\x03"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, out := NewClient(EAP, ClientOptions{Login: Login{Name: "saran", Secret: known, Next: NewPassword("x"), Allow: []Method{EAPMSCHAPv2}}, Rand: zeros{}}), new(ppp.Outbox)
		for _, piece := range pieces(b) {
			if len(piece) < 2 {
				continue
			}
			k := eap.Packet{Code: eap.Code(piece[0] % 5), ID: piece[1]}
			if len(piece) > 2 {
				k.Type, k.Data = eap.Type(piece[2]), piece[3:]
			}
			if r := c.Receive(start, ppp.EAP, k.Append(nil), out); r.Outcome == Success || r.Text != printable(r.Text) {
				t.Fatalf("%+v without a proof", r)
			}
			if n := len(out.Take()); n > 1 {
				t.Fatalf("%d packets for one", n)
			}
		}
	})
}
