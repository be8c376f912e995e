//go:build vm

package testbed

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carrier/shared/hdlc"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/link"
)

// pppd and our link authenticate each other by EAP, either role, over a serial
// line. This pppd speaks TLS 1.2: with 1.3 it knows nothing of RFC 9190's success
// indication.
func TestEAPWithPPPD(t *testing.T) {
	t.Parallel()
	g := Boot(t, 6) // and the FastPort: a port for each: pppd takes half a minute to give one back
	ca := newAuthority(t)
	ca.write(t, g, "ca", "saran", "denver")
	saran := auth.Login{Name: "saran", Secret: auth.NewPassword("blue moon")}
	certified := auth.Login{Name: "saran", TLS: &tls.Config{Certificates: []tls.Certificate{ca.pair(t, g, "saran")}, RootCAs: ca.pool, ServerName: "denver"}}
	server := &tls.Config{Certificates: []tls.Certificate{ca.pair(t, g, "denver")}, ClientCAs: ca.pool}
	const files = " ca /share/ca.pem cert /share/saran.pem key /share/saran.key"
	enough := saran.Secret.OrCertificate()
	for n, tt := range []struct {
		name   string
		o      link.Options
		secret auth.Secret // of the claim that pppd makes
		pppd   string
		story  string // ours
		keys   auth.KeyKind
		log    string // in pppd's
	}{
		{"pppd proves, MD5", link.Options{Ask: []auth.Method{auth.EAPMD5}}, enough, `noauth password "blue moon"`,
			"claimed eap-md5 authenticated network up", auth.NoKeys, "MD5-Challenge"},
		{"pppd proves, TLS", link.Options{Ask: []auth.Method{auth.EAPTLS, auth.EAPMD5}, TLS: server}, enough, "noauth" + files,
			"claimed eap-tls authenticated network up", auth.MasterKeys, "EAP-TLS"},
		{"pppd refuses TLS", link.Options{Ask: []auth.Method{auth.EAPTLS, auth.EAPMSCHAPv2}, TLS: server}, enough, `noauth password "blue moon"`,
			"claimed eap-mschap-v2 authenticated network up", auth.MSCHAPv2Keys, "MSCHAPv2"},
		{"pppd has another password, MD5", link.Options{Ask: []auth.Method{auth.EAPMD5}}, enough, `noauth password "red moon"`,
			"claimed eap-md5 finished peer refused", auth.NoKeys, "wrong user name or password"},
		{"pppd has another password, MS-CHAPv2", link.Options{Ask: []auth.Method{auth.EAPMSCHAPv2}}, enough, `noauth password "red moon"`,
			"claimed eap-mschap-v2 finished peer refused", auth.NoKeys, "E=691 R=0 C="},
		{"pppd demands, MD5", link.Options{Login: saran}, auth.Secret{}, "auth require-eap name denver",
			"logged in network up", auth.NoKeys, "MD5-Challenge"},
		{"pppd demands, TLS", link.Options{Login: certified}, auth.Secret{}, "auth require-eap name denver",
			"logged in network up", auth.MasterKeys, "EAP-TLS"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			port, tty := n+1, fmt.Sprintf("/dev/ttyS%d", n+1)
			if port > 6 {
				port, tty = FastPort, "/dev/hvc1"
			}
			secrets := `printf 'saran denver "blue moon" *\n' >/etc/ppp/chap-secrets; : >/etc/ppp/eaptls-server`
			if tt.o.Login.TLS != nil {
				secrets = `printf 'saran denver - /share/denver.pem /share/ca.pem /share/denver.key *\n' >/etc/ppp/eaptls-server; chmod 600 /etc/ppp/*-se*; : >/etc/ppp/chap-secrets`
			}
			begin := secrets + fmt.Sprintf(`
stty -F %[3]s raw -echo
exec pppd %[3]s 115200 local nodetach user saran %[2]s noipdefault noipv6 noccp novj unit %[1]d debug logfile /share/pppd%[1]d.log
`, port, tt.pppd, tty)
			story, keys := eapCall(t, g, port, begin, tt.o, tt.secret)
			if story != tt.story || keys != tt.keys || !strings.Contains(g.Log(port), tt.log) {
				t.Errorf("%q with keys of kind %d, want %q, %d and %q in\n%s", story, keys, tt.story, tt.keys, tt.log, g.Log(port))
			}
		})
	}
}

