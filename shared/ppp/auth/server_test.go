package auth

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
)

const saran = "73 61 72 61 6e"

var known = NewPassword("secret")

// started is a server that has asked its first question, which is thrown away.
func started(m Method) (*Server, *ppp.Outbox) {
	s, out := NewServer(m, ServerOptions{Name: "denver", Rand: zeros{}}), new(ppp.Outbox)
	s.Start(start, out)
	out.Take()
	return s, out
}

func TestPAPServer(t *testing.T) {
	s, out := started(PAP)
	if !s.Deadline().IsZero() {
		t.Error("PAP's server waits for its peer, without a timer")
	}
	c := s.Receive(start, ppp.PAP, unhex(t, "01 07 0011 05"+saran+"06 736563726574"), out)
	if c == nil || c.Method != PAP || c.Name != "saran" {
		t.Fatalf("claim %v", c)
	}
	if s.Receive(start, ppp.PAP, unhex(t, "01 08 0011 05"+saran+"06 736563726574"), out) != nil {
		t.Error("a repeat is a second claim")
	}
	sent(t, out, ppp.PAP)
	s.Answer(start, c.Check(known), out) // to the peer's last request
	sent(t, out, ppp.PAP, "02 08 0013 0e 41636365737320 6772616e746564")
	s.Receive(start, ppp.PAP, unhex(t, "01 09 0010 05"+saran+"05 77726f6e67"), out)
	sent(t, out, ppp.PAP, "02 09 0013 0e 41636365737320 6772616e746564") // RFC 1334 §2.2.1: the same Code
	s.Answer(start, Refuse(c, "no"), out)
	sent(t, out, ppp.PAP)
	s.Repeat(out)
	sent(t, out, ppp.PAP, "02 09 0013 0e 41636365737320 6772616e746564")
}

func TestPAPServerRefuses(t *testing.T) {
	s, out := started(PAP)
	c := s.Receive(start, ppp.PAP, unhex(t, "01 07 0011 05"+saran+"06 736563726574"), out)
	s.Answer(start, Refuse(c, "no address is free"), out)
	sent(t, out, ppp.PAP, "03 07 0017 12 6e6f2061646472657373206973 2066726565")
	s.Repeat(out) // only of what lets the peer in
	sent(t, out, ppp.PAP)
}

func TestCHAPServer(t *testing.T) {
	value := unhex(t, "000102030405060708090a0b0c0d0e0f")
	s, out := NewServer(CHAPMD5, ServerOptions{Name: "denver", Rand: &octets{b: value}}), new(ppp.Outbox)
	s.Start(start, out)
	sent(t, out, ppp.CHAP, "01 01 001b 10 000102030405060708090a0b0c0d0e0f 64656e766572")
	response := "02 01 001a 10 3a62b0c63c1f7dd8e4c4f4e2e1b0d9a4" + saran // a wrong value
	c := s.Receive(start, ppp.CHAP, unhex(t, response), out)
	if c == nil || c.Name != "saran" || c.Check(known).OK {
		t.Fatalf("claim %v", c)
	}
	s.Answer(start, c.Check(known), out)
	sent(t, out, ppp.CHAP, "04 01 001f"+fmt.Sprintf("%x", refused))
	// Even the right value has the same answer now (RFC 1994 §4.1).
	right := md5Response(1, "secret", value)
	s.Receive(start, ppp.CHAP, unhex(t, fmt.Sprintf("02 01 001a 10 %x", right)+saran), out)
	sent(t, out, ppp.CHAP, "04 01 001f"+fmt.Sprintf("%x", refused))
	s.Repeat(out)
	sent(t, out, ppp.CHAP)
}

// MD5 over 07, "secret" and 00 to 0f, computed elsewhere.
func TestCHAPMD5Value(t *testing.T) {
	for id, ok := range map[byte]bool{7: true, 8: false} {
		c := Claim{CHAPMD5, "saran", seal(proof{id: id, challenge: unhex(t, "000102030405060708090a0b0c0d0e0f"),
			response: unhex(t, "821643665b430359e52ac524d29c8f95")})}
		if c.Check(known).OK != ok {
			t.Errorf("identifier %d: want %v", id, ok)
		}
	}
}

