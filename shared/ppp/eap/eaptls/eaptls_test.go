package eaptls

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp/eap"
)

func version(v uint16) func(s, p *tls.Config) { return func(s, _ *tls.Config) { s.MaxVersion = v } }

func TestBothSidesAgree(t *testing.T) {
	a := newAuthority(t)
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, mru := range []int{1500, 296, 128} {
			s, p := a.pair(t, mru, version(v))
			end, stand, rounds := talk(t, s, p, mru, true)
			if end.Do != eap.Succeed {
				t.Fatalf("%#x, MRU %d: %+v after %d rounds", v, mru, end, rounds)
			}
			if want := map[uint16]eap.Standing{tls.VersionTLS12: eap.Ended, tls.VersionTLS13: eap.Assured}[v]; stand != want {
				t.Errorf("%#x: the peer stands at %d, want %d", v, stand, want)
			}
			ours, err := s.MSK()
			theirs, err2 := p.MSK()
			if err != nil || err2 != nil || ours != theirs || ours == [MSKSize]byte{} {
				t.Errorf("%#x: keys %x (%v) and %x (%v)", v, ours[:4], err, theirs[:4], err2)
			}
			if got := Names(s.Certificate()); !slices.Contains(got, "saran") {
				t.Errorf("the certificate is of %q", got)
			}
			// The ClientHello has two fragments; so has the server's flight of TLS 1.3.
			if want := map[uint16]int{tls.VersionTLS12: 4, tls.VersionTLS13: 5}[v]; mru == 1500 && rounds != want {
				t.Errorf("%#x: %d rounds, want %d", v, rounds, want)
			}
		}
	}
}

// A server without authorities of its own must not take every authority that
// the host knows, and what a session's ticket proves is not what it asks for.
func TestWhatTheServerInsistsOn(t *testing.T) {
	c := NewServer(&tls.Config{MinVersion: tls.VersionTLS10, ClientAuth: tls.RequestClientCert}, 0).config
	if c.ClientCAs == nil || !c.SessionTicketsDisabled || c.MinVersion != tls.VersionTLS12 || c.ClientAuth != tls.RequireAndVerifyClientCert {
		t.Errorf("%+v", c)
	}
	if c = NewPeer(&tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(1)}, 0).config; c.ClientSessionCache != nil || c.MinVersion != tls.VersionTLS12 {
		t.Errorf("%+v", c)
	}
}

// until passes packets until the server wants its owner's decision.
func until(t *testing.T, s *Server, p *Peer, stage stage) (request []byte) {
	t.Helper()
	p.Begin()
	request, _ = s.Begin(1)
	for s.stage != stage {
		step := s.Receive(p.Receive(1, request).Data)
		if request = step.Data; step.Do != eap.Ask && s.stage != stage {
			t.Fatalf("%+v", step)
		}
	}
	return request
}

func TestAnAlertAfterTheHandshakeIsNoAcknowledgement(t *testing.T) {
	a := newAuthority(t)
	s, p := a.pair(t, 1500, version(tls.VersionTLS12))
	until(t, s, p, finished)
	if step := s.Receive([]byte("\x00\x15\x03\x03\x00\x02\x02\x31")); step.Do != eap.Fail || !errors.Is(step.Err, errRefused) {
		t.Errorf("%+v", step)
	}
	s, p = a.pair(t, 1500, nil)
	until(t, s, p, deciding)
	if step := s.Receive([]byte{0}); step.Do != eap.Drop { // the owner takes its time
		t.Errorf("%+v", step)
	}
	s.Answer(true)
	if step := s.Receive([]byte("\x00\x15\x03\x03\x00\x02\x02\x31")); step.Do != eap.Fail || !errors.Is(step.Err, errRefused) {
		t.Errorf("%+v", step)
	}
}

func TestOnlyAZeroIsASuccessIndication(t *testing.T) {
	a := newAuthority(t)
	s, p := a.pair(t, 1500, nil)
	until(t, s, p, deciding)
	if _, err := s.tls.conn.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	r := p.Receive(9, s.send(s.tls.take()).Data)
	if _, err := p.MSK(); r.Standing != eap.Lost || r.Text != errIndication.Error() || err == nil {
		t.Errorf("%+v, keys: %v", r, err)
	}
}

// The owner's no ends the conversation before the peer could read a yes, and
// there are no keys.
func TestTheOwnerSaysNo(t *testing.T) {
	a := newAuthority(t)
	for v, want := range map[uint16]eap.Standing{tls.VersionTLS12: eap.Ended, tls.VersionTLS13: eap.Going} {
		s, p := a.pair(t, 1500, version(v))
		end, stand, _ := talk(t, s, p, 1500, false)
		if end.Do != eap.Fail || end.Err != nil || stand != want {
			t.Errorf("%#x: %+v, the peer stands at %d", v, end, stand)
		}
		if _, err := s.MSK(); err == nil {
			t.Errorf("%#x: the server has keys", v)
		}
	}
}

