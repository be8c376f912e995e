package auth

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"carrier/shared/ppp"
)

// A secret must not show, however it is printed and wherever it is embedded.
func TestSecretsAreNeverPrinted(t *testing.T) {
	s := NewPassword("hunter2")
	server := NewServer(PAP, ServerOptions{Name: "denver"})
	var out ppp.Outbox
	server.Start(start, &out)
	claim := server.Receive(start, ppp.PAP, unhex(t, "01 01 0012 05 736172616e 07 68756e74657232"), &out)
	if claim == nil || !claim.Check(s).OK {
		t.Fatal("the request was not understood")
	}
	hash := NTHash("hunter2")
	spoilt := []string{"hunter2", fmt.Sprintf("%x", hash), fmt.Sprintf("%X", hash), fmt.Sprint(hash[:4]),
		fmt.Sprintf("%x", "hunter2"), fmt.Sprint([]byte("hunter"))[1:10]}
	login := Login{Name: "saran", Secret: s}
	things := map[string]any{
		"secret": s, "pointer": &s, "hash": NewNTHash(hash), "login": login, "login's pointer": &login,
		"claim": *claim, "claim's pointer": claim,
		"unexported": struct {
			s Secret
			c Claim
			l Login
		}{s, *claim, login},
		"client": NewClient(PAP, ClientOptions{Login: login}), "server": server, "slice": []Secret{s}, "map": map[string]Secret{"a": s},
	}
	for name, thing := range things {
		var printed strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&printed, verb+"\n", thing)
		}
		var logged bytes.Buffer
		slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "thing", thing)
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "thing", thing)
		encoded, _ := json.Marshal(thing)
		all := printed.String() + logged.String() + string(encoded)
		for _, bad := range spoilt {
			if strings.Contains(all, bad) {
				t.Errorf("%s shows %q in %s", name, bad, all)
			}
		}
	}
	if got := fmt.Sprintf("%v", claim); got != `pap "saran"` {
		t.Errorf("the claim reads %s", got)
	}
}

func TestWhatASecretCanServe(t *testing.T) {
	password, hash, none := NewPassword("pw"), NewNTHash(NTHash("pw")), Secret{}
	for _, tt := range []struct {
		m        Method
		pw, nt   bool // as a server
		cpw, cnt bool // as a client
	}{
		{PAP, true, true, true, false},
		{CHAPMD5, true, false, true, false},
		{MSCHAP, true, true, true, true},
		{MSCHAPv2, true, true, true, true},
		{EAP, false, false, true, true},
		{EAPMD5, true, false, true, false},
		{EAPMSCHAPv2, true, true, true, true},
		{EAPTLS, false, false, false, false},
	} {
		if password.Verifies(tt.m) != tt.pw || hash.Verifies(tt.m) != tt.nt || none.Verifies(tt.m) {
			t.Errorf("%v: %v with a password, %v with a hash, %v with none", tt.m, password.Verifies(tt.m), hash.Verifies(tt.m), none.Verifies(tt.m))
		}
		a, b, c := Login{Secret: password}, Login{Secret: hash}, Login{Name: "saran"}
		if a.Accepts(tt.m) != tt.cpw || b.Accepts(tt.m) != tt.cnt || c.Accepts(tt.m) {
			t.Errorf("%v: a client accepts %v with a password, %v with a hash, %v with none", tt.m, a.Accepts(tt.m), b.Accepts(tt.m), c.Accepts(tt.m))
		}
	}
}

func TestLoginLimits(t *testing.T) {
	long := strings.Repeat("x", 256)
	l := Login{Name: "saran", Secret: NewPassword("pw"), Allow: []Method{PAP, MSCHAPv2, EAP}}
	if got := fmt.Sprint(l.Methods()); got != "[mschap-v2 pap]" {
		t.Errorf("allowed two: %s", got)
	}
	l = Login{Name: "saran", Secret: NewPassword(long)}
	if got := fmt.Sprint(l.Methods()); got != "[mschap-v2 eap-mschap-v2 chap-md5 eap-md5 mschap]" {
		t.Errorf("password too long for PAP: %s", got)
	}
	if l.Name = long; l.Methods() != nil {
		t.Errorf("a name of 256 octets: %v", l.Methods())
	}
	l = Login{Name: "saran", Secret: NewPassword("pw"), Allow: []Method{EAPMD5}}
	if l.Accepts(CHAPMD5) || !l.Accepts(EAP) || !l.Accepts(EAPMD5) || l.Accepts(EAPMSCHAPv2) {
		t.Errorf("allowed EAP-MD5 only: %v", l.Methods())
	}
	l = Login{Name: "saran", TLS: new(tls.Config)}
	if got := fmt.Sprint(l.Methods()); got != "[eap-tls]" || !l.Accepts(EAP) {
		t.Errorf("a certificate only: %s", got)
	}
	if certificate := (Secret{}).OrCertificate(); !certificate.Verifies(EAPTLS) || certificate.Verifies(PAP) || certificate.IsZero() {
		t.Error("a certificate is no password")
	}
	if both := NewPassword("pw").OrCertificate(); !both.Verifies(EAPTLS) || !both.Verifies(CHAPMD5) {
		t.Error("a password and a certificate")
	}
	if (Login{}).Methods() != nil {
		t.Error("nobody can log in")
	}
}