func TestMSCHAPv2Server(t *testing.T) {
	s, out := NewServer(MSCHAPv2, ServerOptions{Rand: &octets{b: unhex(t, rfcChallenge)}}), new(ppp.Outbox)
	s.Start(start, out)
	sent(t, out, ppp.CHAP, "01 01 0015 10"+rfcChallenge)
	for _, name := range []string{"User", `BIGCO\User`} { // RFC 2759 §4: the hash is over the bare name
		response := fmt.Sprintf("02 01 %04x 31", 54+len(name)) + rfcPeer + "0000000000000000" + rfcNT + "00" + fmt.Sprintf("%x", name)
		c := s.Receive(start, ppp.CHAP, unhex(t, response), out)
		if c == nil || c.Name != name {
			t.Fatalf("claim %v", c)
		}
		v := c.Check(NewPassword(rfcPassword))
		if !v.OK || !c.Check(NewNTHash([16]byte(unhex(t, rfcHash)))).OK {
			t.Fatalf("%s was refused", name)
		}
		s.Answer(start, v, out)
		success := "03 01 0040" + fmt.Sprintf("%x", rfcSuccess+" M=Access granted")
		sent(t, out, ppp.CHAP, strings.Replace(success, "0040", fmt.Sprintf("%04x", len(unhex(t, success))), 1))
		s.phase = asking // for the other name
	}
}

func TestMSCHAPServer(t *testing.T) { // RFC 2433 B.2's challenge and response
	s, out := NewServer(MSCHAP, ServerOptions{Rand: &octets{b: unhex(t, "10 2D B5 DF 08 5D 30 41")}}), new(ppp.Outbox)
	s.Start(start, out)
	sent(t, out, ppp.CHAP, "01 01 000d 08 102db5df085d3041")
	const lm, nt = "000000000000000000000000000000000000000000000000", "4E9D3C8F9CFD385D5BF4D3246791956CA4C351AB409A3D61"
	c := s.Receive(start, ppp.CHAP, unhex(t, "02 01 003b 31"+lm+nt+"01"+saran), out)
	if c == nil || !c.Check(NewPassword("MyPw")).OK || c.Check(NewPassword("mypw")).OK {
		t.Fatalf("claim %v", c)
	}
	s.phase = asking // the same, but the LAN Manager response is to be used
	c = s.Receive(start, ppp.CHAP, unhex(t, "02 01 003b 31"+lm+nt+"00"+saran), out)
	if c == nil || c.Check(NewPassword("MyPw")).OK {
		t.Fatalf("claim %v", c)
	}
	s.Answer(start, c.Check(NewPassword("MyPw")), out)
	failure := "E=691 R=0 V=2 M=" + refused
	sent(t, out, ppp.CHAP, fmt.Sprintf("04 01 %04x %x", 4+len(failure), failure))
}

func TestEAPServerAsksForTheNameOnly(t *testing.T) {
	s, out := NewServer(EAP, ServerOptions{Name: "denver", Rand: zeros{}}), new(ppp.Outbox)
	s.Start(start, out)
	sent(t, out, ppp.EAP, "01 00 0005 01")
	for _, other := range []string{
		"02 01 000a 01" + saran, // an identifier that was not asked for
		"02 00 0006 03 04",      // Nak of an Identity
		"01 00 0005 01",         // a Request
		"02 00 0004",            // no type
	} {
		if c := s.Receive(start, ppp.EAP, unhex(t, other), out); c != nil {
			t.Errorf("%s claims %v", other, c)
		}
	}
	s.Expire(start.Add(3*time.Second), out)
	sent(t, out, ppp.EAP, "01 00 0005 01") // RFC 3748 §4.1: the same identifier
	c := s.Receive(start, ppp.EAP, unhex(t, "02 00 000a 01"+saran), out)
	if c == nil || c.Name != "saran" || c.Check(known).OK {
		t.Fatalf("claim %v", c)
	}
	s.Answer(start, Refuse(c, "no text fits"), out)
	sent(t, out, ppp.EAP, "04 00 0004")
	s.Receive(start, ppp.EAP, unhex(t, "02 00 000a 01"+saran), out)
	sent(t, out, ppp.EAP, "04 00 0004")
}

func TestNamesOfAnyLength(t *testing.T) {
	for _, n := range []int{0, 255} {
		name := strings.Repeat("n", n)
		s, out := started(PAP)
		request := append([]byte{1, 1, 0, byte(6 + n), byte(n)}, name...)
		request[2], request[3] = byte((6+n)>>8), byte(6+n)
		c := s.Receive(start, ppp.PAP, append(request, 0), out)
		if c == nil || c.Name != name || c.Check(known).OK {
			t.Errorf("PAP, %d octets: %v", n, c)
		}
		s, out = started(MSCHAPv2)
		response := append([]byte{2, 1, byte((54 + n) >> 8), byte(54 + n), 49}, make([]byte, 49)...)
		c = s.Receive(start, ppp.CHAP, append(response, name...), out)
		if c == nil || c.Name != name || c.Check(known).OK {
			t.Errorf("MS-CHAPv2, %d octets: %v", n, c)
		}
	}
}

