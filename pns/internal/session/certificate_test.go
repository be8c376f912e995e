package session

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
	"testing/synctest"
	"time"

	"carrier/pns/internal/guard"
	"carrier/pns/internal/users"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/eap"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// An authority issues certificates, on the clock of the test's bubble.
type authority struct {
	tls.Certificate
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	a := &authority{pool: x509.NewCertPool()}
	a.Certificate = a.issue(t, "authority", func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign })
	a.pool.AddCert(a.Leaf)
	return a
}

// issue makes a certificate for a day; the first one signs itself.
func (a *authority) issue(t testing.TB, name string, with func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if with != nil {
		with(c)
	}
	issuer, signer := a.Leaf, a.PrivateKey
	if issuer == nil {
		issuer, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, issuer, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// server is a PNS's side of TLS: a certificate of a's, and whom a vouches for.
func (a *authority) server(t testing.TB) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{a.issue(t, "denver", nil)}, ClientCAs: a.pool}
}

// certified has a place ask for certificates of a's, with encryption required.
func (p *place) certified(t *testing.T, a *authority, with func(*tls.Config)) {
	ours := a.server(t)
	if with != nil {
		with(ours)
	}
	p.opt = func(o *Options) {
		o.Link.Ask, o.Link.TLS, o.Link.HoldTLS = []auth.Method{auth.EAPTLS, auth.MSCHAPv2}, ours, true
		o.Coding = Coding{Encryption: Required, MPPE: strong}
	}
}

// holder is a caller's options who has a certificate, and believes a's.
func holder(name string, hers tls.Certificate, a *authority) link.Options {
	o := sara(name, "", auth.EAPTLS)
	o.Login.TLS = &tls.Config{Certificates: []tls.Certificate{hers}, RootCAs: a.pool, ServerName: "denver"}
	return o
}

// onlyCertified is a user without a password.
func onlyCertified(u *users.User) { u.Secret = auth.Secret{}.OrCertificate() }

func TestACallByCertificateIsEncrypted(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		bubble(t, func(t *testing.T) {
			a := newAuthority(t)
			p := newPlace(t, addresses, saran(onlyCertified))
			p.certified(t, a, func(c *tls.Config) { c.MaxVersion = version })
			v := p.call()
			c := v.dial(holder(`CORP\Saran`, a.issue(t, "saran", nil), a), func(c *caller) { c.can = strong })
			time.Sleep(10 * time.Second)
			r := v.s.Record()
			if r.Stage != record.Online || r.User != "Saran" || r.Method != "eap-tls" || r.Address != ip("2.1.1.129") {
				t.Errorf("%x: %+v", version, r)
			}
			equal(t, "authentications", p.auths(), []string{"eap-tls accepted 1"})
			synctest.Wait()
			crosses(t, tls.VersionName(version), v.data.coding, c.ccp.Agreed())
			v.cancel()
			v.over(t)
			c.hangUp()
		})
	}
}

func TestCertificatesThatLetNobodyIn(t *testing.T) {
	for _, tt := range []struct {
		name, user, issued string
		with               func(*x509.Certificate)
		other              bool // of another authority
		secret             func(*users.User)
		text, counted      string
	}{
		{"expired", "saran", "saran", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, false, onlyCertified,
			"certificate has expired or is not yet valid", "unproven"},
		{"not yet valid", "saran", "saran", func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }, false, onlyCertified,
			"certificate has expired or is not yet valid", "unproven"},
		{"for servers", "saran", "saran", func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[:1] }, false, onlyCertified,
			"incompatible key usage", "unproven"},
		{"of another authority", "saran", "saran", nil, true, onlyCertified, "signed by unknown authority", "unproven"},
		{"of nobody here", "tom", "tom", nil, false, onlyCertified, "no user has this name", "unknown-user"},
		{"somebody else's", "saran", "tom", nil, false, onlyCertified, `the certificate is not in this name: it was issued to ["tom"]`, "unproven"},
		{"none", "saran", "", nil, false, onlyCertified, "client didn't provide a certificate", "unproven"},
		{"beside a password", "saran", "saran", nil, false, nil, "of this user a password is known, which eap-tls cannot be checked against", "unverifiable"},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(tt.name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					a := newAuthority(t)
					p := newPlace(t, addresses, saran(tt.secret))
					p.certified(t, a, func(c *tls.Config) { c.MaxVersion = version })
					issuer := a
					if tt.other {
						issuer = newAuthority(t)
					}
					var hers tls.Certificate
					if tt.issued != "" {
						hers = issuer.issue(t, tt.issued, tt.with)
					}
					v := p.call()
					c := v.dial(holder(tt.user, hers, a))
					r, _ := v.over(t)
					if r.Reason != record.AuthFailed || !strings.Contains(r.Text, tt.text) || r.User != tt.user || r.Method != "eap-tls" || r.Address.IsValid() {
						t.Errorf("%x: %+v", version, r)
					}
					heard(t, c.hangUp(), link.LoginRefused) // EAP's Failure
					equal(t, "authentications", p.auths(), []string{"eap-tls " + tt.counted + " 1"})
				})
			})
		}
	}
}

