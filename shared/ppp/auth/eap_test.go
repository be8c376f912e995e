package auth

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"carrier/shared/ppp"
)

// A table is where a server and a client sit, and what they said.
type table struct {
	s      *Server
	c      *Client
	out    ppp.Outbox
	decide func(*Claim) Verdict
	claims []*Claim
	result Result
	seen   [][]byte
}

// sit has them talk, until nothing more is said.
func sit(t *testing.T, so ServerOptions, co ClientOptions, decide func(*Claim) Verdict) *table {
	t.Helper()
	a := &table{s: NewServer(EAP, so), c: NewClient(EAP, co), decide: decide}
	t.Cleanup(a.s.End)
	t.Cleanup(a.c.End)
	a.s.Start(start, &a.out)
	a.talk(t)
	return a
}

func (a *table) talk(t *testing.T) {
	t.Helper()
	for range 500 {
		frames := a.out.Take()
		if len(frames) == 0 {
			return
		}
		for _, f := range frames {
			a.seen = append(a.seen, f[4:])
			if f[4] != 2 {
				if r := a.c.Receive(start, ppp.EAP, f[4:], &a.out); r.Outcome != Pending {
					a.result = r
				}
			} else if c := a.s.Receive(start, ppp.EAP, f[4:], &a.out); c != nil {
				a.claims = append(a.claims, c)
				a.s.Answer(start, a.decide(c), &a.out)
			}
		}
	}
	t.Fatal("they never stop talking")
}

// against checks claims with one secret.
func against(s Secret) func(*Claim) Verdict { return func(c *Claim) Verdict { return c.Check(s) } }

func TestBothRolesAgreeInsideEAP(t *testing.T) {
	for _, m := range []Method{EAPMD5, EAPMSCHAPv2} {
		for _, theirs := range []Secret{known, NewPassword("Secret"), NewNTHash(NTHash("secret")), {}, Secret{}.OrCertificate()} {
			a := sit(t, ServerOptions{Name: "denver", EAP: []Method{m}}, ClientOptions{Login: login}, against(theirs))
			want := (theirs == known || theirs.sealed.open().hash == NTHash("secret")) && theirs.Verifies(m)
			outcome := map[bool]Outcome{true: Success, false: Failure}[want]
			if a.s.Outcome() != outcome || a.result.Outcome != outcome || len(a.claims) != 1 || a.claims[0].Method != m || a.claims[0].Name != "saran" {
				t.Errorf("%v: server %d, client %v, claims %v", m, a.s.Outcome(), a.result, a.claims)
			}
			if text := a.result.Text; !want && text != refused {
				t.Errorf("%v: the client reads %q", m, text)
			}
			ours, hers := a.s.Keys(), a.c.Keys()
			hashHash, nt := ours.MSCHAPv2()
			hersHash, hersNT := hers.MSCHAPv2()
			switch {
			case !want && (ours != Keys{} || hers != Keys{}):
				t.Errorf("%v: keys of a refused peer", m)
			case want && m == EAPMD5 && (ours.Why() != "eap-md5 leaves no keys" || hers.Why() != ours.Why()):
				t.Errorf("%q, %q", ours.Why(), hers.Why())
			case want && m == EAPMSCHAPv2 && (ours.Kind() != MSCHAPv2Keys || hers.Kind() != MSCHAPv2Keys ||
				hashHash != hersHash || nt != hersNT || hashHash != md4Sum(hashOf(known)) || nt == [24]byte{}):
				t.Errorf("%x %x, %x %x", hashHash, nt, hersHash, hersNT)
			}
		}
	}
}

// RFC 2759 §9.2 in the packets of the draft.
func TestEAPMSCHAPv2Packets(t *testing.T) {
	s, out := NewServer(EAP, ServerOptions{Name: "x", EAP: []Method{EAPMSCHAPv2}, Rand: &octets{b: unhex(t, rfcChallenge)}}), new(ppp.Outbox)
	c := NewClient(EAP, ClientOptions{Login: Login{Name: rfcUser, Secret: NewPassword(rfcPassword), Allow: []Method{EAPMSCHAPv2}},
		Rand: &octets{b: unhex(t, rfcPeer), at: 1}})
	said := func(want string) []byte {
		t.Helper()
		b := info(t, out)
		if got := fmt.Sprintf("%x", b); got != fmt.Sprintf("%x", unhex(t, want)) {
			t.Errorf("said  %s\nwant %s", got, want)
		}
		return b
	}
	s.Start(start, out)
	c.Receive(start, ppp.EAP, said("01 00 0005 01"), out)
	s.Receive(start, ppp.EAP, said("02 00 0009 01 55736572"), out)
	c.Receive(start, ppp.EAP, said("01 01 001b 1a 01 01 0016 10"+rfcChallenge+"78"), out)
	claim := s.Receive(start, ppp.EAP, said("02 01 003f 1a 02 01 003a 31"+rfcPeer+"0000000000000000"+rfcNT+"00 55736572"), out)
	s.Answer(start, claim.Check(NewPassword(rfcPassword)), out)
	if s.Outcome() != Pending || s.Keys() != (Keys{}) || c.Keys() != (Keys{}) {
		t.Error("the end before the end")
	}
	c.Receive(start, ppp.EAP, said("01 02 0044 1a 03 01 003f"+fmt.Sprintf("%x", rfcSuccess+" M=Access granted")), out)
	if s.Receive(start, ppp.EAP, said("02 02 0006 1a 03"), out) != nil || s.Outcome() != Success {
		t.Error("not the end")
	}
	if r := c.Receive(start, ppp.EAP, said("03 02 0004"), out); r != (Result{Success, "Access granted"}) {
		t.Errorf("%v", r)
	}
	s.Repeat(out)
	said("03 02 0004")
}

