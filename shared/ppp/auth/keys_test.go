package auth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"carrier/shared/ppp"
)

// RFC 2759 §9.2 and RFC 3079 §2.5.1, of rfcPassword.
const (
	rfcHashHash = "41 C0 0C 58 4B D2 D9 1C 40 17 A2 A1 2F A5 9F 3F"
	rfcLM       = "76 A1 52 93 60 96 D7 83 0E 23 90 22 74 04 AF D2"
)

func TestLMHashOfRFC3079(t *testing.T) { // §2.5.1
	for password, want := range map[string]string{
		rfcPassword: rfcLM, strings.ToUpper(rfcPassword): rfcLM,
		"": "AAD3B435B51404EE AAD3B435B51404EE", // known from every password file
	} {
		if hash := lmHash(password); !bytes.Equal(hash[:], unhex(t, want)) {
			t.Errorf("%q: % X, want %s", password, hash, want)
		}
	}
	if lmHash("fourteenOctets") != lmHash("fourteenOctets, and more") {
		t.Error("octets beyond 14 count")
	}
}

// login lets a client in at a server, and returns both; the server knows theirs.
func loggedIn(t *testing.T, m Method, theirs Secret) (*Server, *Client) {
	t.Helper()
	s, c, out := NewServer(m, ServerOptions{Name: "denver"}), NewClient(m, ClientOptions{Login: Login{Name: "saran", Secret: known}}), new(ppp.Outbox)
	again(t, s, c, out, theirs)
	return s, c
}

// again has the server demand, and the client answer.
func again(t *testing.T, s *Server, c *Client, out *ppp.Outbox, theirs Secret) {
	t.Helper()
	if s.phase == settled {
		s.Rechallenge(start, out)
	} else {
		s.Start(start, out)
		c.Start(start, out)
	}
	if s.method != PAP {
		c.Receive(start, ppp.CHAP, info(t, out), out)
	}
	claim := s.Receive(start, s.method.Protocol(), info(t, out), out)
	v := claim.Check(theirs)
	s.Answer(start, v, out)
	if r := c.Receive(start, s.method.Protocol(), info(t, out), out); !v.OK || r.Outcome != Success {
		t.Fatalf("%v: %v, %v", s.method, v, r)
	}
}

func TestBothEndsHaveTheSameKeys(t *testing.T) {
	hash := NTHash("secret")
	for _, theirs := range []Secret{known, NewNTHash(hash)} {
		s, c := loggedIn(t, MSCHAPv2, theirs)
		ours, nt := s.Keys().MSCHAPv2()
		hers, hersNT := c.Keys().MSCHAPv2()
		if ours != md4Sum(hash[:]) || ours != hers || nt != hersNT || nt == [24]byte{} {
			t.Errorf("MS-CHAPv2: %x %x, %x %x", ours, nt, hers, hersNT)
		}
		s, c = loggedIn(t, MSCHAP, theirs)
		ours, challenge, lm, lmKnown := s.Keys().MSCHAP()
		hers, hersChallenge, hersLM, _ := c.Keys().MSCHAP()
		if ours != md4Sum(hash[:]) || ours != hers || challenge != hersChallenge || challenge == [8]byte{} || hersLM != lmHash("secret") {
			t.Errorf("MS-CHAP: %x %x, %x %x", ours, challenge, hers, hersChallenge)
		}
		if lmKnown != (theirs == known) || lmKnown && lm != hersLM {
			t.Errorf("MS-CHAP: LAN Manager's hash %x, known %v", lm, lmKnown)
		}
		if s.Keys().Kind() != MSCHAPKeys || c.Keys().Kind() != MSCHAPKeys || s.Keys().Why() != "" {
			t.Errorf("kinds %d, %d", s.Keys().Kind(), c.Keys().Kind())
		}
	}
}

func TestKeysAfterTheExampleOfRFC2759(t *testing.T) {
	c, out := mschapv2(t)
	if c.Keys() != (Keys{}) {
		t.Error("keys before the Success")
	}
	c.Receive(start, ppp.CHAP, message(chapSuccess, 7, rfcSuccess), out)
	hashHash, nt := c.Keys().MSCHAPv2()
	if c.Keys().Kind() != MSCHAPv2Keys || !bytes.Equal(hashHash[:], unhex(t, rfcHashHash)) || !bytes.Equal(nt[:], unhex(t, rfcNT)) {
		t.Errorf("% X, % X", hashHash, nt)
	}
}

func TestWhyThereAreNoKeys(t *testing.T) {
	for m, want := range map[Method]string{PAP: "pap leaves no keys", CHAPMD5: "chap-md5 leaves no keys"} {
		s, c := loggedIn(t, m, known)
		if s.Keys().Kind() != NoKeys || s.Keys().Why() != want || c.Keys().Why() != want {
			t.Errorf("%v: %q, %q", m, s.Keys().Why(), c.Keys().Why())
		}
	}
	s, out := started(MSCHAPv2)
	claim := s.Receive(start, ppp.CHAP, whole(t, MSCHAPv2), out)
	s.Answer(start, claim.Check(NewPassword("wrong")), out)
	if s.Keys() != (Keys{}) {
		t.Error("keys of a peer that was refused")
	}
}

// MPPE goes on with the keys it began with.
func TestANewChallengeDoesNotChangeTheKeys(t *testing.T) {
	s, c := loggedIn(t, MSCHAPv2, known)
	_, before := s.Keys().MSCHAPv2()
	again(t, s, c, new(ppp.Outbox), known)
	_, ours := s.Keys().MSCHAPv2()
	_, hers := c.Keys().MSCHAPv2()
	if ours != before || hers != before {
		t.Errorf("%x became %x and %x", before, ours, hers)
	}
}

func TestKeysAreNeverPrinted(t *testing.T) {
	s, c := loggedIn(t, MSCHAPv2, known)
	hashHash, _ := s.Keys().MSCHAPv2() // the NT-Response crosses the line in clear
	k := s.Keys()
	all := fmt.Sprintf("%v %+v %#v %x %+v %+v", k, k, &k, k, s, c)
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "keys", k, "in", struct{ K Keys }{k})
	encoded, _ := json.Marshal(k)
	all += logged.String() + string(encoded) + fmt.Sprintf("%+v", struct{ k Keys }{k})
	for _, b := range [][]byte{hashHash[:4], hashHash[12:]} {
		for _, bad := range []string{fmt.Sprintf("%x", b), strings.Trim(fmt.Sprint(b), "[]")} {
			if strings.Contains(all, bad) {
				t.Errorf("%s in %s", bad, all)
			}
		}
	}
}

// A name that nobody has and a wrong password cost the same work: what is
// computed, and so what is allocated, does not depend on the Secret.
func TestAnUnknownUserCostsAsMuchAsAWrongPassword(t *testing.T) {
	for _, m := range agreed {
		s, out := started(m)
		c := s.Receive(start, m.Protocol(), whole(t, m), out)
		cost := func(s Secret) float64 {
			return testing.AllocsPerRun(100, func() {
				if c.Check(s).OK {
					t.Fatal("accepted")
				}
			})
		}
		wrong, unknown, hash := cost(NewPassword("wrong")), cost(Secret{}), cost(NewNTHash([16]byte{1}))
		if wrong != unknown || wrong != hash {
			t.Errorf("%v: %v allocations for a wrong password, %v for a wrong hash, %v for nobody", m, wrong, hash, unknown)
		}
	}
}
