package config

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"carrier/shared/conf"
	"carrier/shared/ppp/auth"
)

// certificates reads what EAP-TLS needs: our certificate and its key, and the
// authorities whose word on users counts. There is none of it where nobody is
// asked for a certificate.
func certificates(root *conf.Table, c *Config) {
	t := root.Table("auth").Table("tls")
	switch wanted := slices.Contains(c.Methods, auth.EAPTLS); {
	case wanted && !t.Present():
		root.Table("auth").Bad("tls", `missing, and auth.methods names "eap-tls"; would be right: [auth.tls] with certificate, key and ca`)
		return
	case !wanted && t.Present():
		root.Table("auth").Bad("tls", `is of no use where auth.methods does not name "eap-tls"; would be right: methods = ["eap-tls", "mschap-v2"], or without it`)
	}
	pair, issuers, ok := identity(t, "pns", "users-ca")
	if !ok {
		return
	}
	c.Key = t.Text("key", "")
	c.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: issuers}
}

// identity reads a certificate of ours with its key, and the authorities whose word on
// the other end counts. The files that a mistake gives as right are called own and ca.
// It is not ok where one of them cannot be read, or is not there.
func identity(t *conf.Table, own, ca string) (pair tls.Certificate, issuers *x509.CertPool, ok bool) {
	t.Need("certificate", fmt.Sprintf(`"/etc/carrier/%s.pem"`, own))
	t.Need("key", fmt.Sprintf(`"/etc/carrier/%s.key"`, own))
	t.Need("ca", fmt.Sprintf(`"/etc/carrier/%s.pem"`, ca))
	certificate := conf.Value(t, "certificate", nil, chain)
	key := conf.Value(t, "key", nil, file)
	authorities := conf.Value(t, "ca", nil, chain)
	if certificate == nil || key == nil || authorities == nil {
		return pair, nil, false
	}
	pair, err := tls.X509KeyPair(encode(certificate), key)
	if err != nil {
		t.Bad("key", "does not go with the certificate (%v); would be right: the file with its private key in PEM, without a passphrase", err)
	}
	issuers = x509.NewCertPool()
	for _, c := range authorities {
		issuers.AddCert(c)
	}
	return pair, issuers, true
}

// maxFile is more than a file of certificates has, in octets.
const maxFile = 1 << 20

// file reads a file whole. Where the program was started does not matter.
func file(path string) ([]byte, error) {
	if !filepath.IsAbs(path) {
		return nil, conf.Unfit("is no path from the root", `"/etc/carrier/pns.pem"`)
	}
	const right = "a file that pns may read"
	var b []byte
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxFile) {
		return nil, conf.Unfit("is no file of certificates or keys", right)
	}
	if err == nil {
		b, err = os.ReadFile(path)
	}
	var why *fs.PathError
	if errors.As(err, &why) {
		return nil, conf.Unfit("cannot be read ("+why.Err.Error()+")", right)
	}
	return b, err
}

// chain reads certificates in PEM, one after the other.
func chain(path string) ([]*x509.Certificate, error) {
	const right = "certificates in PEM"
	b, err := file(path)
	if err != nil {
		return nil, err
	}
	var all []*x509.Certificate
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, conf.Unfit("has a certificate that cannot be read ("+err.Error()+")", right)
		}
		all = append(all, c)
	}
	if all == nil {
		return nil, conf.Unfit("has no certificate in it", right)
	}
	return all, nil
}

func encode(all []*x509.Certificate) (b []byte) {
	for _, c := range all {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return b
}