// Who tries certificates is locked out as who guesses passwords is, and a
// machine that takes us for somebody else is not.
func TestCertificatesLockOut(t *testing.T) {
	for _, tt := range []struct {
		name     string
		stranger bool // her authority is not ours
		doubts   bool // ours is not hers
		locked   bool
	}{
		{"of another authority", true, false, true},
		{"of ours, which she doubts", false, true, false},
	} {
		bubble(t, func(t *testing.T) {
			a, other := newAuthority(t), newAuthority(t)
			p := newPlace(t, addresses, saran(onlyCertified))
			p.guard.Use(guard.Policy{Attempts: 3, Window: time.Hour, Time: time.Hour})
			p.certified(t, a, nil)
			hers, believes := a, a
			if tt.stranger {
				hers = other
			}
			if tt.doubts {
				believes = other
			}
			for range 3 {
				v := p.call()
				c := v.dial(holder("saran", hers.issue(t, "saran", nil), believes))
				v.over(t)
				c.hangUp()
			}
			v := p.call() // with all that is right
			c := v.dial(holder("saran", a.issue(t, "saran", nil), a), func(c *caller) { c.can = strong })
			time.Sleep(10 * time.Second)
			if online := v.s.Record().Stage == record.Online; online == tt.locked || tt.locked != strings.Contains(v.s.Record().Text, "locked out") {
				t.Errorf("%s: after three calls: %+v", tt.name, v.s.Record())
			}
			v.cancel()
			v.over(t)
			c.hangUp()
			if asked := c.askedBy(eap.TLS); asked == tt.locked {
				t.Errorf("%s: TLS is begun: %v", tt.name, asked)
			}
			if counted := slices.Contains(p.auths(), "eap-tls locked 1"); counted != tt.locked {
				t.Errorf("%s: %q", tt.name, p.auths())
			}
		})
	}
}

// askedBy tells whether the caller had a Request of that type of EAP.
func (c *caller) askedBy(kind eap.Type) bool {
	return slices.ContainsFunc(c.got, func(f []byte) bool {
		p, info, err := ppp.Split(f)
		k, bad := eap.Parse(info)
		return err == nil && bad == nil && p == ppp.EAP && k.Code == eap.Request && k.Type == kind
	})
}

// A log-in that leaves no keys is no way to required encryption, and the caller
// reads why. crypto/tls gives none away where renegotiation is allowed, as where
// there is no extended master secret.
func TestACertificateWithoutKeys(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAuthority(t)
		p := newPlace(t, addresses, saran(onlyCertified))
		p.certified(t, a, func(c *tls.Config) {
			c.MaxVersion, c.Renegotiation = tls.VersionTLS12, tls.RenegotiateOnceAsClient
		})
		v := p.call()
		c := v.dial(holder("saran", a.issue(t, "saran", nil), a), func(c *caller) { c.can = strong })
		r, _ := v.over(t)
		const why = "encryption is required: no keys of EAP-TLS: "
		if r.Reason != record.NotEncrypted || !strings.HasPrefix(r.Text, why) || !r.Up.IsZero() {
			t.Errorf("%+v", r)
		}
		if e := heard(t, c.hangUp(), link.Finished); !strings.HasPrefix(e.Text, why) {
			t.Errorf("the caller read %q", e.Text)
		}
	})
}
