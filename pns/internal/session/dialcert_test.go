package session

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

// certifiedCall opens a call to a server that asks for a certificate of a's; ours is of
// issuer's, and we believe what believed has issued to a server of that name.
func (p *place) certifiedCall(t *testing.T, a, issuer, believed *authority, name string, version uint16, with func(*Options)) (*visit, *server) {
	p.serves = &tls.Config{Certificates: []tls.Certificate{a.issue(t, "denver", nil)}, ClientCAs: a.pool, MaxVersion: version}
	login := auth.Login{Name: "boston", Allow: []auth.Method{auth.EAPTLS},
		TLS: &tls.Config{Certificates: []tls.Certificate{issuer.issue(t, "boston", nil)}, RootCAs: believed.pool, ServerName: name}}
	return p.calls(branch, func(o *Options) {
		o.Link.Login = login
		if with != nil {
			with(o)
		}
	}, func(s *server) { s.secret = auth.Secret{}.OrCertificate() }, auth.EAPTLS)
}

// We log in by a certificate, and MPPE has the keys that this leaves: the server reads
// what we encrypt.
func TestADialledCallByCertificate(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		bubble(t, func(t *testing.T) {
			a := newAuthority(t)
			v, s := newPlace(t, addresses).certifiedCall(t, a, a, a, "denver", version, nil)
			time.Sleep(5 * time.Second)
			if r := v.s.Record(); r.Stage != record.Online || r.Method != "eap-tls" || r.Address != ip("10.9.0.2") {
				t.Errorf("%x: %+v", version, r)
			}
			done := make(chan struct{})
			s.do <- func(time.Time) {
				defer close(done)
				info, ok := v.data.coding.Out.Compress(nil, []byte("\x00\x21a packet"))
				d, err := s.mppe.Decompressor(strong.Append(nil), 1500)
				if err != nil || !ok {
					t.Error(err, ok)
					return
				}
				if got, err := d.Decompress(nil, info); string(got) != "\x00\x21a packet" || err != nil {
					t.Errorf("%x: the server decrypts %q, %v", version, got, err)
				}
			}
			<-done
			v.s.End(record.Operator, "enough")
			s.ends(t)
		})
	}
}

// No network opens where one of the two certificates does not count, and the record says
// which.
func TestCertificatesThatOpenNoCall(t *testing.T) {
	for _, tt := range []struct {
		name         string
		theirs, ours bool // the certificate is of another authority
		server, text string
	}{
		{"a server of another authority", true, false, "denver", "signed by unknown authority"},
		{"another server", false, false, "paris", "certificate is valid for denver, not paris"},
		{"ours of another authority", false, true, "denver", "unknown certificate authority"},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(tt.name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					a := newAuthority(t)
					issuer, believed := a, a
					if tt.ours {
						issuer = newAuthority(t)
					}
					if tt.theirs {
						believed = newAuthority(t)
					}
					_, s := newPlace(t, addresses).certifiedCall(t, a, issuer, believed, tt.server, version, nil)
					if r := s.ends(t); r.Reason != record.AuthFailed || !strings.Contains(r.Text, tt.text) || !r.Up.IsZero() {
						t.Errorf("%x: %+v", version, r)
					}
				})
			})
		}
	}
}

// A log-in that leaves no keys is no way to required encryption: crypto/tls gives none
// away where renegotiation is allowed, as where there is no extended master secret.
func TestACertificateOfOursWithoutKeys(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAuthority(t)
		_, s := newPlace(t, addresses).certifiedCall(t, a, a, a, "denver", tls.VersionTLS12, func(o *Options) { o.Link.Login.TLS.Renegotiation = tls.RenegotiateOnceAsClient })
		if r := s.ends(t); r.Reason != record.NotEncrypted || !strings.HasPrefix(r.Text, "encryption is required: no keys of EAP-TLS: ") || !r.Up.IsZero() {
			t.Errorf("%+v", r)
		}
	})
}
