package rules

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// An authority grants certificates, denver's and those of callers.
type authority struct {
	cert    *x509.Certificate
	key     *ecdsa.PrivateKey
	setting string // of a pns that has one of them
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := new(authority)
	root := a.issue(t, "authority")
	a.cert, a.key = root.Leaf, root.PrivateKey.(*ecdsa.PrivateKey)
	ours, dir := a.issue(t, "denver"), t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(ours.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"denver.pem": {Type: "CERTIFICATE", Bytes: ours.Certificate[0]},
		"ca.pem": {Type: "CERTIFICATE", Bytes: a.cert.Raw}, "denver.key": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a.setting = fmt.Sprintf("; auth.tls.certificate = \"%[1]s/denver.pem\"; auth.tls.key = \"%[1]s/denver.key\"; auth.tls.ca = \"%[1]s/ca.pem\"", dir)
	return a
}

// issue makes a certificate: the first is the authority's own.
func (a *authority) issue(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		IsCA: a.cert == nil, BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	parent, signer := template, crypto.Signer(key)
	if a.cert != nil {
		parent, signer = a.cert, a.key
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// grant is how somebody answers by EAP-TLS who has a certificate.
func (a *authority) grant(t *testing.T, name string) *tls.Config {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	return &tls.Config{Certificates: []tls.Certificate{a.issue(t, name)}, RootCAs: roots, ServerName: "denver"}
}
