package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

// certificate makes one that is its own authority, for the names given.
func certificate(t *testing.T, name string, others ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: others, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool
}

// certified are options of a server and of a client who is name, with a
// certificate for those names.
func certified(t *testing.T, name string, names ...string) (ServerOptions, ClientOptions) {
	ours, us := certificate(t, "denver", "denver")
	hers, her := certificate(t, names[0], names[1:]...)
	return ServerOptions{EAP: []Method{EAPTLS, EAPMD5}, TLS: &tls.Config{Certificates: []tls.Certificate{ours}, ClientCAs: her}, MRU: 300},
		ClientOptions{Login: Login{Name: name, TLS: &tls.Config{Certificates: []tls.Certificate{hers}, RootCAs: us, ServerName: "denver"}}, MRU: 300}
}

func TestACertificateLogsIn(t *testing.T) {
	enough := NewPassword("unused").OrCertificate()
	for _, tt := range []struct {
		identity string
		names    []string
		claimed  string
		secret   Secret
		ok       bool
	}{
		{"saran", []string{"saran"}, "saran", enough, true},
		{"saran", []string{"saran"}, "saran", Secret{}.OrCertificate(), true},
		{"saran", []string{"saran"}, "saran", known, false}, // she needs her password
		{"saran", []string{"saran"}, "saran", Secret{}, false},
		{`CORP\saran`, []string{"saran"}, "saran", enough, true},
		{"pc7", []string{"saran", "pc7"}, "pc7", enough, true},
		{"saran", []string{"saran", "pc7"}, "saran", enough, true},
		{"saran@corp.example", []string{"saran@corp.example", "saran"}, "saran@corp.example", enough, true},
		{`CORP\Saran`, []string{"pc7", "saraN"}, "Saran", enough, true},
		{"saran", []string{"saran@corp.example"}, "saran", enough, false}, // of somebody's realm, who may be another
		{"boss", []string{"saran"}, "boss", enough, false},                // somebody else's
		{"boss", []string{"saran", "pc7"}, "boss", enough, false},
		{"boss", []string{""}, "boss", enough, false}, // a certificate of nobody proves nothing
		{"", []string{""}, "", enough, false},
	} {
		so, co := certified(t, tt.identity, tt.names...)
		a := sit(t, so, co, against(tt.secret))
		if len(a.claims) != 1 || a.claims[0].Method != EAPTLS || a.claims[0].Name != tt.claimed {
			t.Fatalf("%q with %q: claims %v, %v", tt.identity, tt.names, a.claims, a.s.Err())
		}
		if tt.names[0] != "" && len(a.claims[0].Issued()) != len(tt.names) {
			t.Errorf("%q with %q: issued to %q", tt.identity, tt.names, a.claims[0].Issued())
		}
		outcome := map[bool]Outcome{true: Success, false: Failure}[tt.ok]
		if a.s.Outcome() != outcome || a.result.Outcome != outcome {
			t.Errorf("%q with %q: server %d, client %v", tt.identity, tt.names, a.s.Outcome(), a.result)
		}
		ours, hers := a.s.Keys(), a.c.Keys()
		if tt.ok && (ours.Kind() != MasterKeys || hers.Kind() != MasterKeys || ours.MSK() != hers.MSK() || ours.MSK() == [64]byte{}) {
			t.Errorf("keys %d %x, %d %x", ours.Kind(), ours.MSK(), hers.Kind(), hers.MSK())
		}
		if !tt.ok && (ours != Keys{} || hers != Keys{}) {
			t.Error("keys of a refused peer")
		}
	}
}

func TestACertificateIsNotTaken(t *testing.T) {
	so, co := certified(t, "saran", "saran")
	_, so.TLS.ClientCAs = certificate(t, "saran") // another one of the same name
	a := sit(t, so, co, nil)
	if a.s.Outcome() != Failure || a.result.Outcome != Failure || a.s.Err() == nil || !strings.Contains(a.s.Err().Error(), "certificate") {
		t.Errorf("server %d (%v), client %v", a.s.Outcome(), a.s.Err(), a.result)
	}
	if c := a.s.Unproven(); c == nil || c.Method != EAPTLS || c.Name != "saran" || c.Check(NewPassword("").OrCertificate()).OK || c.Declines() {
		t.Errorf("it is the claim %v", c)
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		so, co = certified(t, "saran", "saran")
		so.TLS.MaxVersion = version
		_, co.Login.TLS.RootCAs = certificate(t, "denver")
		a = sit(t, so, co, nil)
		if a.s.Outcome() != Failure || a.result.Outcome != Failure || !strings.Contains(a.result.Text, "certificate") {
			t.Errorf("server %d, client %v", a.s.Outcome(), a.result)
		}
		if c := a.s.Unproven(); c == nil || !c.Declines() {
			t.Errorf("a peer that does not believe us is the claim %v: %v", c, a.s.Err())
		}
	}
}

