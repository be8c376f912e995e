package auth

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"carrier/shared/ppp"
)

func TestEveryReasonIsSent(t *testing.T) {
	for reason, want := range map[Reason]string{0: "E=691 R=0", RestrictedHours: "E=646 R=0", AccountDisabled: "E=647 R=0", PasswordExpired: "E=648 R=0",
		NoDialIn: "E=649 R=0", WrongPassword: "E=691 R=0", PasswordNotChanged: "E=709 R=0"} {
		for m, version := range map[Method]string{MSCHAP: " V=2 M=no", MSCHAPv2: " C=00000000000000000000000000000000 V=3 M=no"} {
			s, out := started(m)
			s.Receive(start, ppp.CHAP, whole(t, m), out)
			s.Answer(start, Verdict{Reason: reason, Message: "no"}, out)
			if text := string(info(t, out)[4:]); text != want+version || s.Outcome() != Failure {
				t.Errorf("%v: %s, want %s", m, text, want+version)
			}
		}
	}
	if s := Reason(700).String(); s != "error 700" {
		t.Error(s)
	}
}

// tryAgain makes a Response to the challenge in a Failure, in version m, with
// the next Identifier.
func tryAgain(t *testing.T, m Method, k []byte) []byte {
	t.Helper()
	f := parseMSFailure(string(k[4:]))
	if k[0] != chapFailure || !f.retry || len(f.challenge) != challengeSize(m) {
		t.Fatalf("%q", k[4:])
	}
	p := prover{method: m, login: &login, rand: zeros{}}
	return packet{chapResponse, k[1] + 1, appendCHAP(nil, p.prove(k[1]+1, f.challenge), "saran")}.append(nil)
}

func TestThePeerMayTryAgain(t *testing.T) { // RFC 2759 §9.1.4, RFC 2433 B.1.3
	for _, m := range []Method{MSCHAP, MSCHAPv2} {
		s, out := NewServer(m, ServerOptions{}), new(ppp.Outbox)
		s.Start(start, out)
		challenge := info(t, out)
		wrong := packet{chapResponse, challenge[1], appendCHAP(nil, make([]byte, msValueSize), "saran")}.append(nil)
		c := s.Receive(start, ppp.CHAP, wrong, out)
		v := c.Check(known)
		v.Retry = true
		s.Answer(start, v, out)
		k := info(t, out)
		if s.Outcome() != Pending || s.Deadline().IsZero() || bytes.Contains(k, []byte("R=0")) {
			t.Fatalf("%v: %q", m, k[4:])
		}
		if s.Receive(start, ppp.CHAP, wrong, out); !bytes.Equal(info(t, out), k) { // the Failure was lost
			t.Errorf("%v: another answer to the same Response", m)
		}
		if s.Expire(s.Deadline(), out); !bytes.Equal(info(t, out), k) {
			t.Errorf("%v: another answer after a while", m)
		}
		c = s.Receive(start, ppp.CHAP, tryAgain(t, m, k), out)
		if c == nil || c.Name != "saran" {
			t.Fatalf("%v: claim %v", m, c)
		}
		v = c.Check(known)
		s.Answer(start, v, out)
		if k = info(t, out); !v.OK || k[0] != chapSuccess || k[1] != challenge[1]+1 || s.Outcome() != Success {
			t.Errorf("%v: %v, %q", m, v, k)
		}
	}
}

func TestTriesAreBounded(t *testing.T) { // RFC 2759 §10
	s, out := NewServer(MSCHAPv2, ServerOptions{}), new(ppp.Outbox)
	s.Start(start, out)
	k := packet{chapResponse, info(t, out)[1], appendCHAP(nil, make([]byte, msValueSize), "saran")}.append(nil)
	seen := map[string]bool{}
	for n := 1; ; n++ {
		if s.Receive(start, ppp.CHAP, k, out) == nil {
			t.Fatal("no claim")
		}
		s.Answer(start, Verdict{Retry: true}, out)
		failure := info(t, out)
		if c := fmt.Sprint(parseMSFailure(string(failure[4:])).challenge); seen[c] {
			t.Error("the same challenge again")
		} else {
			seen[c] = true
		}
		if s.Outcome() == Failure {
			if n != maxTries+1 || !strings.HasPrefix(string(failure[4:]), "E=691 R=0") {
				t.Errorf("%d tries, %q", n, failure[4:])
			}
			break
		}
		k[1]++
	}
	s, out = started(MSCHAPv2)
	s.Receive(start, ppp.CHAP, whole(t, MSCHAPv2), out)
	s.Answer(start, Verdict{Retry: true}, out)
	for n := 1; !s.Expire(s.Deadline(), out); n++ {
		if n > maxAsked {
			t.Fatal("it waits for ever")
		}
	}
}

// SecREt01 and this challenge are known from the descriptions of LAN Manager's
// response.
func TestLANManagersResponseCountsOnlyWhereAllowed(t *testing.T) {
	challenge := unhex(t, "0123456789abcdef")
	value := append(unhex(t, "c337cd5cbd44fc9782a667af6d427c6de67c20c2d3e77c56"), make([]byte, 25)...)
	password := NewPassword("SecREt01")
	for _, tt := range []struct {
		lm, ok bool
		flag   byte
		secret Secret
	}{
		{true, true, 0, password}, {false, false, 0, password}, {true, false, 1, password},
		{true, true, 0, NewPassword("secret01")}, {true, false, 0, NewPassword("SecREt02")}, {true, false, 0, Secret{}},
		{true, false, 0, NewNTHash(NTHash("SecREt01"))},
	} {
		value[48] = tt.flag
		c := Claim{MSCHAP, "saran", seal(proof{challenge: challenge, response: bytes.Clone(value), lm: tt.lm})}
		if v := c.Check(tt.secret); v.OK != tt.ok {
			t.Errorf("%+v: %v", tt, v.OK)
		}
	}
	// An NT hash says nothing of LAN Manager's, least of all that the password
	// is empty.
	empty := challengeResponse([8]byte(challenge), lmHash(""))
	none := Claim{MSCHAP, "saran", seal(proof{challenge: challenge, response: append(empty[:], make([]byte, 25)...), lm: true})}
	if none.Check(NewNTHash(NTHash("SecREt01"))).OK {
		t.Error("an empty password was taken")
	}
	s, out := NewServer(MSCHAP, ServerOptions{LM: true, Rand: zeros{}}), new(ppp.Outbox)
	s.Start(start, out)
	if c := s.Receive(start, ppp.CHAP, whole(t, MSCHAP), out); c == nil || !c.proof.open().lm {
		t.Error("the server forgets that it is allowed")
	}
}
