package cbcp

import (
	"testing"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

// CVE-2004-1002: pppd subtracted the header from the Length of a CBCP packet that was
// shorter than that, and read on behind it. Such a packet, and such an option in a good
// one, is as if it had not come, to either role: what follows is taken.
func TestCVE20041002LengthBelowTheHeader(t *testing.T) {
	var out ppp.Outbox
	s, _, request, response := responded(t, &out)
	lies := func(good []byte) (bad [][]byte) {
		for length := range byte(cp.HeaderLength) {
			b := append([]byte(nil), good...)
			b[3] = length
			bad = append(bad, b)
		}
		for length := range byte(2) {
			b := append([]byte(nil), good...)
			b[cp.HeaderLength+1] = length
			bad = append(bad, b)
		}
		return bad
	}
	for _, b := range lies(response) {
		if choice, err := s.Receive(b, &out); choice != nil || err != nil || taken(t, &out) != nil {
			t.Errorf("the server takes % x: %v, %v", b, choice, err)
		}
	}
	if choice, err := s.Receive(response, &out); choice == nil || err != nil {
		t.Errorf("and then %v, %v", choice, err)
	}
	c := NewClient(Want{Number: "030555"})
	for _, b := range lies(request) {
		if choice, err := c.Receive(start, b, &out); choice != nil || err != nil || taken(t, &out) != nil {
			t.Errorf("the client takes % x: %v, %v", b, choice, err)
		}
	}
	if _, err := c.Receive(start, request, &out); err != nil || taken(t, &out) == nil {
		t.Errorf("and then no answer: %v", err)
	}
}
