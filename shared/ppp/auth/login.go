package auth

import (
	"crypto/tls"
	"slices"
)

// A Login is how we answer a peer that demands authentication. With a zero
// Login every demand is refused.
type Login struct {
	Name   string
	Secret Secret
	Allow  []Method // empty: every method that Secret can serve
	// Next is the password to change to when the other side says that Secret has
	// expired, which MS-CHAPv2 can; zero: none.
	Next Secret
	// TLS answers by EAP-TLS: our certificate, and the RootCAs and ServerName that
	// the other side must answer to; nil: not.
	TLS *tls.Config `json:"-"`
}

// preferred is the order in which a client suggests methods: best proof first.
var preferred = [...]Method{EAPTLS, MSCHAPv2, EAPMSCHAPv2, CHAPMD5, EAPMD5, MSCHAP, PAP}

// Methods lists what the login can answer, best first; of EAP the methods.
func (l Login) Methods() []Method {
	var ms []Method
	for _, m := range preferred {
		if l.Accepts(m) {
			ms = append(ms, m)
		}
	}
	return ms
}

// Accepts tells whether the login answers a demand for m: m is allowed, the
// secret can serve it, and what PAP carries fits its one-octet lengths.
// It accepts EAP where it does one of its methods.
func (l Login) Accepts(m Method) bool {
	if m == EAP {
		return l.Accepts(EAPMD5) || l.Accepts(EAPMSCHAPv2) || l.Accepts(EAPTLS)
	}
	if len(l.Name) > maxText {
		return false
	}
	if len(l.Allow) > 0 && !slices.Contains(l.Allow, m) {
		return false
	}
	s := l.Secret.sealed.open()
	switch m {
	case PAP:
		return s.clear && len(s.password) <= maxText
	case CHAPMD5, EAPMD5:
		return s.clear
	case MSCHAP, MSCHAPv2, EAPMSCHAPv2:
		return s.hashed
	case EAPTLS:
		return l.TLS != nil
	}
	return false
}
