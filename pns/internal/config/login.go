package config

import (
	"crypto/tls"
	"slices"

	"carrier/shared/conf"
	"carrier/shared/ppp/auth"
)

// login reads who we are at a server, and who it must prove to be.
func (d *Dial) login(t *conf.Table) {
	t.Need("user", `"boston"`)
	d.Login.Name = conf.Value(t, "user", "", person)
	d.certified(t)
	d.answers(t)
	secret := func(m auth.Method) bool { return m != auth.EAPTLS }
	if known := t.Has("password") || t.Has("nt_hash"); known || slices.ContainsFunc(d.Login.Allow, secret) {
		d.Login.Secret = password(t, nil)
		if t.Good("methods") && known && !slices.ContainsFunc(d.Login.Methods(), secret) {
			d.useless(t)
		}
	}
	if !t.Has("server") && !t.Has("server_password") {
		return
	}
	t.Need("server", `"denver"`)
	t.Need("server_password", `"…"`)
	theirs := t.Secret("server_password")
	d.Proof = auth.Login{Name: conf.Value(t, "server", "", person), Secret: auth.NewPassword(theirs)}
	md5 := slices.Contains(d.Login.Allow, auth.CHAPMD5) || slices.Contains(d.Login.Allow, auth.EAPMD5)
	if md5 && auth.Typed("", theirs).Check(d.Login.Secret).OK {
		t.Bad("server_password", "is our own password, so that by MD5 we would answer for the server what it is asked (RFC 1994); would be right: another one")
	}
}

// useless says of a password that none of the methods uses it.
func (d *Dial) useless(t *conf.Table) {
	key := "password"
	if t.Has("nt_hash") {
		key = "nt_hash"
	}
	if !slices.ContainsFunc(d.Login.Allow, func(m auth.Method) bool { return m != auth.EAPTLS }) {
		t.Bad(key, `is of no use where methods names "eap-tls" alone; would be right: "mschap-v2" among the methods, or without it`)
	} else if t.Good(key) && key == "nt_hash" {
		t.Bad(key, `is of no use for the methods that it names; would be right: password, or "mschap-v2" among the methods`)
	}
}

// certified reads the certificate by which we log in, and what the server's must be.
func (d *Dial) certified(t *conf.Table) {
	keys := []string{"certificate", "key", "ca", "server_name"}
	if n := slices.IndexFunc(keys, t.Has); n < 0 {
		return
	}
	t.Need("server_name", `"denver.example"`)
	pair, issuers, ok := identity(t, "boston", "denver-ca")
	name := conf.Value(t, "server_name", "", person)
	if ok {
		d.Key = t.Text("key", "")
	}
	d.Login.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: issuers, ServerName: name}
}

// answers reads how we log in: by what there is to do it with, where the file does not
// say.
func (d *Dial) answers(t *conf.Table) {
	l := &d.Login
	if !t.Has("methods") {
		if l.TLS != nil {
			l.Allow = []auth.Method{auth.EAPTLS}
		}
		if l.TLS == nil || t.Has("password") || t.Has("nt_hash") {
			l.Allow = append(l.Allow, auth.MSCHAPv2, auth.EAPMSCHAPv2)
		}
		return
	}
	l.Allow = conf.Values(t, "methods", method)
	if !t.Good("methods") {
		return
	}
	n := slices.Index(l.Allow, auth.EAPTLS)
	switch {
	case len(l.Allow) == 0:
		t.Bad("methods", `names no method, so that we can log in nowhere; would be right: methods = ["mschap-v2"]`)
	case n >= 0 && l.TLS == nil:
		t.BadItem("methods", n, `"eap-tls" has no certificate to log in with; would be right: certificate, key, ca and server_name beside it`)
	case n < 0 && l.TLS != nil:
		t.Bad("certificate", `is of no use where methods does not name "eap-tls"; would be right: methods = ["eap-tls"], or without it`)
	}
}