// Where a password and a certificate could serve, the server's order counts;
// and where TLS leaves no keys, there is the reason.
func TestCertificateOrPassword(t *testing.T) {
	so, co := certified(t, "saran", "saran")
	so.EAP, co.Login.Secret = []Method{EAPMD5, EAPTLS}, known
	if a := sit(t, so, co, against(known)); len(a.claims) != 1 || a.claims[0].Method != EAPMD5 || a.s.Outcome() != Success {
		t.Errorf("%v", a.claims)
	}
	so.EAP, co.Login.TLS = []Method{EAPTLS, EAPMD5}, nil
	if a := sit(t, so, co, against(known)); len(a.claims) != 1 || a.claims[0].Method != EAPMD5 || a.s.Outcome() != Success {
		t.Errorf("%v", a.claims)
	}
	so, co = certified(t, "saran", "saran")
	so.TLS.MaxVersion, co.Login.TLS.Renegotiation = tls.VersionTLS12, tls.RenegotiateFreelyAsClient
	a := sit(t, so, co, against(Secret{}.OrCertificate()))
	if a.result.Outcome != Success || a.c.Keys().Kind() != NoKeys || !strings.Contains(a.c.Keys().Why(), "renegotiation") || a.s.Keys().Kind() != MasterKeys {
		t.Errorf("%v, client %q, server %d", a.result, a.c.Keys().Why(), a.s.Keys().Kind())
	}
}

func TestEndOfEAP(t *testing.T) {
	so, co := certified(t, "saran", "saran")
	for n := range 8 { // ended in every state
		s, c, a := NewServer(EAP, so), NewClient(EAP, co), new(table)
		s.Start(start, &a.out)
		for range n {
			for _, f := range a.out.Take() {
				if f[4] == 2 {
					s.Receive(start, 0xC227, f[4:], &a.out)
				} else {
					c.Receive(start, 0xC227, f[4:], &a.out)
				}
			}
		}
		s.End()
		c.End()
		a.s, a.c, a.decide = s, c, func(*Claim) Verdict { t.Error("a claim after the end"); return Verdict{} }
		if a.talk(t); s.Outcome() == Success || a.result.Outcome == Success || !s.Deadline().IsZero() {
			t.Errorf("after %d frames: %d, %v", n, s.Outcome(), a.result)
		}
	}
}

// Where TLS is held its owner decides by the name alone whether it begins: after a no
// nothing of it was said, after a yes all goes as ever.
func TestTLSWaitsForItsOwner(t *testing.T) {
	for _, order := range [][]Method{{EAPTLS}, {EAPTLS, EAPMD5}, {EAPMSCHAPv2, EAPTLS}} {
		for _, begin := range []bool{true, false} {
			so, co := certified(t, "saran", "saran")
			so.EAP, so.HoldTLS = order, true
			begins := 0
			a := sit(t, so, co, func(c *Claim) Verdict {
				if !c.Begins() {
					return c.Check(Secret{}.OrCertificate())
				}
				begins++
				if c.Method != EAPTLS || c.Name != "saran" || c.Check(NewPassword("").OrCertificate()).OK {
					t.Errorf("%v: it begins with %v", order, c)
				}
				return Verdict{OK: begin, Message: "not now"}
			})
			if ok := a.s.Outcome() == Success; ok != begin || (a.result.Outcome == Success) != begin || begins != 1 {
				t.Errorf("%v: allowed %v: %v, %+v after %d questions", order, begin, a.s.Outcome(), a.result, begins)
			}
			if kind := a.s.Keys().Kind(); (kind == MasterKeys) != begin {
				t.Errorf("%v: allowed %v: keys of kind %d", order, begin, kind)
			}
			spoke := slices.ContainsFunc(a.seen, func(k []byte) bool { return k[0] == 1 && len(k) > 4 && k[4] == 13 })
			if spoke != begin {
				t.Errorf("%v: allowed %v: a Request of TLS went out: %v", order, begin, spoke)
			}
		}
	}
}
