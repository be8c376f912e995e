package auth

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"carrier/shared/ppp"
	"carrier/shared/ppp/eap"
)

// CVE-2020-8597: pppd copied the name in EAP-MD5 behind a bound that it had
// computed wrongly. This sends names as long as a frame, in Identities, in MD5's and
// MS-CHAPv2's Responses, and in Challenges.
func TestCVE20208597EAPNamesOfAnyLength(t *testing.T) {
	for _, n := range []int{0, 255, 256, 1024, 65000} {
		name := bytes.Repeat([]byte("n"), n)
		for _, m := range []Method{EAPMD5, EAPMSCHAPv2} {
			s, out := NewServer(EAP, ServerOptions{Name: string(name), EAP: []Method{m}}), new(ppp.Outbox)
			s.Start(start, out)
			first := info(t, out)[1]
			s.Receive(start, ppp.EAP, eap.Packet{Code: eap.Response, ID: first, Type: eap.Identity, Data: name}.Append(nil), out)
			if b := info(t, out); len(b) > 4+1+4+1+16+255 {
				t.Errorf("%v: our own name makes a Request of %d octets", m, len(b))
			}
			response := eap.Packet{Code: eap.Response, ID: first + 1, Type: eap.MD5, Data: appendCHAP(nil, make([]byte, 16), string(name))}.Append(nil)
			if m == EAPMSCHAPv2 {
				response = eapMSCHAP(chapResponse, first+1, appendCHAP(nil, make([]byte, msValueSize), string(name)))(first + 1)
			}
			c := s.Receive(start, ppp.EAP, response, out)
			if c == nil || c.Name != string(name) || c.Check(known).OK {
				t.Errorf("%v, %d octets: no claim in that name", m, n)
			}
		}
		for _, k := range [][]byte{
			eap.Packet{Code: eap.Request, ID: 1, Type: eap.MD5, Data: appendCHAP(nil, make([]byte, 16), string(name))}.Append(nil),
			eap.Packet{Code: eap.Request, ID: 1, Type: eap.MSCHAPv2, Data: packet{1, 1, appendCHAP(nil, make([]byte, 16), string(name))}.append(nil)}.Append(nil),
			eap.Packet{Code: eap.Request, ID: 1, Type: eap.Identity, Data: name}.Append(nil),
			eap.Packet{Code: eap.Request, ID: 1, Type: eap.Notification, Data: name}.Append(nil),
		} {
			c, out := NewClient(EAP, ClientOptions{Login: login}), new(ppp.Outbox)
			c.Receive(start, ppp.EAP, k, out)
			if b := info(t, out); len(b) > 100 {
				t.Errorf("%d octets in answer to a name of %d", len(b), n)
			}
			if r := c.Receive(start, ppp.EAP, []byte{4, 1, 0, 4}, out); r.Outcome != Failure || len(r.Text) > maxText {
				t.Errorf("%d octets of text", len(r.Text))
			}
		}
	}
}

func TestEAPMD5WithALyingValueSize(t *testing.T) {
	s, out := asking1(t, EAPMD5)
	for _, data := range []string{"", "\x01", "\xffabc", "\x11" + strings.Repeat("x", 16)} {
		if c := s.Receive(start, ppp.EAP, eap.Packet{Code: eap.Response, ID: 1, Type: eap.MD5, Data: []byte(data)}.Append(nil), out); c != nil {
			t.Errorf("%q claims %v", data, c)
		}
	}
	for _, n := range []int{0, 1, 15, 17, 255} { // whole, but no hash
		s, out = asking1(t, EAPMD5)
		c := s.Receive(start, ppp.EAP, eap.Packet{Code: eap.Response, ID: 1, Type: eap.MD5, Data: appendCHAP(nil, make([]byte, n), "saran")}.Append(nil), out)
		if c == nil || c.Check(known).OK || c.Check(NewPassword("")).OK {
			t.Errorf("a value of %d octets: %v", n, c)
		}
	}
	for _, data := range []string{"", "\x00", "\x00denver", "\x05abc"} {
		c, out := NewClient(EAP, ClientOptions{Login: login}), new(ppp.Outbox)
		c.Receive(start, ppp.EAP, eap.Packet{Code: eap.Request, ID: 1, Type: eap.MD5, Data: []byte(data)}.Append(nil), out)
		sent(t, out, ppp.EAP)
	}
}

