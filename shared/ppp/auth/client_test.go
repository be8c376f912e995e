package auth

import (
	"fmt"
	"testing"
	"time"

	"carrier/shared/ppp"
)

var login = Login{Name: "saran", Secret: known}

// message makes a Success or Failure of CHAP.
func message(code, id byte, text string) []byte {
	return packet{code, id, []byte(text)}.append(nil)
}

func TestPAPClient(t *testing.T) {
	c, out := NewClient(PAP, ClientOptions{Login: login}), new(ppp.Outbox)
	now := start
	c.Start(now, out)
	sent(t, out, ppp.PAP, "01 01 0011 05"+saran+"06 736563726574")
	c.Expire(now.Add(2999*time.Millisecond), out)
	sent(t, out, ppp.PAP)
	now = now.Add(3 * time.Second)
	c.Expire(now, out)
	sent(t, out, ppp.PAP, "01 02 0011 05"+saran+"06 736563726574") // RFC 1334 §2.2.1: a new identifier
	for _, foreign := range []string{"02 03 0005 00", "02 00 0005 00", "01 02 0005 00", "02 02 0009 00"} {
		if r := c.Receive(now, ppp.PAP, unhex(t, foreign), out); r.Outcome != Pending {
			t.Errorf("%s: %v", foreign, r)
		}
	}
	// The answer to the first request answers the second too.
	r := c.Receive(now, ppp.PAP, unhex(t, "02 01 0007 02 6f6b"), out)
	if r != (Result{Success, "ok"}) || !c.Deadline().IsZero() {
		t.Errorf("%v, deadline %v", r, c.Deadline())
	}
	if r = c.Receive(now, ppp.PAP, unhex(t, "03 02 0005 00"), out); r.Outcome != Pending {
		t.Errorf("a second outcome: %v", r)
	}
}

func TestPAPClientIsRefused(t *testing.T) {
	c, out := NewClient(PAP, ClientOptions{Login: login}), new(ppp.Outbox)
	c.Start(start, out)
	r := c.Receive(start, ppp.PAP, unhex(t, "03 01 0017 12 6e6f2061646472657373206973 2066726565"), out)
	if r != (Result{Failure, "no address is free"}) {
		t.Errorf("%v", r)
	}
	c.Start(start, out)
	if r = c.Receive(start, ppp.PAP, unhex(t, "03 02 0004"), out); r != (Result{Failure, ""}) { // no message at all
		t.Errorf("%v", r)
	}
}

func TestPAPClientGivesUp(t *testing.T) {
	c, out := NewClient(PAP, ClientOptions{Login: login}), new(ppp.Outbox)
	c.Start(start, out)
	n := 1
	for !c.Expire(c.Deadline(), out) {
		n++
	}
	if took := len(out.Take()); n != 10 || took != 10 {
		t.Errorf("%d requests, %d sent", n, took)
	}
}

func TestCHAPClient(t *testing.T) {
	c, out := NewClient(CHAPMD5, ClientOptions{Login: login}), new(ppp.Outbox)
	c.Start(start, out)
	sent(t, out, ppp.CHAP)
	if r := c.Receive(start, ppp.CHAP, message(chapSuccess, 0, "come in"), out); r.Outcome != Pending {
		t.Errorf("success before any response: %v", r)
	}
	challenge := unhex(t, "01 07 001b 10 000102030405060708090a0b0c0d0e0f 64656e766572")
	const response = "02 07 001a 10 821643665b430359e52ac524d29c8f95" + saran
	c.Receive(start, ppp.CHAP, challenge, out)
	sent(t, out, ppp.CHAP, response)
	c.Receive(start, ppp.CHAP, challenge, out) // repeated, because our Response was lost
	sent(t, out, ppp.CHAP, response)
	if r := c.Receive(start, ppp.CHAP, message(chapSuccess, 6, "come in"), out); r.Outcome != Pending {
		t.Errorf("an answer to another Response: %v", r)
	}
	if r := c.Receive(start, ppp.CHAP, message(chapSuccess, 7, "come in"), out); r != (Result{Success, "come in"}) {
		t.Errorf("%v", r)
	}
	if r := c.Receive(start, ppp.CHAP, message(chapSuccess, 7, "come in"), out); r.Outcome != Pending {
		t.Errorf("a second outcome: %v", r)
	}
	challenge[1]++ // RFC 1994 §4.1: challenged again on an open link
	c.Receive(start, ppp.CHAP, challenge, out)
	if b := info(t, out); b[0] != chapResponse || b[1] != 8 {
		t.Errorf("% x", b)
	}
	if r := c.Receive(start, ppp.CHAP, message(chapFailure, 8, "go\naway"), out); r != (Result{Failure, "go?away"}) {
		t.Errorf("%v", r)
	}
}