// MD5 over 07, "secret" and 00 to 0f, computed elsewhere.
func TestEAPMD5Packets(t *testing.T) {
	c, out := NewClient(EAP, ClientOptions{Login: login}), new(ppp.Outbox)
	c.Receive(start, ppp.EAP, unhex(t, "01 07 001c 04 10 000102030405060708090a0b0c0d0e0f 64656e766572"), out)
	sent(t, out, ppp.EAP, "02 07 001b 04 10 821643665b430359e52ac524d29c8f95"+saran)
	if r := c.Receive(start, ppp.EAP, unhex(t, "03 07 0004"), out); r.Outcome != Success {
		t.Errorf("%v", r)
	}
	s := NewServer(EAP, ServerOptions{Name: "denver", EAP: []Method{EAPMD5}, Rand: &octets{b: unhex(t, "000102030405060708090a0b0c0d0e0f")}})
	s.Start(start, out)
	s.Receive(start, ppp.EAP, unhex(t, "02 00 000a 01"+saran), out)
	out.Take()
	s.Expire(s.Deadline(), out)
	sent(t, out, ppp.EAP, "01 01 001c 04 10 000102030405060708090a0b0c0d0e0f 64656e766572")
	// The Name in a Response need not be there: the Identity counts.
	claim := s.Receive(start, ppp.EAP, unhex(t, fmt.Sprintf("02 01 0016 04 10 %x", md5Response(1, "secret", unhex(t, "000102030405060708090a0b0c0d0e0f")))), out)
	if claim == nil || claim.Name != "saran" || !claim.Check(known).OK || claim.Check(NewPassword("Secret")).OK {
		t.Fatalf("%v", claim)
	}
	s.Answer(start, Refuse(claim, "no\naddress"), out)
	sent(t, out, ppp.EAP, "01 02 000f 02 6e6f3f61646472657373") // a Notification
	s.Receive(start, ppp.EAP, unhex(t, "02 02 0005 02"), out)
	sent(t, out, ppp.EAP, "04 02 0004")
	if s.Outcome() != Failure || s.Err() != nil {
		t.Errorf("%d, %v", s.Outcome(), s.Err())
	}
}

func TestTheServersOrderCounts(t *testing.T) {
	both := func(allow ...Method) ClientOptions {
		return ClientOptions{Login: Login{Name: "saran", Secret: known, Allow: allow}}
	}
	for _, tt := range []struct {
		ask, allow []Method
		want       string
	}{
		{[]Method{EAPMD5, EAPMSCHAPv2}, nil, "[eap-md5 \"saran\"]"},
		{[]Method{EAPMSCHAPv2, EAPMD5}, nil, "[eap-mschap-v2 \"saran\"]"},
		{[]Method{EAPMSCHAPv2, EAPMD5}, []Method{EAPMD5}, "[eap-md5 \"saran\"]"},
		{[]Method{EAPTLS, MSCHAPv2, EAP, EAPMD5}, nil, "[eap-md5 \"saran\"]"}, // no certificate of ours; not EAP's
		{[]Method{EAPMD5}, []Method{EAPMSCHAPv2}, "[]"},
		{nil, nil, "[eap \"saran\"]"},
	} {
		a := sit(t, ServerOptions{EAP: tt.ask}, both(tt.allow...), against(known))
		if got := fmt.Sprint(a.claims); got != tt.want {
			t.Errorf("%v to %v: claims %s, want %s", tt.ask, tt.allow, got, tt.want)
		}
		if success := len(a.claims) == 1 && a.claims[0].Method != EAP; success != (a.s.Outcome() == Success) || success != (a.result.Outcome == Success) {
			t.Errorf("%v to %v: %d, %v", tt.ask, tt.allow, a.s.Outcome(), a.result)
		}
	}
	a := sit(t, ServerOptions{EAP: []Method{EAPMD5}}, both(EAPMSCHAPv2), nil)
	if a.s.Err() == nil || a.s.Err().Error() != "the peer takes none of the methods offered" {
		t.Errorf("%v", a.s.Err())
	}
}

