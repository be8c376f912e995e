package auth

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"carrier/shared/ppp"
)

// What OpenSSL's RC4, DES and MD4 make of a change of RFC 2759 §9.2's password
// to "newPass", with zeros where random octets go.
const (
	changeChallenge = "00112233445566778899AABBCCDDEEFF"
	changeBlockTail = "c5227cdf3fec437f5918ae7ff2458858bc343a7c"
	changeBlockSHA  = "3dd3b845bad7ba136f6498b67b02011ceef8be68277dbb234ae1bd87585dc4ae"
	changeHash      = "266dd8707a5a6b370edf8fcb42053d8f"
	changeNT        = "09e112aac1564e57abf93f36936e62828cb1d36d660bf2fa"
	changeSuccess   = "S=245C0F6400560447D619188C702D617E01B6BAFF"
	changeNewHash   = "ea68190145b118a31382b96452f01125"
	expired         = "E=648 R=0 C=" + changeChallenge + " V=3 M=Password expired"
)

// expiring is a client that has answered a Challenge, and could change the
// password.
func expiring(t *testing.T, next Secret) (*Client, *ppp.Outbox) {
	octets := append(make([]byte, 16+maxPassword-14), unhex(t, rfcPeer)...)
	c := NewClient(MSCHAPv2, ClientOptions{Login: Login{Name: rfcUser, Secret: NewPassword(rfcPassword), Next: next},
		Rand: io.MultiReader(bytes.NewReader(octets), zeros{})})
	out := new(ppp.Outbox)
	c.Receive(start, ppp.CHAP, unhex(t, "01 07 0015 10"+rfcChallenge), out)
	out.Take()
	return c, out
}

func TestChangePasswordPacket(t *testing.T) {
	c, out := expiring(t, NewPassword("newPass"))
	if r := c.Receive(start, ppp.CHAP, message(chapFailure, 7, expired), out); r.Outcome != Pending {
		t.Fatalf("%v", r)
	}
	k := info(t, out)
	if !bytes.Equal(k[:4], unhex(t, "07 08 024a")) || len(k) != 586 {
		t.Fatalf("% x of %d octets", k[:4], len(k))
	}
	block, rest := k[4:520], k[520:]
	if !bytes.Equal(block[496:], unhex(t, changeBlockTail)) || fmt.Sprintf("%x", sha256.Sum256(block)) != changeBlockSHA {
		t.Errorf("Encrypted-Password % x", block)
	}
	if want := unhex(t, changeHash+rfcPeer+"0000000000000000"+changeNT+"0000"); !bytes.Equal(rest, want) {
		t.Errorf("% x\nwant % x", rest, want)
	}
	c.Expire(c.Deadline(), out) // it may have been lost
	if !bytes.Equal(info(t, out), k) {
		t.Error("another packet the second time")
	}
	if r := c.Receive(start, ppp.CHAP, message(chapSuccess, 8, changeSuccess+" M=Welcome"), out); r != (Result{Success, "Welcome"}) || !c.Changed() {
		t.Errorf("%v", r)
	}
	newHash := md4Sum(unhex(t, changeNewHash))
	if hashHash, nt := c.Keys().MSCHAPv2(); hashHash != newHash || !bytes.Equal(nt[:], unhex(t, changeNT)) {
		t.Errorf("keys of %x and %x", hashHash, nt)
	}
	c.Receive(start, ppp.CHAP, unhex(t, "01 09 0015 10"+rfcChallenge), out) // from now on the new one counts
	value, _, _ := parseCHAP(info(t, out)[4:])
	p := proof{challenge: unhex(t, rfcChallenge), response: value}
	if ok, _, _ := p.checkMSCHAPv2(NewPassword("newPass").sealed.open(), rfcUser); !ok {
		t.Error("the old password answers a new Challenge")
	}
}