// mschapv2 is a client that has answered RFC 2759 §9.2's challenge.
func mschapv2(t *testing.T) (*Client, *ppp.Outbox) {
	peer := &octets{b: unhex(t, rfcPeer), at: 1}
	c := NewClient(MSCHAPv2, ClientOptions{Login: Login{Name: `BIGCO\User`, Secret: NewPassword(rfcPassword)}, Rand: peer})
	out := new(ppp.Outbox)
	c.Receive(start, ppp.CHAP, unhex(t, "01 07 0015 10"+rfcChallenge), out)
	sent(t, out, ppp.CHAP, "02 07 0040 31"+rfcPeer+"0000000000000000"+rfcNT+"00"+fmt.Sprintf("%x", `BIGCO\User`))
	return c, out
}

func TestMSCHAPv2Client(t *testing.T) {
	c, out := mschapv2(t)
	r := c.Receive(start, ppp.CHAP, message(chapSuccess, 7, rfcSuccess+" M=Welcome"), out)
	if r != (Result{Success, "Welcome"}) {
		t.Errorf("%v", r)
	}
	c, out = mschapv2(t)
	r = c.Receive(start, ppp.CHAP, message(chapFailure, 7, "E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=saran is connected already"), out)
	if r != (Result{Failure, "saran is connected already"}) {
		t.Errorf("%v", r)
	}
}

func TestMSCHAPv2ClientWantsProof(t *testing.T) { // RFC 2759 §5: the peer MUST end the session
	for _, text := range []string{"", "Welcome", "S=0000000000000000000000000000000000000000 M=Welcome", "M=Welcome"} {
		c, out := mschapv2(t)
		r := c.Receive(start, ppp.CHAP, message(chapSuccess, 7, text), out)
		if r.Outcome != Failure || r.Text != "the other side does not know our password: its Success proves nothing" {
			t.Errorf("%q: %v", text, r)
		}
	}
	// The same Challenge again must not draw a new challenge of ours: the
	// Success that is on its way would no longer fit.
	c, out := mschapv2(t)
	c.Receive(start, ppp.CHAP, unhex(t, "01 07 0015 10"+rfcChallenge), out)
	out.Take()
	if r := c.Receive(start, ppp.CHAP, message(chapSuccess, 7, rfcSuccess), out); r.Outcome != Success {
		t.Errorf("%v", r)
	}
}

func TestMSCHAPClient(t *testing.T) {
	c := NewClient(MSCHAP, ClientOptions{Login: Login{Name: "saran", Secret: NewPassword("MyPw")}})
	out := new(ppp.Outbox)
	c.Receive(start, ppp.CHAP, unhex(t, "01 07 000d 08 102db5df085d3041"), out)
	const lm, nt = "000000000000000000000000000000000000000000000000", "4E9D3C8F9CFD385D5BF4D3246791956CA4C351AB409A3D61"
	sent(t, out, ppp.CHAP, "02 07 003b 31"+lm+nt+"01"+saran)
	if r := c.Receive(start, ppp.CHAP, message(chapFailure, 7, "E=647 R=0"), out); r != (Result{Failure, AccountDisabled.String()}) {
		t.Errorf("%v", r)
	}
}