// eapCall lets a link of ours talk to the pppd that a script starts, until IPCP
// is open or the link finished. It tells what happened, and the keys at our end.
func eapCall(t *testing.T, g *Guest, port int, script string, o link.Options, secret auth.Secret) (story string, keys auth.KeyKind) {
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	c, err := net.Dial("unix", g.Serial(port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = g.Run(ctx, script) // how it ends, pppd's log tells
	}()
	// Before pppd has the port, the guest would echo what we say.
	Until(t, "pppd's first request", func() bool { return strings.Contains(g.Log(port), "sent [LCP ConfReq") })
	o.Name = "denver"
	l := link.New(&o)
	addresses := ipcp.Options{Local: netip.MustParseAddr("2.1.1.61"), Remote: netip.MustParseAddr("2.1.1.129")}
	l.Network(time.Now(), ppp.IPCP, ipcp.New(addresses))
	l.Up(time.Now())
	var said []string
	var in hdlc.Decoder
	for finished := false; ctx.Err() == nil; {
		for _, e := range l.Events() {
			switch e.Kind {
			case link.Claimed:
				said = append(said, "claimed", e.Claim.Method.String())
				l.Answer(time.Now(), e.Claim.Check(secret))
			case link.NetworkUp:
				said = append(said, "network up")
				server, client := l.Keys()
				keys = max(server.Kind(), client.Kind())
				l.Close(time.Now(), "done")
			case link.Finished:
				if finished = true; e.Cause != link.Closed {
					said = append(said, "finished", e.Cause.String())
				}
			case link.Authenticated:
				if len(o.Ask) > 0 {
					said = append(said, e.Kind.String())
				}
			case link.LoggedIn:
				if len(o.Ask) == 0 {
					said = append(said, e.Kind.String())
				}
			case link.LoginRefused:
				said = append(said, "refused", e.Text)
			}
		}
		var out []byte
		for _, f := range l.Take() {
			out = hdlc.AppendFull(out, f)
		}
		if _, err := c.Write(out); err != nil {
			t.Fatal(err)
		}
		if finished {
			break
		}
		until, _ := ctx.Deadline()
		if d := l.Deadline(); !d.IsZero() && d.Before(until) {
			until = d
		}
		c.SetReadDeadline(until)
		b := make([]byte, 4096)
		n, err := c.Read(b)
		if err != nil && !os.IsTimeout(err) {
			t.Fatal(err)
		}
		in.Push(b[:n], func(f []byte, err error) {
			if err == nil {
				l.Receive(time.Now(), f)
			}
		})
		l.Expire(time.Now())
	}
	l.Down(time.Now())
	stop()
	<-ended
	return strings.Join(said, " "), keys
}

// An authority issues the certificates of a test.
type authority struct {
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	pool   *x509.CertPool
	serial int64 // of its last certificate
}

func newAuthority(t *testing.T) *authority {
	a := &authority{serial: 1, pool: x509.NewCertPool(), cert: &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}}
	var der []byte
	der, a.key = a.issue(t, a.cert)
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.cert = c
	a.pool.AddCert(c)
	return a
}

// issue signs a certificate; the first one signs itself.
func (a *authority) issue(t *testing.T, c *x509.Certificate) ([]byte, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if c.NotBefore = time.Now().Add(-24 * time.Hour); c.NotAfter.IsZero() {
		c.NotAfter = time.Now().Add(24 * time.Hour)
	}
	signer := a.key
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}

// write gives the guest the authority's certificate in the first file, and
// certificates and keys of those names in others.
func (a *authority) write(t *testing.T, g *Guest, file string, names ...string) {
	save(t, g, file+".pem", "CERTIFICATE", a.cert.Raw)
	for _, name := range names {
		a.grant(t, g, name, name, nil)
	}
}

// grant writes a certificate in a name, and its key, into the guest's files;
// with changes it.
func (a *authority) grant(t *testing.T, g *Guest, file, name string, with func(*x509.Certificate)) {
	a.serial++
	c := &x509.Certificate{SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if with != nil {
		with(c)
	}
	der, key := a.issue(t, c)
	b, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	save(t, g, file+".pem", "CERTIFICATE", der)
	save(t, g, file+".key", "PRIVATE KEY", b)
}

// save writes PEM into the guest's files.
func save(t *testing.T, g *Guest, name, kind string, b []byte) {
	if err := os.WriteFile(filepath.Join(g.Share, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// pair is a certificate that the guest has too.
func (a *authority) pair(t *testing.T, g *Guest, name string) tls.Certificate {
	c, err := tls.LoadX509KeyPair(filepath.Join(g.Share, name+".pem"), filepath.Join(g.Share, name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
