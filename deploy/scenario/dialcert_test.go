package scenario

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carrier/deploy/testbed"
	"carrier/shared/record"
)

// certify writes a certificate that is its own authority, and its key, as name.pem and
// name.key into dir.
func certify(t *testing.T, dir, name string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name+file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The tunnel to Chicago is opened by certificates alone, and its data are encrypted by
// keys of theirs. With a new one, which Chicago does not know, it is refused once a reload
// has read it.
func TestDialledTunnelByCertificate(t *testing.T) {
	t.Parallel()
	there, dir := loopback(), t.TempDir()
	web := httptest.NewServer(testbed.Pages())
	t.Cleanup(web.Close)
	certify(t, dir, "chicago")
	certify(t, dir, "denver")
	socket := filepath.Join(dir, "chicago.sock")
	asks := strings.Replace(fmt.Sprintf(chicago, there, socket, web.Listener.Addr()), "password = \"red sun\"\n", "", 1) +
		strings.ReplaceAll("[auth]\nmethods = ['eap-tls']\n[auth.tls]\ncertificate = '%/chicago.pem'\nkey = '%/chicago.key'\nca = '%/denver.pem'\n", "%", dir)
	startPNS(t, []byte(asks), socket)
	shows := strings.ReplaceAll("certificate = \"%/denver.pem\"\nkey = \"%/denver.key\"\nca = \"%/chicago.pem\"\nserver_name = \"chicago\"", "%", dir)
	own := strings.Replace(fmt.Sprintf(tunnelled, there, ""), `password  = ""`, shows, 1)
	w := newWorld(t, setting{pns: own})
	last := func(reason record.EndReason) (record.Call, bool) {
		for _, c := range w.pns.calls() {
			if c.Peer == "chicago" && c.Called == there+":1723" && c.Reason == reason {
				return c, true
			}
		}
		return record.Call{}, false
	}
	c := w.dial(0, sara())
	if page, err := c.Get(within(t), "http://10.2.0.10/"); err != nil || string(page) != testbed.Page {
		t.Errorf("a page in Chicago is %q, %v", page, err)
	}
	if call, ok := last(record.Running); !ok || call.Stage != record.Online || call.Method != "eap-tls" {
		t.Errorf("the call is %+v", call)
	}
	certify(t, dir, "denver")
	if _, err := w.pns.reload("pns.toml", []byte(strings.Replace(w.office, "168h", "167h", 1))); err != nil {
		t.Fatal(err)
	}
	testbed.Until(t, "the certificate is refused", func() bool {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		c.Get(ctx, "http://10.2.0.10/") // a call on demand, as soon as the new entry is there
		call, ok := last(record.AuthFailed)
		return ok && strings.Contains(call.Text, "unknown certificate authority")
	})
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