func TestAWrongValueSizeFails(t *testing.T) {
	for _, m := range []Method{CHAPMD5, MSCHAP, MSCHAPv2} {
		for _, n := range []int{0, 1, 15, 17, 48, 50, 255} {
			s, out := started(m)
			response := append([]byte{2, 1, byte((10 + n) >> 8), byte(10 + n), byte(n)}, make([]byte, n)...)
			c := s.Receive(start, ppp.CHAP, append(response, "saran"...), out)
			if c == nil || c.Name != "saran" || c.Check(known).OK {
				t.Errorf("%v with %d octets: %v", m, n, c)
			}
		}
	}
}

// whole is a good answer to a started server's question, for each method.
func whole(t *testing.T, m Method) []byte {
	_, out := NewServer(m, ServerOptions{Name: "denver", Rand: zeros{}}), new(ppp.Outbox)
	switch m {
	case PAP:
		return unhex(t, "01 07 0011 05"+saran+"06 736563726574")
	case EAP:
		return unhex(t, "02 00 000a 01"+saran)
	}
	client := NewClient(m, ClientOptions{Login: Login{Name: "saran", Secret: known}})
	challenge := packet{chapChallenge, 1, appendCHAP(nil, make([]byte, challengeSize(m)), "denver")}
	client.Receive(start, ppp.CHAP, challenge.append(nil), out)
	return info(t, out)
}

func TestNoPrefixOfAnAnswerIsAClaim(t *testing.T) {
	for _, m := range agreed {
		good := whole(t, m)
		s, out := started(m)
		for n := range good {
			if c := s.Receive(start, m.Protocol(), good[:n], out); c != nil {
				t.Errorf("%v: the first %d octets claim %v", m, n, c)
			}
		}
		if c := s.Receive(start, m.Protocol(), good, out); c == nil || c.Name != "saran" || c.Check(known).OK != (m != EAP) {
			t.Errorf("%v: the whole answer gives %v", m, c)
		}
	}
}

func TestWhatDoesNotBelongIsDropped(t *testing.T) {
	for _, m := range agreed {
		good := whole(t, m)
		s, out := NewServer(m, ServerOptions{Name: "denver", Rand: zeros{}}), new(ppp.Outbox)
		if s.Receive(start, m.Protocol(), good, out) != nil {
			t.Errorf("%v: a claim before the start", m)
		}
		s.Start(start, out)
		out.Take()
		for code := range 256 {
			if byte(code) == good[0] {
				continue
			}
			k := bytes.Clone(good)
			k[0] = byte(code)
			if s.Receive(start, m.Protocol(), k, out) != nil || s.Receive(start, ppp.LCP, good, out) != nil {
				t.Errorf("%v: code %d claims something", m, code)
			}
		}
		s.Answer(start, Verdict{OK: true}, out) // nobody has claimed anything
		sent(t, out, m.Protocol())
	}
}

func TestChallengesAreRepeatedWithNewIdentifierAndValue(t *testing.T) {
	s, out := NewServer(CHAPMD5, ServerOptions{}), new(ppp.Outbox)
	now := start
	s.Start(now, out)
	seen := map[string]bool{}
	var waits []time.Duration
	for {
		b := info(t, out)
		if seen[string(b[1:2])] || seen[string(b[5:])] {
			t.Fatalf("challenge % x was sent before", b)
		}
		seen[string(b[1:2])], seen[string(b[5:])] = true, true
		if !s.Reflects(ppp.CHAP, b) {
			t.Error("our own challenge is not known again")
		}
		next := s.Deadline()
		waits = append(waits, next.Sub(now))
		if s.Expire(next.Add(-1), out) || len(out.Take()) != 0 {
			t.Fatal("expired early")
		}
		if now = next; s.Expire(now, out) {
			break
		}
	}
	if got := fmt.Sprint(waits); got != "[3s 6s 9s 12s 15s]" {
		t.Errorf("waited %s", got)
	}
	if !s.Deadline().IsZero() || s.Expire(now.Add(time.Hour), out) {
		t.Error("it goes on after it has failed")
	}
}