func TestEAPMSCHAPv2WithLyingSizes(t *testing.T) {
	good := eapMSCHAP(chapResponse, 1, appendCHAP(nil, make([]byte, msValueSize), "saran"))(1)
	for name, change := range map[string]func([]byte) []byte{
		"no packet":                  func([]byte) []byte { return []byte{2, 1, 0, 5, 26} },
		"a code only":                func([]byte) []byte { return []byte{2, 1, 0, 6, 26, 2} },
		"MS-Length longer":           func(b []byte) []byte { b[8]++; return b },
		"MS-Length 0":                func(b []byte) []byte { b[7], b[8] = 0, 0; return b },
		"MS-Length 3":                func(b []byte) []byte { b[7], b[8] = 0, 3; return b },
		"MS-Length 65535":            func(b []byte) []byte { b[7], b[8] = 255, 255; return b },
		"MS-Length ends in the hash": func(b []byte) []byte { b[7], b[8] = 0, 20; return b },
		"Value-Size beyond the end":  func(b []byte) []byte { b[9] = 255; return b },
		"another MS-CHAPv2-ID":       func(b []byte) []byte { b[6]++; return b },
		"a Challenge":                func(b []byte) []byte { b[5] = 1; return b },
		"a Success":                  func(b []byte) []byte { b[5] = 3; return b },
		"a Failure":                  func(b []byte) []byte { b[5] = 4; return b },
		"a Change-Password":          func(b []byte) []byte { b[5] = 7; return b },
	} {
		s, out := asking1(t, EAPMSCHAPv2)
		if c := s.Receive(start, ppp.EAP, change(bytes.Clone(good)), out); c != nil || s.Outcome() != Pending {
			t.Errorf("%s: claim %v, outcome %d", name, c, s.Outcome())
		}
		sent(t, out, ppp.EAP)
		if c := s.Receive(start, ppp.EAP, good, out); c == nil || c.Check(known).OK {
			t.Errorf("%s: then %v", name, c)
		}
	}
	for name, data := range map[string]string{
		"no packet":           "",
		"a value of 15":       "\x01\x01\x00\x14\x0f" + strings.Repeat("x", 15),
		"a value of 0":        "\x01\x01\x00\x05\x00",
		"a value beyond":      "\x01\x01\x00\x15\x20" + strings.Repeat("x", 16),
		"MS-Length beyond":    "\x01\x01\x00\xff\x10" + strings.Repeat("x", 16),
		"MS-Length too small": "\x01\x01\x00\x02\x10" + strings.Repeat("x", 16),
		"a Success":           "\x03\x01\x00\x2e" + rfcSuccess,
		"a Failure":           "\x04\x01\x00\x0c" + "E=691 R=",
		"a Response":          "\x02\x01\x00\x15\x10" + strings.Repeat("x", 16),
	} {
		c, out := NewClient(EAP, ClientOptions{Login: login}), new(ppp.Outbox)
		c.Receive(start, ppp.EAP, eap.Packet{Code: eap.Request, ID: 1, Type: eap.MSCHAPv2, Data: []byte(data)}.Append(nil), out)
		if out.Take() != nil {
			t.Errorf("%s is answered", name)
		}
	}
}