func TestChallengesThatAreNotAnswered(t *testing.T) {
	for _, tt := range []struct {
		m         Method
		challenge string
	}{
		{CHAPMD5, "01 07 0005 00"},                 // no value
		{CHAPMD5, "01 07 0006 02 00"},              // a lying size
		{MSCHAP, "01 07 0006 01 00"},               // not 8 octets
		{MSCHAP, "01 07 0015 10" + rfcChallenge},   // 16
		{MSCHAPv2, "01 07 000d 08 102db5df085d30"}, // cut
		{MSCHAPv2, "01 07 000d 08 102db5df085d3041"},
		{PAP, "01 07 0015 10" + rfcChallenge},
	} {
		c, out := NewClient(tt.m, ClientOptions{Login: login}), new(ppp.Outbox)
		c.Receive(start, ppp.CHAP, unhex(t, tt.challenge), out)
		sent(t, out, ppp.CHAP)
	}
	for m := CHAPMD5; m <= MSCHAPv2; m++ { // nobody can answer
		c, out := NewClient(m, ClientOptions{Login: Login{Name: "saran"}}), new(ppp.Outbox)
		c.Receive(start, ppp.CHAP, packet{1, 1, appendCHAP(nil, make([]byte, challengeSize(m)), "")}.append(nil), out)
		c.Start(start, out)
		sent(t, out, ppp.CHAP)
	}
	c, out := NewClient(MSCHAPv2, ClientOptions{Login: login, Rand: dry{}}), new(ppp.Outbox)
	c.Receive(start, ppp.CHAP, unhex(t, "01 07 0015 10"+rfcChallenge), out)
	sent(t, out, ppp.CHAP)
}

func TestNoPrefixOfAReplyIsAnOutcome(t *testing.T) {
	for m := PAP; m <= MSCHAPv2; m++ {
		c, out := NewClient(m, ClientOptions{Login: login}), new(ppp.Outbox)
		c.Start(start, out)
		c.Receive(start, ppp.CHAP, packet{1, 1, appendCHAP(nil, make([]byte, challengeSize(m)), "")}.append(nil), out)
		good := message(chapFailure, 1, "E=691 R=0 M=no")
		if m == PAP {
			good = unhex(t, "03 01 0007 02 6e6f")
		}
		for n := range good {
			if r := c.Receive(start, m.Protocol(), good[:n], out); r.Outcome != Pending {
				t.Errorf("%v: the first %d octets are %v", m, n, r)
			}
		}
		if r := c.Receive(start, m.Protocol(), good, out); r.Outcome != Failure {
			t.Errorf("%v: %v", m, r)
		}
	}
}

// Both roles against each other, for every method and the right and a wrong
// password.
func TestBothRolesAgree(t *testing.T) {
	for m := PAP; m <= MSCHAPv2; m++ {
		for _, theirs := range []Secret{known, NewPassword("Secret"), NewNTHash(NTHash("secret")), {}} {
			s, c, out := NewServer(m, ServerOptions{Name: "denver"}), NewClient(m, ClientOptions{Login: login}), new(ppp.Outbox)
			s.Start(start, out)
			c.Start(start, out)
			if m != PAP {
				c.Receive(start, ppp.CHAP, info(t, out), out)
			}
			claim := s.Receive(start, m.Protocol(), info(t, out), out)
			v := claim.Check(theirs)
			s.Answer(start, v, out)
			r := c.Receive(start, m.Protocol(), info(t, out), out)
			want := (theirs == known || !theirs.IsZero() && !theirs.sealed.open().clear) && theirs.Verifies(m)
			if v.OK != want || (r.Outcome == Success) != want || r.Outcome == Pending {
				t.Errorf("%v: verdict %v, client %v, want %v", m, v, r, want)
			}
			if !want && r.Text != refused {
				t.Errorf("%v: the client reads %q", m, r.Text)
			}
		}
	}
}
