package auth

import (
	"testing"

	"carrier/shared/ppp"
)

// A lost Success is asked for by sending the Response again, unchanged: the
// server has to repeat its answer (RFC 1994 §4.1).
func TestCHAPClientRepeatsItsResponse(t *testing.T) {
	for m := CHAPMD5; m <= MSCHAPv2; m++ {
		s, c, out := NewServer(m, ServerOptions{Name: "denver"}), NewClient(m, ClientOptions{Login: login}), new(ppp.Outbox)
		s.Start(start, out)
		c.Receive(start, ppp.CHAP, info(t, out), out)
		response := info(t, out)
		s.Answer(start, s.Receive(start, ppp.CHAP, response, out).Check(known), out)
		success := info(t, out) // lost
		if c.Expire(c.Deadline(), out) {
			t.Fatalf("%v gives up", m)
		}
		if again := info(t, out); string(again) != string(response) {
			t.Errorf("%v: sent % x, then % x", m, response, again)
		}
		if s.Receive(start, ppp.CHAP, response, out) != nil {
			t.Errorf("%v: a repeat is a new claim", m)
		}
		again := info(t, out)
		if r := c.Receive(start, ppp.CHAP, again, out); string(again) != string(success) || r.Outcome != Success {
			t.Errorf("%v: %v by % x", m, r, again)
		}
		if !c.Deadline().IsZero() {
			t.Errorf("%v: still waiting", m)
		}
	}
}

// Repeats are bounded. The link, not the client, then gives up waiting.
func TestCHAPClientStopsRepeating(t *testing.T) {
	c, out := NewClient(CHAPMD5, ClientOptions{Login: login}), new(ppp.Outbox)
	c.Receive(start, ppp.CHAP, unhex(t, "01 07 0015 10"+rfcChallenge), out)
	n := 0
	for ; !c.Deadline().IsZero(); n++ {
		if c.Expire(c.Deadline(), out) {
			t.Fatal("failed")
		}
	}
	if sent := len(out.Take()); n != maxRequests+1 || sent != 1+maxRequests {
		t.Errorf("%d deadlines, %d Responses", n, sent)
	}
}
