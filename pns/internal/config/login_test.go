package config

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carrier/shared/ppp/auth"
)

// certified is a branch that logs in by a certificate; %D as in byCertificate.
const certified = `name = "boston"
[[dial]]
name = "denver"
to = ["203.0.113.1"]
user = "boston"
certificate = "%D/ours.pem"
key = "%D/ours.key"
ca = "%D/users.pem"
server_name = "denver.example"
`

// Where the file does not say how to log in it is by what there is: a certificate, a
// password, or both.
func TestADialByCertificate(t *testing.T) {
	dir := t.TempDir()
	issue(t, dir, "ours")
	authority, _ := issue(t, dir, "users")
	issuers := x509.NewCertPool()
	if b, err := os.ReadFile(authority); err != nil || !issuers.AppendCertsFromPEM(b) {
		t.Fatal(err)
	}
	passwords := []auth.Method{auth.MSCHAPv2, auth.EAPMSCHAPv2}
	for add, want := range map[string][]auth.Method{
		"":                {auth.EAPTLS},
		"password = 'pw'": append([]auth.Method{auth.EAPTLS}, passwords...),
		"nt_hash = '44EBBA8D5312B8D611474411F56989AE'":        append([]auth.Method{auth.EAPTLS}, passwords...),
		"methods = ['eap-tls']":                               {auth.EAPTLS},
		"methods = ['eap-tls', 'mschap-v2']\npassword = 'pw'": {auth.EAPTLS, auth.MSCHAPv2},
		"encryption = 'required'\nmethods = ['eap-tls']":      {auth.EAPTLS},
	} {
		c, err := Parse("pns.toml", []byte(strings.ReplaceAll(certified, "%D", dir)+add))
		if err != nil {
			t.Errorf("%q: %v", add, err)
			continue
		}
		d := c.Dials[0]
		if got := d.Login.Methods(); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("%q: %v, want %v", add, got, want)
		}
		tls := d.Login.TLS
		if tls == nil || tls.ServerName != "denver.example" || tls.Certificates[0].Leaf.Subject.CommonName != "ours" || d.Key != filepath.Join(dir, "ours.key") {
			t.Fatalf("%q: %+v, key in %q", add, tls, d.Key)
		}
		if !tls.RootCAs.Equal(issuers) {
			t.Errorf("%q: other authorities count", add)
		}
	}
}

func TestMistakesOfADialByCertificate(t *testing.T) {
	dir := t.TempDir()
	issue(t, dir, "ours")
	issue(t, dir, "users")
	for _, tt := range []struct{ name, from, to, want string }{
		{"a name alone", "certificate = \"%D/ours.pem\"\nkey = \"%D/ours.key\"\nca = \"%D/users.pem\"\n", "", `2: dial[1].ca: missing; would be right: ca = "/etc/carrier/denver-ca.pem"
2: dial[1].certificate: missing; would be right: certificate = "/etc/carrier/boston.pem"
2: dial[1].key: missing; would be right: key = "/etc/carrier/boston.key"`},
		{"no name", "server_name = \"denver.example\"\n", "", `2: dial[1].server_name: missing; would be right: server_name = "denver.example"`},
		{"another key", "ours.key", "users.key", `7: dial[1].key: does not go with the certificate (tls: private key does not match public key); would be right: the file with its private key in PEM, without a passphrase`},
		{"other methods", "user =", "methods = ['mschap-v2']\npassword = 'x'\nuser =", `8: dial[1].certificate: is of no use where methods does not name "eap-tls"; would be right: methods = ["eap-tls"], or without it`},
		{"no password", "user =", "methods = ['eap-tls', 'mschap-v2']\nuser =", `2: dial[1].password: missing; would be right: password = "…" or nt_hash = "…"`},
		{"a password of no use", "user =", "methods = ['eap-tls']\npassword = 'x'\nuser =", `6: dial[1].password: is of no use where methods names "eap-tls" alone; would be right: "mschap-v2" among the methods, or without it`},
		{"a hash of no use", "user =", "encryption = 'optional'\nmethods = ['eap-tls', 'chap-md5']\nnt_hash = '44EBBA8D5312B8D611474411F56989AE'\nuser =", `7: dial[1].nt_hash: is of no use for the methods that it names; would be right: password, or "mschap-v2" among the methods`},
	} {
		text := strings.Replace(certified, tt.from, tt.to, 1)
		if text == certified {
			t.Fatalf("%s changes nothing", tt.name)
		}
		wrong(t, tt.name, strings.ReplaceAll(text, "%D", dir), strings.ReplaceAll(tt.want, "%D", dir))
	}
}