// A peer that is a mirror gets none of its answers from us: not by the same
// method, nor by another that hashes the same.
func TestReflectionInsideEAP(t *testing.T) {
	questions := func(m Method) (*Server, []byte) {
		out := new(ppp.Outbox)
		s := NewServer(m, ServerOptions{Name: "denver"})
		if m == EAPMD5 || m == EAPMSCHAPv2 {
			s = NewServer(EAP, ServerOptions{Name: "denver", EAP: []Method{m}})
			s.Start(start, out)
			id := info(t, out)[1]
			s.Receive(start, ppp.EAP, eap.Packet{Code: eap.Response, ID: id, Type: eap.Identity}.Append(nil), out)
		} else {
			s.Start(start, out)
		}
		return s, info(t, out)
	}
	for _, m := range []Method{CHAPMD5, MSCHAPv2, EAPMD5, EAPMSCHAPv2} {
		s, ours := questions(m)
		challenge := challengeIn(m.Protocol(), ours)
		if len(challenge) != 16 || !s.Reflects(m.Protocol(), ours) {
			t.Fatalf("%v: our own question % x is not known again", m, ours)
		}
		other := bytes.Clone(ours)
		other[12]++
		if s.Reflects(m.Protocol(), other) || s.Reflects(ppp.LCP, ours) {
			t.Errorf("%v: another question counts as ours", m)
		}
		data := appendCHAP(nil, challenge, "mirror")
		for p, b := range map[ppp.Protocol][][]byte{
			ppp.CHAP: {packet{chapChallenge, 9, data}.append(nil)},
			ppp.EAP: {eap.Packet{Code: eap.Request, ID: 9, Type: eap.MD5, Data: data}.Append(nil),
				eap.Packet{Code: eap.Request, ID: 9, Type: eap.MSCHAPv2, Data: packet{chapChallenge, 9, data}.append(nil)}.Append(nil)},
		} {
			for _, k := range b {
				if !s.Reflects(p, k) {
					t.Errorf("%v: not known again as %v % x", m, p, k)
				}
			}
		}
		if s.Reflects(ppp.EAP, eap.Packet{Code: eap.Response, ID: 9, Type: eap.MD5, Data: data}.Append(nil)) {
			t.Errorf("%v: an answer counts as a question", m)
		}
		for n := range ours {
			if s.Reflects(m.Protocol(), ours[:n]) {
				t.Errorf("%v: the first %d octets", m, n)
			}
		}
	}
	// The challenge of another try is a question too.
	s, out := started(MSCHAPv2)
	s.Receive(start, ppp.CHAP, whole(t, MSCHAPv2), out)
	s.opt.Rand, s.chap.opt.Rand = nil, &octets{b: []byte("again"), at: 1}
	s.Answer(start, Verdict{Retry: true}, out)
	f := parseMSFailure(string(info(t, out)[4:]))
	if !s.Reflects(ppp.CHAP, packet{chapChallenge, 9, appendCHAP(nil, f.challenge, "mirror")}.append(nil)) {
		t.Error("the challenge of a Failure is not known again")
	}
	// Inside EAP-MSCHAPv2 a mirror can also hand it back as the peer's challenge.
	challenge := [16]byte(unhex(t, rfcChallenge))
	nt := challengeResponse(challengeHash(challenge, challenge, "User"), NTHash(rfcPassword))
	value := append(append(bytes.Clone(challenge[:]), make([]byte, 8)...), nt[:]...)
	c := Claim{EAPMSCHAPv2, "User", seal(proof{challenge: challenge[:], response: append(value, 0)})}
	if c.Check(NewPassword(rfcPassword)).OK {
		t.Error("our own challenge came back as the peer's")
	}
}