func TestCertificatesThatAreNotTaken(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	for name, tt := range map[string]struct {
		change func(s, p *tls.Config)
		want   string
	}{
		"the peer's authority is unknown": {func(_, p *tls.Config) { p.Certificates = []tls.Certificate{other.issue(t, "saran", nil)} },
			"unknown authority|unknown certificate|didn't provide"},
		"the peer has none": {func(_, p *tls.Config) { p.Certificates = nil }, "didn't provide a certificate"},
		"the peer's is out of date": {func(_, p *tls.Config) {
			p.Certificates = []tls.Certificate{a.issue(t, "saran", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })}
		}, "expired"},
		"the peer's is for servers": {func(_, p *tls.Config) {
			p.Certificates = []tls.Certificate{a.issue(t, "saran", func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[:1] })}
		}, "incompatible key usage"},
		"the server trusts nobody":          {func(s, _ *tls.Config) { s.ClientCAs = nil }, "unknown authority|didn't provide"},
		"the server's authority is unknown": {func(_, p *tls.Config) { p.RootCAs = other.pool }, "bad certificate|unknown certificate authority"},
		"the server has another name":       {func(_, p *tls.Config) { p.ServerName = "boulder" }, "bad certificate"},
		"no version in common": {func(s, p *tls.Config) { s.MinVersion, p.MaxVersion = tls.VersionTLS13, tls.VersionTLS12 },
			"unsupported versions"},
	} {
		for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			s, p := a.pair(t, 1500, func(s, p *tls.Config) { s.MaxVersion = v; tt.change(s, p) })
			end, stand, _ := talk(t, s, p, 1500, true)
			if end.Do != eap.Fail || end.Err == nil || stand == eap.Assured || stand == eap.Ended {
				t.Errorf("%s, %#x: %+v, the peer stands at %d", name, v, end, stand)
				continue
			}
			if !slices.ContainsFunc(strings.Split(tt.want, "|"), func(w string) bool { return strings.Contains(end.Err.Error(), w) }) {
				t.Errorf("%s, %#x: %v, want %s", name, v, end.Err, tt.want)
			}
			if _, err := s.MSK(); err == nil {
				t.Errorf("%s: the server has keys", name)
			}
			if _, err := p.MSK(); err == nil && stand == eap.Lost {
				t.Errorf("%s: the peer has keys", name)
			}
		}
	}
}

// coroutines counts those that are there, in the whole program.
func coroutines() int {
	b := make([]byte, 1<<20)
	return strings.Count(string(b[:runtime.Stack(b, true)]), "created by iter.Pull")
}

// Sessions that are given up in the middle leave no goroutine behind.
func TestEndEndsTheCoroutine(t *testing.T) {
	a := newAuthority(t)
	for i := range 20 {
		s, p := a.pair(t, 1500, nil)
		p.Begin()
		data, _ := s.Begin(1)
		r := p.Receive(1, data)
		if i%2 == 0 { // else the server's has not even begun
			r = p.Receive(2, s.Receive(r.Data).Data) // the ClientHello is longer than this MRU
			s.Receive(r.Data)
		}
		if n := coroutines(); n != 2 {
			t.Fatalf("%d coroutines while two sessions wait", n)
		}
		s.End()
		p.End()
		s.End()
		if n := coroutines(); n != 0 {
			t.Fatalf("%d coroutines are left", n)
		}
		if step := s.Receive([]byte("\x00more")); step.Do != eap.Fail || step.Err == nil {
			t.Errorf("after its end: %+v", step)
		}
	}
}

func TestNamesOfACertificate(t *testing.T) {
	a := newAuthority(t)
	type otherName struct {
		ID    asn1.ObjectIdentifier
		Value string `asn1:"explicit,tag:0,utf8"`
	}
	upn, err := asn1.MarshalWithParams(otherName{oidUPN, "saran@corp.example"}, "tag:0")
	if err != nil {
		t.Fatal(err)
	}
	kerberos, _ := asn1.MarshalWithParams(otherName{asn1.ObjectIdentifier{1, 3, 6, 1, 5, 2, 2}, "not her"}, "tag:0")
	san, err := asn1.Marshal([]asn1.RawValue{{FullBytes: kerberos}, {FullBytes: upn}})
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*x509.Certificate){
		"[saran]":    func(c *x509.Certificate) { c.DNSNames = nil },
		"[]":         func(c *x509.Certificate) { c.DNSNames, c.Subject = nil, pkix.Name{Organization: []string{"Corp"}} },
		"[pc saran]": func(c *x509.Certificate) { c.DNSNames = []string{"pc"} },
		"[s@x saran]": func(c *x509.Certificate) {
			c.DNSNames, c.EmailAddresses = nil, []string{"s@x"}
		},
		"[saran@corp.example saran]": func(c *x509.Certificate) {
			c.DNSNames, c.ExtraExtensions = nil, []pkix.Extension{{Id: oidSubjectAltName, Value: san}}
		},
	} {
		if got := fmt.Sprint(Names(a.issue(t, "saran", change).Leaf)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// crypto/tls gives no keys away where somebody else might have them too. What
// it says of that is what the owner reads; the login itself succeeds.
func TestWithoutKeysThereIsAReason(t *testing.T) {
	a := newAuthority(t)
	s, p := a.pair(t, 1500, func(s, p *tls.Config) {
		s.MaxVersion, p.Renegotiation = tls.VersionTLS12, tls.RenegotiateOnceAsClient
	})
	if _, err := p.MSK(); !errors.Is(err, errNoKeys) {
		t.Errorf("before the handshake: %v", err)
	}
	end, stand, _ := talk(t, s, p, 1500, true)
	key, err := p.MSK()
	if end.Do != eap.Succeed || stand != eap.Ended || err == nil || key != [MSKSize]byte{} ||
		!strings.HasPrefix(err.Error(), "no keys of EAP-TLS: ") || !strings.Contains(err.Error(), "renegotiation") {
		t.Errorf("%+v, keys %x, %v", end, key, err)
	}
}
