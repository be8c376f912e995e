package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp/auth"
)

// issue writes a certificate that is its own authority, and its key, into dir.
func issue(t *testing.T, dir, name string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	put(t, certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	put(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	return certificate, key
}

func put(t *testing.T, file string, b []byte) {
	t.Helper()
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// byCertificate asks for certificates; in it %D stands for a folder with the
// files of "ours" and "users", and two that are spoiled.
const byCertificate = `[auth]
methods = ["eap-tls", "mschap-v2"]
[auth.tls]
certificate = "%D/ours.pem"
key = "%D/ours.key"
ca = "%D/users.pem"
`

func TestCertificates(t *testing.T) {
	dir := t.TempDir()
	issue(t, dir, "ours")
	users, _ := issue(t, dir, "users")
	text := strings.ReplaceAll(least+"[[user]]\nname = 'tom'\n"+byCertificate, "%D", dir)
	got, err := Parse("pns.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got.Key != filepath.Join(dir, "ours.key") {
		t.Errorf("the key is in %q", got.Key)
	}
	if got.TLS == nil || len(got.TLS.Certificates) != 1 || got.TLS.Certificates[0].Leaf.Subject.CommonName != "ours" {
		t.Errorf("TLS is %+v", got.TLS)
	}
	issuer := func() *x509.Certificate {
		b, err := os.ReadFile(users)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(b)
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	counts := func(c *Config, of *x509.Certificate) bool {
		_, err := of.Verify(x509.VerifyOptions{Roots: c.TLS.ClientCAs, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		return err == nil
	}
	was := issuer()
	if !counts(got, was) {
		t.Error("the authority's word does not count")
	}
	for i, password := range []bool{true, false} {
		s := got.Users[i].Secret
		if !s.Verifies(auth.EAPTLS) || s.Verifies(auth.MSCHAPv2) != password {
			t.Errorf("user %d: by certificate %v, by password %v", i, s.Verifies(auth.EAPTLS), s.Verifies(auth.MSCHAPv2))
		}
	}
	wrong(t, "no password that could expire", text+"[[user]]\nname = 'eve'\nexpired = true", `20: user[3].expired: stands where there is no password; would be right: password beside it, or without it`)
	issue(t, dir, "users") // the files are read each time, as a reload does
	again, err := Parse("pns.toml", []byte(text))
	if err != nil || !counts(again, issuer()) || counts(again, was) {
		t.Errorf("another authority: %v", err)
	}
}

func TestMistakesOfCertificates(t *testing.T) {
	dir := t.TempDir()
	issue(t, dir, "ours")
	issue(t, dir, "users")
	put(t, filepath.Join(dir, "spoiled.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}))
	put(t, filepath.Join(dir, "large"), make([]byte, maxFile+1))
	for _, tt := range []struct{ name, from, to, want string }{
		{"no table", "[auth.tls]\ncertificate = \"%D/ours.pem\"\nkey = \"%D/ours.key\"\nca = \"%D/users.pem\"\n", "",
			`10: auth.tls: missing, and auth.methods names "eap-tls"; would be right: [auth.tls] with certificate, key and ca`},
		{"nobody is asked", `"eap-tls", `, "", `12: auth.tls: is of no use where auth.methods does not name "eap-tls"; would be right: methods = ["eap-tls", "mschap-v2"], or without it`},
		{"nothing in it", "certificate = \"%D/ours.pem\"\nkey = \"%D/ours.key\"\nca = \"%D/users.pem\"\n", "", `12: auth.tls.ca: missing; would be right: ca = "/etc/carrier/users-ca.pem"
12: auth.tls.certificate: missing; would be right: certificate = "/etc/carrier/pns.pem"
12: auth.tls.key: missing; would be right: key = "/etc/carrier/pns.key"`},
		{"no such file", "ours.pem", "mine.pem", `13: auth.tls.certificate: "%D/mine.pem" cannot be read (no such file or directory); would be right: a file that pns may read`},
		{"beside the program", "\"%D/users.pem", "\"users.pem", `15: auth.tls.ca: "users.pem" is no path from the root; would be right: "/etc/carrier/pns.pem"`},
		{"a folder", "%D/users.pem", "%D", `15: auth.tls.ca: "%D" is no file of certificates or keys; would be right: a file that pns may read`},
		{"a large file", "ours.key", "large", `14: auth.tls.key: "%D/large" is no file of certificates or keys; would be right: a file that pns may read`},
		{"no certificate", "users.pem", "users.key", `15: auth.tls.ca: "%D/users.key" has no certificate in it; would be right: certificates in PEM`},
		{"half a certificate", "users.pem", "spoiled.pem", `15: auth.tls.ca: "%D/spoiled.pem" has a certificate that cannot be read (x509: malformed certificate); would be right: certificates in PEM`},
		{"another key", "ours.key", "users.key", `14: auth.tls.key: does not go with the certificate (tls: private key does not match public key); would be right: the file with its private key in PEM, without a passphrase`},
	} {
		if !strings.Contains(byCertificate, tt.from) {
			t.Fatalf("%s changes nothing", tt.name)
		}
		text := least + strings.Replace(byCertificate, tt.from, tt.to, 1)
		wrong(t, tt.name, strings.ReplaceAll(text, "%D", dir), strings.ReplaceAll(tt.want, "%D", dir))
	}
}