func TestEAPMSCHAPv2PeerWantsProof(t *testing.T) {
	for text, want := range map[string]Result{
		"":                     {Failure, unproven},
		"S=" + "0" + " M=hi":   {Failure, unproven},
		rfcSuccess + "00 M=hi": {Failure, unproven},
		rfcSuccess + " M=hi":   {Success, "hi"},
	} {
		c := NewClient(EAP, ClientOptions{Login: Login{Name: rfcUser, Secret: NewPassword(rfcPassword)}, Rand: &octets{b: unhex(t, rfcPeer), at: 1}})
		out := new(ppp.Outbox)
		c.Receive(start, ppp.EAP, unhex(t, "01 01 001a 1a 01 05 0015 10"+rfcChallenge), out)
		if r := c.Receive(start, ppp.EAP, []byte{3, 1, 0, 4}, out); r.Outcome != Pending {
			t.Errorf("a Success before the proof: %v", r)
		}
		other := eap.Packet{Code: eap.Request, ID: 2, Type: eap.MSCHAPv2, Data: packet{chapSuccess, 6, []byte(rfcSuccess)}.append(nil)}
		out.Take()
		c.Receive(start, ppp.EAP, other.Append(nil), out)
		sent(t, out, ppp.EAP) // another MS-CHAPv2-ID
		c.Receive(start, ppp.EAP, unhex(t, "01 03 001a 1a 01 06 0015 10"+rfcChallenge), out)
		sent(t, out, ppp.EAP) // a second Challenge would make the first answer's proof worthless
		c.Receive(start, ppp.EAP, eap.Packet{Code: eap.Request, ID: 4, Type: eap.MSCHAPv2, Data: packet{chapSuccess, 5, []byte(text)}.append(nil)}.Append(nil), out)
		sent(t, out, ppp.EAP, map[Outcome]string{Success: "02 04 0006 1a 03", Failure: "02 04 0006 1a 04"}[want.Outcome])
		first, then := byte(eap.Failure), byte(eap.Success) // each in the wrong place
		if want.Outcome == Failure {
			first, then = then, first
		}
		if r := c.Receive(start, ppp.EAP, []byte{first, 4, 0, 4}, out); r.Outcome != Pending {
			t.Errorf("%q: code %d gives %v", text, first, r)
		}
		if r := c.Receive(start, ppp.EAP, []byte{then, 4, 0, 4}, out); r != want {
			t.Errorf("%q: %v, want %v", text, r, want)
		}
		if r := c.Receive(start, ppp.EAP, []byte{4, 4, 0, 4}, out); r.Outcome != Pending {
			t.Errorf("%q: a Failure after the end: %v", text, r)
		}
	}
}

// What a peer says when it does not believe our Success, or reads a Failure.
func TestEAPMSCHAPv2PeerGivesUp(t *testing.T) {
	for name, tt := range map[string]struct {
		verdict Verdict
		answer  string
		outcome Outcome
		err     error
	}{
		"it believes us":                {Verdict{OK: true}, "02 02 0006 1a 03", Success, nil},
		"it says nothing":               {Verdict{OK: true}, "02 02 0005 1a", Success, nil},
		"it does not believe us":        {Verdict{OK: true}, "02 02 0006 1a 04", Failure, errUnproven},
		"it answers something else":     {Verdict{OK: true}, "02 02 0006 1a 02", Pending, nil},
		"it reads the Failure":          {Verdict{}, "02 02 0006 1a 04", Failure, nil},
		"it takes a Failure as Success": {Verdict{}, "02 02 0006 1a 03", Pending, nil},
		"it leaves out the code of no":  {Verdict{}, "02 02 0005 1a", Pending, nil},
		"it does not want to try again": {Verdict{Retry: true}, "02 02 0006 1a 04", Failure, nil},
		"it wants another method":       {Verdict{OK: true}, "02 02 0006 03 04", Pending, nil},
	} {
		s, out := asking1(t, EAPMSCHAPv2)
		s.Receive(start, ppp.EAP, eapMSCHAP(chapResponse, 1, appendCHAP(nil, make([]byte, msValueSize), "saran"))(1), out)
		s.Answer(start, tt.verdict, out)
		out.Take()
		s.Receive(start, ppp.EAP, unhex(t, tt.answer), out)
		if s.Outcome() != tt.outcome || s.Err() != tt.err {
			t.Errorf("%s: outcome %d, %v", name, s.Outcome(), s.Err())
		}
	}
}