func TestAPasswordIsChangedInsideEAP(t *testing.T) {
	co := ClientOptions{Login: Login{Name: "saran", Secret: known, Next: NewPassword("new"), Allow: []Method{EAPMSCHAPv2}}}
	var next Secret
	a := sit(t, ServerOptions{EAP: []Method{EAPMSCHAPv2}}, co, func(c *Claim) Verdict {
		v := c.Check(known)
		if !c.Changes() {
			return Verdict{Reason: PasswordExpired, Retry: true}
		}
		next, _ = c.Changed(known)
		return v
	})
	hashHash, _ := a.s.Keys().MSCHAPv2()
	if a.result.Outcome != Success || !a.c.Changed() || a.s.Outcome() != Success || !slices.Equal(hashOf(next), hashOf(NewPassword("new"))) ||
		hashHash != md4Sum(hashOf(next)) {
		t.Fatalf("%v, changed %v, claims %v", a.result, a.c.Changed(), a.claims)
	}
	a.s = NewServer(EAP, ServerOptions{EAP: []Method{EAPMSCHAPv2}}) // the other side authenticates anew
	a.s.Start(start, &a.out)
	a.decide = against(next)
	if a.talk(t); a.s.Outcome() != Success {
		t.Error("the old password is still in use")
	}
	// Without a new password it is the end, with the words.
	co.Login.Next = Secret{}
	a = sit(t, ServerOptions{EAP: []Method{EAPMSCHAPv2}}, co, func(*Claim) Verdict { return Verdict{Reason: PasswordExpired, Retry: true} })
	if a.result != (Result{Failure, "the password has expired"}) || a.s.Outcome() != Failure {
		t.Errorf("%v, %d", a.result, a.s.Outcome())
	}
}

func TestThePeerMayTryAgainInsideEAP(t *testing.T) {
	s, out := asking1(t, EAPMSCHAPv2)
	wrong := eapMSCHAP(chapResponse, 1, appendCHAP(nil, make([]byte, msValueSize), "saran"))
	s.Receive(start, ppp.EAP, wrong(1), out)
	s.Answer(start, Verdict{Retry: true, Message: "no"}, out)
	b := info(t, out)
	p := prover{method: EAPMSCHAPv2, login: &login, rand: &octets{b: []byte{1, 2}}}
	again := eapMSCHAP(chapResponse, 2, appendCHAP(nil, p.prove(2, parseMSFailure(string(b[9:])).challenge), "saran"))
	c := s.Receive(start, ppp.EAP, again(2), out)
	if c == nil || !c.Check(known).OK {
		t.Errorf("%v after %q", c, b)
	}
}

// asking1 is a server that has asked with its first method, Identifier 1.
func asking1(t *testing.T, m Method) (*Server, *ppp.Outbox) {
	t.Helper()
	s, out := NewServer(EAP, ServerOptions{Name: "denver", EAP: []Method{m}, Rand: &octets{b: []byte("challenge")}}), new(ppp.Outbox)
	s.Start(start, out)
	s.Receive(start, ppp.EAP, unhex(t, "02 00 000a 01"+saran), out)
	out.Take()
	return s, out
}

// eapMSCHAP makes a Response with an MS-CHAPv2 packet in it, for any
// Identifier.
func eapMSCHAP(code, id byte, data []byte) func(byte) []byte {
	return func(eapID byte) []byte {
		inner := packet{code, id, data}.append([]byte{26})
		return packet{2, eapID, inner}.append(nil)
	}
}

func TestEAPServerWaits(t *testing.T) {
	for _, tt := range []struct {
		verdict Verdict
		failed  bool
		outcome Outcome
	}{{Verdict{}, false, Failure}, {Verdict{OK: true}, true, Pending}} {
		s, out := asking1(t, EAPMSCHAPv2)
		s.Receive(start, ppp.EAP, eapMSCHAP(chapResponse, 1, appendCHAP(nil, make([]byte, msValueSize), "saran"))(1), out)
		if !s.Deadline().IsZero() {
			t.Error("it hurries its owner")
		}
		s.Answer(start, tt.verdict, out)
		failed := false
		for n := 0; !failed && !s.Deadline().IsZero(); n++ {
			if len(out.Take()) != 1 || n == maxAsked {
				t.Fatalf("%d requests", n)
			}
			failed = s.Expire(s.Deadline(), out)
		}
		if failed != tt.failed || s.Outcome() != tt.outcome {
			t.Errorf("%+v: failed %v, outcome %d", tt.verdict, failed, s.Outcome())
		}
	}
	s, out := NewServer(EAP, ServerOptions{EAP: []Method{EAPMD5}, Rand: dry{}}), new(ppp.Outbox)
	if s.Start(start, out); !s.Expire(start, out) {
		t.Error("it goes on without random octets")
	}
	s = NewServer(EAP, ServerOptions{EAP: []Method{EAPMD5, EAPMSCHAPv2}, Rand: strings.NewReader("x")}) // only for the Identifier
	s.Start(start, out)
	s.Receive(start, ppp.EAP, unhex(t, "02 78 000a 01"+saran), out)
	if s.Outcome() != Failure || s.Err() == nil {
		t.Errorf("without a challenge: %d, %v", s.Outcome(), s.Err())
	}
}