func TestAnAnswerToAnOlderChallengeDoesNotCount(t *testing.T) {
	s, out := started(CHAPMD5)
	old := whole(t, CHAPMD5)
	s.Expire(s.Deadline(), out)
	out.Take()
	if c := s.Receive(start, ppp.CHAP, old, out); c != nil {
		t.Errorf("claim %v", c)
	}
}

func TestRechallenge(t *testing.T) {
	s, out := started(MSCHAPv2)
	s.Rechallenge(start, out)
	sent(t, out, ppp.CHAP) // nobody has been accepted yet
	c := s.Receive(start, ppp.CHAP, whole(t, MSCHAPv2), out)
	s.Answer(start, c.Check(known), out)
	out.Take()
	s.Rechallenge(start, out)
	if b := info(t, out); b[0] != chapChallenge || b[1] != 2 || s.Deadline().IsZero() {
		t.Errorf("% x", b)
	}
	if s.Receive(start, ppp.CHAP, whole(t, MSCHAPv2), out) != nil {
		t.Error("the first Response answers the second Challenge")
	}
	pap, out := started(PAP)
	pap.Receive(start, ppp.PAP, whole(t, PAP), out)
	pap.Answer(start, Verdict{OK: true}, out)
	out.Take()
	pap.Rechallenge(start, out)
	sent(t, out, ppp.PAP)
}

func TestReflection(t *testing.T) {
	s, out := NewServer(CHAPMD5, ServerOptions{Name: "denver"}), new(ppp.Outbox)
	s.Start(start, out)
	ours := info(t, out)
	other := bytes.Clone(ours)
	other[6]++
	if !s.Reflects(ppp.CHAP, ours) || s.Reflects(ppp.CHAP, other) || s.Reflects(ppp.PAP, ours) || s.Reflects(ppp.CHAP, ours[:9]) {
		t.Error("our own question was not told from another")
	}
	// In MS-CHAPv2 a mirror can also hand it back as the peer's challenge.
	challenge := [16]byte(unhex(t, rfcChallenge))
	nt := challengeResponse(challengeHash(challenge, challenge, "User"), NTHash(rfcPassword))
	value := append(append(bytes.Clone(challenge[:]), make([]byte, 8)...), nt[:]...)
	c := Claim{MSCHAPv2, "User", seal(proof{challenge: challenge[:], response: append(value, 0)})}
	if c.Check(NewPassword(rfcPassword)).OK {
		t.Error("our own challenge came back as the peer's")
	}
}

func TestTheZeroSecretMatchesNothing(t *testing.T) {
	for _, m := range agreed {
		for _, password := range []string{"", "secret"} {
			s, out := started(m)
			client := NewClient(m, ClientOptions{Login: Login{Name: "saran", Secret: NewPassword(password)}})
			challenge := packet{chapChallenge, 1, appendCHAP(nil, make([]byte, challengeSize(m)), "")}
			client.Start(start, out)
			client.Receive(start, ppp.CHAP, challenge.append(nil), out)
			b := whole(t, EAP)
			if m != EAP {
				b = info(t, out)
			}
			c := s.Receive(start, m.Protocol(), b, out)
			if c == nil || c.Check(Secret{}).OK {
				t.Errorf("%v %q: claim %v", m, password, c)
			}
		}
	}
	if (&Claim{Method: PAP}).Check(Secret{}).OK || (&Claim{Method: PAP}).Check(NewNTHash([16]byte{})).OK {
		t.Error("a claim without proof")
	}
}

func TestWithoutRandomOctetsTheServerFailsAtOnce(t *testing.T) {
	for _, m := range []Method{CHAPMD5, MSCHAP, MSCHAPv2} {
		s, out := NewServer(m, ServerOptions{Name: "denver", Rand: dry{}}), new(ppp.Outbox)
		s.Start(start, out)
		sent(t, out, ppp.CHAP)
		if !s.Expire(start, out) {
			t.Errorf("%v goes on", m)
		}
	}
}

func TestTyped(t *testing.T) {
	c := Typed("saran", "secret")
	if c.Name != "saran" || !c.Check(known).OK || Typed("saran", "Secret").Check(known).OK || c.Check(Secret{}).OK {
		t.Errorf("%v", c)
	}
	if s := fmt.Sprintf("%+v %#v", c, *c); strings.Contains(s, "secret") {
		t.Errorf("shows its password: %s", s)
	}
}