func TestTheClientChangesNothingUnasked(t *testing.T) {
	for name, tt := range map[string]struct {
		next Secret
		text string
		want string
	}{
		"no new password":     {Secret{}, expired, "Password expired"},
		"only its hash":       {NewNTHash(NTHash("newPass")), expired, "Password expired"},
		"too long":            {NewPassword(strings.Repeat("x", 257)), expired, "Password expired"},
		"not expired":         {NewPassword("newPass"), strings.Replace(expired, "648", "647", 1), "Password expired"},
		"another version":     {NewPassword("newPass"), strings.Replace(expired, "V=3", "V=2", 1), "Password expired"},
		"no challenge":        {NewPassword("newPass"), "E=648 R=0 V=3", "the password has expired"},
		"half a challenge":    {NewPassword("newPass"), "E=648 R=0 C=0011 V=3", "the password has expired"},
		"not a challenge":     {NewPassword("newPass"), "E=648 R=0 C=xx V=3", "the password has expired"},
		"no random octets":    {NewPassword("newPass"), expired, "Password expired"},
		"a retry is no order": {NewPassword("newPass"), strings.Replace(expired, "E=648 R=0", "E=691 R=1", 1), "Password expired"},
	} {
		c, out := expiring(t, tt.next)
		if name == "no random octets" {
			c.prover.rand = dry{}
		}
		r := c.Receive(start, ppp.CHAP, message(chapFailure, 7, tt.text), out)
		sent(t, out, ppp.CHAP)
		if r != (Result{Failure, tt.want}) || c.Changed() {
			t.Errorf("%s: %v", name, r)
		}
	}
	c, out := expiring(t, NewPassword("newPass"))
	c.Receive(start, ppp.CHAP, message(chapFailure, 7, expired), out)
	out.Take()
	if r := c.Receive(start, ppp.CHAP, message(chapFailure, 8, expired), out); r.Outcome != Failure { // once
		t.Errorf("%v", r)
	}
	sent(t, out, ppp.CHAP)
	c.Receive(start, ppp.CHAP, unhex(t, "01 09 0015 10"+rfcChallenge), out)
	c.prover.accepted()
	if c.Changed() {
		t.Error("a new password that was not taken counts")
	}
}

// changing is a server that waits for a Change-Password packet, and the packet.
func changing(t *testing.T) (s *Server, out *ppp.Outbox, packet []byte) {
	s, out = NewServer(MSCHAPv2, ServerOptions{}), new(ppp.Outbox)
	c := NewClient(MSCHAPv2, ClientOptions{Login: Login{Name: "saran", Secret: known, Next: NewPassword("neu ä\U0001D11E")}})
	s.Start(start, out)
	c.Receive(start, ppp.CHAP, info(t, out), out)
	claim := s.Receive(start, ppp.CHAP, info(t, out), out)
	if claim.Changes() {
		t.Error("a Response changes the password")
	}
	if _, ok := claim.Changed(known); ok {
		t.Error("a Response brings a new password")
	}
	s.Answer(start, Verdict{Reason: PasswordExpired, Retry: true, Message: "Password expired"}, out)
	failure := info(t, out)
	if text := string(failure[4:]); !strings.HasPrefix(text, "E=648 R=0 C=") || !strings.HasSuffix(text, " V=3 M=Password expired") || s.Outcome() != Pending {
		t.Errorf("%s", text)
	}
	c.Receive(start, ppp.CHAP, failure, out)
	return s, out, info(t, out)
}

func TestTheServerTakesANewPassword(t *testing.T) {
	for _, old := range []Secret{known, NewNTHash(NTHash("secret"))} {
		s, out, k := changing(t)
		for n := range k {
			if c := s.Receive(start, ppp.CHAP, k[:n], out); c != nil {
				t.Fatalf("the first %d octets claim %v", n, c)
			}
		}
		c := s.Receive(start, ppp.CHAP, k, out)
		if c == nil || !c.Changes() || c.Name != "saran" {
			t.Fatalf("claim %v", c)
		}
		next, ok := c.Changed(old)
		if !ok || next.sealed.open() != NewPassword("neu ä\U0001D11E").sealed.open() {
			t.Errorf("%v", ok)
		}
		v := c.Check(old)
		s.Answer(start, v, out)
		k = info(t, out)
		if hashHash, _ := s.Keys().MSCHAPv2(); !v.OK || s.Outcome() != Success || k[0] != chapSuccess || hashHash != md4Sum(hashOf(next)) {
			t.Errorf("%v, %q, keys of %x", v.OK, k[4:], hashHash)
		}
	}
}

func hashOf(s Secret) []byte {
	h := s.sealed.open().hash
	return h[:]
}

