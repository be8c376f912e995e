package eaptls

import (
	"testing"

	"carrier/shared/ppp/eap"
)

// pieces cuts octets where a zero length ends it: one octet says how long the
// next piece is.
func pieces(b []byte) (all [][]byte) {
	for len(b) > 0 && len(all) < 50 {
		n := min(int(b[0]), len(b)-1)
		all = append(all, b[1:1+n])
		b = b[1+n:]
	}
	return all
}

func FuzzServer(f *testing.F) {
	a := newAuthority(f)
	f.Add([]byte("\x01\x00\x01\x40\x08\x00\x16\x03\x01\x00\x02\x01\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, _ := a.pair(t, 1500, nil)
		if _, err := s.Begin(1); err != nil {
			t.Fatal(err)
		}
		for _, data := range pieces(b) {
			if step := s.Receive(data); step.Do == eap.Decide || step.Do == eap.Succeed {
				t.Fatalf("%+v without a certificate", step)
			}
		}
	})
}

func FuzzPeer(f *testing.F) {
	a := newAuthority(f)
	f.Add([]byte("\x01\x20\x01\x00\x08\x00\x16\x03\x03\x00\x02\x02\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, p := a.pair(t, 1500, nil)
		p.Begin()
		for _, data := range pieces(b) {
			if r := p.Receive(1, data); r.Standing == eap.Ended || r.Standing == eap.Assured {
				t.Fatalf("%+v without a handshake", r)
			}
		}
	})
}