// A Response that comes again under the next Identifier is no new claim: the
// first one was right.
func TestAResponseIsTakenOnce(t *testing.T) {
	s, out := asking1(t, EAPMSCHAPv2)
	response := eapMSCHAP(chapResponse, 1, appendCHAP(nil, make([]byte, msValueSize), "saran"))
	s.Receive(start, ppp.EAP, response(1), out)
	s.Answer(start, Verdict{OK: true}, out)
	out.Take()
	if c := s.Receive(start, ppp.EAP, response(2), out); c != nil {
		t.Errorf("claim %v", c)
	}
	sent(t, out, ppp.EAP)
}

// Before our Response nothing can be proven, not even that 20 zeros are what we
// wait for.
func TestAProofOfNothing(t *testing.T) {
	c, out := NewClient(EAP, ClientOptions{Login: login}), new(ppp.Outbox)
	text := "S=" + strings.Repeat("0", 40)
	c.Receive(start, ppp.EAP, eap.Packet{Code: eap.Request, ID: 1, Type: eap.MSCHAPv2, Data: packet{chapSuccess, 0, []byte(text)}.append(nil)}.Append(nil), out)
	sent(t, out, ppp.EAP)
	if r := c.Receive(start, ppp.EAP, []byte{3, 1, 0, 4}, out); r.Outcome != Pending {
		t.Errorf("%v", r)
	}
}

// Who may come with a certificate has no password that is all zeros.
func TestACertificateIsNoHash(t *testing.T) {
	zero := Login{Name: "saran", Secret: NewNTHash([16]byte{})}
	only := Secret{}.OrCertificate()
	for _, m := range []Method{MSCHAP, MSCHAPv2, EAPMSCHAPv2} {
		p := prover{method: m, login: &zero, rand: &octets{b: []byte{1, 2}}}
		challenge := make([]byte, challengeSize(m))
		c := Claim{m, "saran", seal(proof{challenge: challenge, response: p.prove(1, challenge)})}
		if c.Check(only).OK || !c.Check(zero.Secret).OK {
			t.Errorf("%v: taken", m)
		}
	}
	zero.Next = NewPassword("mine")
	p := prover{method: MSCHAPv2, login: &zero, rand: &octets{b: []byte{1, 2}}}
	made, value, _ := parseChange(p.change(failure{reason: PasswordExpired, version: 3, challenge: make([]byte, 16)}))
	c := Claim{MSCHAPv2, "saran", seal(proof{challenge: make([]byte, 16), response: value, change: &made})}
	if _, ok := c.Changed(only); ok || c.Check(only).OK || !c.Check(zero.Secret).OK {
		t.Error("a new password: taken")
	}
}

func TestAClientWithoutEAPIsSilent(t *testing.T) {
	for _, l := range []Login{{Name: "saran"}, {Name: "saran", Secret: known, Allow: []Method{MSCHAPv2}}} {
		c, out := NewClient(EAP, ClientOptions{Login: l}), new(ppp.Outbox)
		c.Receive(start, ppp.EAP, unhex(t, "01 07 0005 01"), out)
		sent(t, out, ppp.EAP)
	}
}

func TestAnUnknownUserCostsAsMuchInsideEAP(t *testing.T) {
	a := sit(t, ServerOptions{EAP: []Method{EAPMD5}}, ClientOptions{Login: login}, against(known))
	b := sit(t, ServerOptions{EAP: []Method{EAPMSCHAPv2}}, ClientOptions{Login: login}, against(known))
	for _, c := range append(a.claims, b.claims...) {
		cost := func(s Secret) string { return fmt.Sprint(testing.AllocsPerRun(100, func() { c.Check(s) })) }
		if wrong, unknown := cost(NewPassword("wrong")), cost(Secret{}); wrong != unknown {
			t.Errorf("%v: %s allocations for a wrong password, %s for nobody", c, wrong, unknown)
		}
	}
}