func TestANewPasswordMustBeProven(t *testing.T) {
	s, out, k := changing(t)
	c := s.Receive(start, ppp.CHAP, k, out)
	for name, old := range map[string]Secret{"another old password": NewPassword("Secret"), "nobody": {}, "a zero hash": NewNTHash([16]byte{})} {
		if _, ok := c.Changed(old); ok || c.Check(old).OK {
			t.Errorf("%s: taken", name)
		}
	}
	hash := NTHash("secret")
	for name, spoil := range map[string]func(p *proof){
		"the old hash is not under the new one": func(p *proof) { p.change.hash[3]++ },
		"a Response with another password":      func(p *proof) { p.response[30]++ },
		"another challenge":                     func(p *proof) { p.challenge[0]++ },
		"another password in the block":         func(p *proof) { p.change.block[510]++ },
		"half a character":                      func(p *proof) { p.change.lie(hash, 11) },
		"longer than the block":                 func(p *proof) { p.change.lie(hash, 514) },
		"4 GiB":                                 func(p *proof) { p.change.lie(hash, 1<<32-2) },
	} {
		p := c.proof.open()
		own := *p.change
		p.change, p.response, p.challenge = &own, bytes.Clone(p.response), bytes.Clone(p.challenge)
		spoil(&p)
		bad := Claim{MSCHAPv2, c.Name, seal(p)}
		if _, ok := bad.Changed(known); ok || bad.Check(known).OK {
			t.Errorf("%s: taken", name)
		}
	}
	for _, n := range []uint32{11, 514, 1<<32 - 2} {
		p := *c.proof.open().change
		p.lie(hash, n)
		if _, ok := p.open(hash); ok {
			t.Errorf("a password of %d octets", n)
		}
	}
	if !c.Check(known).OK {
		t.Error("the claim itself is spoilt")
	}
	// What nobody's zero hash opens is nobody's.
	p := prover{method: MSCHAPv2, login: &Login{Name: "saran", Next: NewPassword("mine")}, rand: &octets{b: []byte{1, 2, 3}}}
	data := p.change(failure{reason: PasswordExpired, version: 3, challenge: make([]byte, 16)})
	made, value, err := parseChange(data)
	nobody := Claim{MSCHAPv2, "saran", seal(proof{challenge: make([]byte, 16), response: value, change: &made})}
	if _, ok := nobody.Changed(Secret{}); err != nil || ok || nobody.Check(Secret{}).OK {
		t.Errorf("%v, taken %v", err, ok)
	}
}

// RFC 2433 B.1: there is no second chance after a change.
func TestARefusedChangeIsTheEnd(t *testing.T) {
	s, out, k := changing(t)
	s.Receive(start, ppp.CHAP, k, out)
	s.Answer(start, Verdict{Reason: PasswordNotChanged, Retry: true, Message: "too short"}, out)
	failure := info(t, out)
	if s.Outcome() != Failure || !strings.HasPrefix(string(failure[4:]), "E=709 R=0 C=") {
		t.Errorf("%q", failure[4:])
	}
	if s.Receive(start, ppp.CHAP, k, out); !bytes.Equal(info(t, out), failure) {
		t.Error("another answer to the same packet")
	}
}

// lie makes the block say that the password has n octets.
func (c *change) lie(hash [16]byte, n uint32) {
	c.block.crypt(hash)
	binary.LittleEndian.PutUint32(c.block[maxPassword:], n)
	c.block.crypt(hash)
}

func TestAChangeOfAnUnknownUserCostsTheSame(t *testing.T) {
	s, out, k := changing(t)
	c := s.Receive(start, ppp.CHAP, k, out)
	cost := func(s Secret) float64 {
		return testing.AllocsPerRun(100, func() { c.Check(s) })
	}
	if wrong, unknown := cost(NewPassword("wrong")), cost(Secret{}); wrong != unknown {
		t.Errorf("%v allocations for a wrong password, %v for nobody", wrong, unknown)
	}
}

func TestAPasswordIsChangedOnlyWhereTheServerSaidSo(t *testing.T) {
	_, _, k := changing(t)
	s, out := started(MSCHAPv2)
	k[1] = 1
	if c := s.Receive(start, ppp.CHAP, k, out); c != nil {
		t.Errorf("instead of a Response: %v", c)
	}
	for _, v := range []Verdict{{Reason: PasswordExpired}, {Reason: WrongPassword, Retry: true}, {Reason: AccountDisabled}} {
		s, out = started(MSCHAPv2)
		s.Receive(start, ppp.CHAP, whole(t, MSCHAPv2), out)
		s.Answer(start, v, out)
		k[1] = 2
		if c := s.Receive(start, ppp.CHAP, k, out); c != nil {
			t.Errorf("after %+v: %v", v, c)
		}
	}
	s, out = started(MSCHAP) // whose packets for this are others
	s.Receive(start, ppp.CHAP, whole(t, MSCHAP), out)
	s.Answer(start, Verdict{Reason: PasswordExpired, Retry: true}, out)
	if s.Outcome() != Failure {
		t.Error("MS-CHAP waits for a new password")
	}
}
