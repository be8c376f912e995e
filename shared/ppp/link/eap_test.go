package link

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"runtime"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
)

func TestEAPOnALink(t *testing.T) {
	for _, m := range []auth.Method{auth.EAPMD5, auth.EAPMSCHAPv2} {
		p := newPair(t, server(m), client()).up()
		p.run(time.Second)
		p.want(p.a, "link up, claimed saran, authenticated, network up IPCP")
		p.want(p.b, "link up, authenticated, logged in, network up IPCP")
		server, none := p.a.Keys()
		none2, client := p.b.Keys()
		hashHash, nt := server.MSCHAPv2()
		hers, hersNT := client.MSCHAPv2()
		if server.Kind() != client.Kind() || hashHash != hers || nt != hersNT || none != (auth.Keys{}) || none2 != none ||
			(server.Kind() == auth.MSCHAPv2Keys) != (m == auth.EAPMSCHAPv2) {
			t.Errorf("%v: keys of kind %d and %d", m, server.Kind(), client.Kind())
		}
	}
}

// The words of a refusal reach the caller before the link closes.
func TestEAPRefusalOnALink(t *testing.T) {
	for _, m := range []auth.Method{auth.EAPMD5, auth.EAPMSCHAPv2} {
		p := newPair(t, server(m), client())
		p.a.wait = true
		p.up()
		p.run(time.Second)
		p.a.Answer(p.now, auth.Refuse(p.a.claim, "no address is free"))
		p.run(10 * time.Second)
		p.want(p.a, `link up, claimed saran, link down, finished: peer refused "no address is free"`)
		p.want(p.b, `link up, authenticated, login refused "no address is free", link down, finished: login refused "no address is free"`)

		// A caller who does not answer them is gone all the same.
		p = newPair(t, server(m), client())
		p.a.wait = true
		p.up()
		p.run(time.Second)
		p.a.lose = func() bool { return true }
		p.a.Answer(p.now, auth.Refuse(p.a.claim, "no address is free"))
		p.run(2 * time.Minute)
		p.want(p.a, `link up, claimed saran, link down, finished: peer refused "no address is free"`)
	}
	o := client(auth.EAPMD5)
	p := newPair(t, server(auth.EAPMSCHAPv2), o).up()
	p.run(10 * time.Second)
	p.want(p.a, `link up, unproven saran, link down, finished: peer refused "the peer takes none of the methods offered"`)
}

// To LCP all of EAP's methods are one, where the first of them stands.
func TestEAPIsDemandedOnce(t *testing.T) {
	p := newPair(t, server(auth.EAPTLS, auth.MSCHAPv2, auth.EAPMD5, auth.PAP), client(auth.PAP))
	p.a.Up(p.now)
	var asked []string
	for len(asked) < 3 {
		k, err := cp.Parse(p.a.Take()[0][4:])
		if err != nil {
			t.Fatal(err)
		}
		o := k.Data
		for o[0] != 3 { // Authentication-Protocol
			o = o[o[1]:]
		}
		o = o[:o[1]]
		if asked = append(asked, fmt.Sprintf("%x", o[2:])); len(asked) < 3 {
			p.a.Receive(p.now, ppp.Append(nil, ppp.LCP, packet(cp.ConfigureNak, k.ID, string(o))))
		}
	}
	if got := fmt.Sprint(asked); got != "[c227 c22381 c023]" {
		t.Errorf("demanded %s", got)
	}
}

// certificate makes one that is its own authority.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
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

// coroutines counts those that are there, in the whole program.
func coroutines() int {
	b := make([]byte, 1<<20)
	return strings.Count(string(b[:runtime.Stack(b, true)]), "created by iter.Pull")
}

// EAP-TLS on a link of a small MRU: each frame fits, both ends have the same
// keys, and when the link goes down nothing is left of it, wherever it was.
func TestEAPTLSOnALink(t *testing.T) {
	ours, us := certificate(t, "denver")
	hers, her := certificate(t, "saran")
	for _, frames := range []int{1000, 10, 8, 6, 4, 2} {
		a, b := server(auth.EAPTLS), client()
		a.LCP.MRU, b.LCP.MRU = 300, 400
		a.TLS = &tls.Config{Certificates: []tls.Certificate{ours}, ClientCAs: her}
		b.Login = auth.Login{Name: "saran", TLS: &tls.Config{Certificates: []tls.Certificate{hers}, RootCAs: us, ServerName: "denver"}}
		p := newPair(t, a, b)
		p.a.wait = true
		n := 0
		limit := func(e *end, mru int) func() bool {
			return func() bool {
				if len(e.in) > 0 && len(e.in[len(e.in)-1]) > mru+4 {
					t.Errorf("a frame of %d octets", len(e.in[len(e.in)-1]))
				}
				n++
				return n > frames
			}
		}
		p.a.lose, p.b.lose = limit(p.a, 300), limit(p.b, 400)
		p.up()
		p.run(time.Second)
		if frames == 1000 {
			if n < 30 { // both flights have several fragments
				t.Errorf("%d frames", n)
			}
			p.want(p.a, "link up, claimed saran")
			p.a.Answer(p.now, p.a.claim.Check(auth.Secret{}.OrCertificate()))
			p.run(time.Second)
			p.want(p.a, "authenticated, network up IPCP")
			p.want(p.b, "link up, authenticated, logged in, network up IPCP")
			server, _ := p.a.Keys()
			_, client := p.b.Keys()
			if server.Kind() != auth.MasterKeys || server.MSK() != client.MSK() {
				t.Errorf("keys of kind %d and %d", server.Kind(), client.Kind())
			}
		}
		p.a.Down(p.now)
		p.b.Down(p.now)
		if left := coroutines(); left != 0 {
			t.Fatalf("after %d frames: %d coroutines are left", frames, left)
		}
	}
}
