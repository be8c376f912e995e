// Package eaptls is EAP's method TLS, both sides (RFC 5216; RFC 9190 for TLS
// 1.3): each shows the other a certificate, and both have keys at the end. TLS
// itself is crypto/tls. It alone needs a thread of its own, which one file
// keeps: it runs while the owner waits, and ends with End.
//
// Certificates are judged at tls.Config's Time, random octets come from its
// Rand. Sessions are not resumed.
package eaptls

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"carrier/shared/ppp"
	"carrier/shared/ppp/eap"
)

// minMRU keeps fragments from being so small that a handshake has no end.
const minMRU = 128

// packetSize is how many octets an EAP packet may have towards a peer with
// this MRU; zero stands for the default.
func packetSize(mru int) int {
	if mru <= 0 {
		mru = ppp.DefaultMRU
	}
	return max(mru, minMRU)
}

// MSKSize is how long the keying material is, in octets.
const MSKSize = 64

// msk is the Master Session Key (RFC 5216 §2.3, RFC 9190 §2.3). Of a session of
// TLS 1.2 without the extended master secret crypto/tls gives none away, and
// the error says so.
func msk(s tls.ConnectionState) (key [MSKSize]byte, err error) {
	label, context := "client EAP encryption", []byte(nil)
	if s.Version >= tls.VersionTLS13 {
		label, context = "EXPORTER_EAP_TLS_Key_Material", []byte{byte(eap.TLS)}
	}
	material, err := s.ExportKeyingMaterial(label, context, 2*MSKSize)
	if err != nil {
		return key, fmt.Errorf("no keys of EAP-TLS: %w", err)
	}
	copy(key[:], material)
	return key, nil
}

// errNoKeys is what MSK says before the end.
var errNoKeys = errors.New("no keys of EAP-TLS: the handshake has not ended")

// oidUPN is Microsoft's User Principal Name, an otherName in subjectAltName.
var (
	oidUPN            = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3}
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
)

// Names lists whom a certificate was issued to: the names in its
// subjectAltName, which RFC 5216 §5.2 prefers, then the subject's Common Name.
// None is empty.
func Names(c *x509.Certificate) []string {
	names := userPrincipals(c)
	names = append(append(names, c.EmailAddresses...), c.DNSNames...)
	if c.Subject.CommonName != "" && !slices.Contains(names, c.Subject.CommonName) {
		names = append(names, c.Subject.CommonName)
	}
	return names
}

// userPrincipals reads the User Principal Names, which crypto/x509 leaves out.
func userPrincipals(c *x509.Certificate) []string {
	var names []string
	for _, e := range c.Extensions {
		var all []asn1.RawValue
		if !e.Id.Equal(oidSubjectAltName) {
			continue
		}
		if _, err := asn1.Unmarshal(e.Value, &all); err != nil {
			return nil
		}
		for _, v := range all {
			var other struct {
				ID    asn1.ObjectIdentifier
				Value string `asn1:"explicit,tag:0,utf8"`
			}
			if v.Class != asn1.ClassContextSpecific || v.Tag != 0 {
				continue
			}
			if _, err := asn1.UnmarshalWithParams(v.FullBytes, &other, "tag:0"); err == nil && other.ID.Equal(oidUPN) && other.Value != "" {
				names = append(names, other.Value)
			}
		}
	}
	return names
}
