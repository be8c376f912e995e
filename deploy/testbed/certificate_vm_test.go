//go:build vm

package testbed

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carrier/shared/record"
)

// withoutEMS has OpenSSL, and so pppd, know nothing of the extended master
// secret.
const withoutEMS = "openssl_conf=a\n[a]\nssl_conf=b\n[b]\nsystem_default=c\n[c]\nOptions=-ExtendedMasterSecret\n"

// pppd proves who it is by a certificate, with encryption required, and tries some
// that let nobody in. Over TLS 1.2, for which it asks: with 1.3 it answers the success
// indication by a Response without a Type.
func TestPPPDByCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{pac: saran})
	g, ours, other := w.Guest, newAuthority(t), newAuthority(t)
	ours.write(t, g, "ca", "saran", "denver", "tom")
	other.write(t, g, "other")
	other.grant(t, g, "strange", "saran", nil)
	ours.grant(t, g, "expired", "saran", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
	ours.grant(t, g, "server", "saran", func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[:1] })
	if err := os.WriteFile(filepath.Join(g.Share, "openssl.cnf"), []byte(withoutEMS), 0o600); err != nil {
		t.Fatal(err)
	}
	w.policy(strings.ReplaceAll(`
[ppp]
encryption = "required"
compression = []
[auth]
methods = ["eap-tls"]
[auth.tls]
certificate = "%/denver.pem"
key = "%/denver.key"
ca = "%/ca.pem"
`, "%", g.Share))
	files := func(name string) string {
		return " require-mppe-128 ca /share/ca.pem cert /share/" + name + ".pem key /share/" + name + ".key "
	}
	t.Run("by a certificate", func(t *testing.T) {
		w.codes(t, files("saran"), trial{method: "eap-tls", coded: bothWays, logs: []string{acked("+H -M +S -L"), "<auth eap>"}})
	})
	for _, tt := range []struct {
		name, file, set string
		reason          record.EndReason
		text            string
	}{
		{"an expired certificate", "expired", "", record.AuthFailed, "certificate has expired or is not yet valid"},
		{"a certificate of another authority", "strange", "", record.AuthFailed, "signed by unknown authority"},
		{"a server's certificate", "server", "", record.AuthFailed, "incompatible key usage"},
		{"somebody else's certificate", "tom", "", record.AuthFailed, `the certificate is not in this name: it was issued to ["tom"]`},
		{"a certificate without extended master secret", "saran", "export OPENSSL_CONF=/share/openssl.cnf; ", record.NotEncrypted,
			"encryption is required: no keys of EAP-TLS: crypto/tls: ExportKeyingMaterial is unavailable when neither TLS 1.3 nor Extended Master Secret are negotiated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, log := w.refused(t, tt.set+`port=9; ccp=; dial saran "" defaultroute`+files(tt.file))
			if c.Reason != tt.reason || !strings.Contains(c.Text, tt.text) || c.User != "saran" || c.Method != "eap-tls" {
				t.Errorf("%v %q of %q by %q", c.Reason, c.Text, c.User, c.Method)
			}
			if refused := strings.Contains(log, "rcvd [EAP Failure"); refused != (tt.reason == record.AuthFailed) || !strings.Contains(log, "rcvd [LCP TermReq") {
				t.Errorf("EAP's Failure is %v in\n%s", refused, log)
			}
		})
	}
}

// An expired password is told so, which is all that pppd knows of it: it has no
// Change-Password.
func expiredPassword(t *testing.T, w *world) {
	w.data["Saran"] = "expired = true"
	defer delete(w.data, "Saran")
	w.policy("")
	c, log := w.refused(t, `port=9; dial saran "blue moon" defaultroute`)
	if c.Reason != record.AuthFailed || c.Text != "the password has expired, and the caller did not change it" {
		t.Errorf("%v %q", c.Reason, c.Text)
	}
	if !strings.Contains(log, "E=648 R=0 C=") || !strings.Contains(log, " V=3 M=the password has expired") {
		t.Errorf("pppd was not told in\n%s", log)
	}
}

// refused has pppd make a call that must not succeed, and returns what pns
// remembers of it and what pppd has logged.
func (w *world) refused(t *testing.T, script string) (c record.Call, log string) {
	t.Helper()
	before := len(w.Calls(w.Office, "pns"))
	if out := w.run(script + " && exit 1; echo refused"); !strings.Contains(out, "refused") {
		t.Error(out)
	}
	Until(t, "the call's end", func() bool {
		all := w.Calls(w.Office, "pns")
		c = all[0]
		return len(all) > before && c.Reason != record.Running
	})
	return c, w.Guest.Log(FastPort)
}
