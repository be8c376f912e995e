package eaptls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"carrier/shared/ppp/eap"
)

// An authority issues the certificates of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	a := &authority{pool: x509.NewCertPool()}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	a.cert, a.key = template, newKey(t)
	a.cert = a.sign(t, template, a.key)
	a.pool.AddCert(a.cert)
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (a *authority) sign(t testing.TB, template *x509.Certificate, k *ecdsa.PrivateKey) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &k.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// issue makes a certificate for a host or user.
func (a *authority) issue(t testing.TB, name string, change func(*x509.Certificate)) tls.Certificate {
	k := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if change != nil {
		change(template)
	}
	c := a.sign(t, template, k)
	return tls.Certificate{Certificate: [][]byte{c.Raw, a.cert.Raw}, PrivateKey: k, Leaf: c}
}

// pair is a server and a peer that trust each other.
func (a *authority) pair(t testing.TB, mru int, change func(server, peer *tls.Config)) (*Server, *Peer) {
	server := &tls.Config{Certificates: []tls.Certificate{a.issue(t, "denver", nil)}, ClientCAs: a.pool}
	peer := &tls.Config{Certificates: []tls.Certificate{a.issue(t, "saran", nil)}, RootCAs: a.pool, ServerName: "denver"}
	if change != nil {
		change(server, peer)
	}
	s, p := NewServer(server, mru), NewPeer(peer, mru)
	t.Cleanup(s.End)
	t.Cleanup(p.End)
	return s, p
}

// talk passes packets between both until the server ends, and answers what it
// leaves its owner to decide.
func talk(t testing.TB, s *Server, p *Peer, mru int, ok bool) (end eap.Step, stand eap.Standing, rounds int) {
	t.Helper()
	p.Begin()
	data, err := s.Begin(1)
	if err != nil {
		t.Fatal(err)
	}
	for rounds = 1; rounds < 400; rounds++ {
		if len(data)+5 > mru {
			t.Fatalf("a Request of %d octets, the MRU is %d", len(data)+5, mru)
		}
		r := p.Receive(byte(rounds), data)
		if !r.Answer {
			t.Fatalf("no answer to % x", data)
		}
		if len(r.Data)+5 > mru {
			t.Fatalf("a Response of %d octets, the MRU is %d", len(r.Data)+5, mru)
		}
		step := s.Receive(r.Data)
		if step.Do == eap.Decide {
			step = s.Answer(ok)
		}
		if step.Do != eap.Ask {
			return step, r.Standing, rounds
		}
		data = step.Data
	}
	t.Fatal("it does not end")
	return
}
