// Package auth speaks PPP's authentication protocols, both roles: PAP (RFC
// 1334 §2), CHAP with MD5 (RFC 1994), MS-CHAP (RFC 2433), MS-CHAPv2 (RFC
// 2759), and EAP (RFC 3748) with MD5, MS-CHAPv2 or TLS inside, or only to learn
// the peer's name.
//
// A Server demands: it hands out a Claim when the peer has named itself, its
// owner decides, and Answer tells the peer. A Client answers the demands of
// the other side. Both do no I/O and have no clock: the owner gives them the
// time, packets and expired deadlines, and sends what they leave in an Outbox.
// Where EAP-TLS may be spoken the owner must call End.
package auth

import (
	"fmt"

	"carrier/shared/ppp"
	"carrier/shared/wire"
)

// A Method is a way to authenticate, as LCP's Authentication-Protocol option
// names it (RFC 1661 §6.2).
type Method uint8

// The methods. The zero value is none of them.
const (
	PAP Method = iota + 1
	CHAPMD5
	MSCHAP
	MSCHAPv2
	EAP // LCP's name for all of EAP; of a claim, or alone in a demand: only the peer's name, unproven
	EAPMD5
	EAPMSCHAPv2
	EAPTLS
	methods
)

var methodNames = [methods]string{PAP: "pap", CHAPMD5: "chap-md5", MSCHAP: "mschap", MSCHAPv2: "mschap-v2", EAP: "eap",
	EAPMD5: "eap-md5", EAPMSCHAPv2: "eap-mschap-v2", EAPTLS: "eap-tls"}

// Algorithms of CHAP in the Authentication-Protocol option.
const (
	algorithmMD5      = 0x05 // RFC 1994 §3
	algorithmMSCHAP   = 0x80 // RFC 2433 §4
	algorithmMSCHAPv2 = 0x81 // RFC 2759 §2
)

// Methods lists every method, for metrics that show zeros.
func Methods() []Method {
	return []Method{PAP, CHAPMD5, MSCHAP, MSCHAPv2, EAP, EAPMD5, EAPMSCHAPv2, EAPTLS}
}

// String is the method's name in configuration, logs and metrics.
func (m Method) String() string {
	if m > 0 && m < methods {
		return methodNames[m]
	}
	return "none"
}

// ParseMethod reads what String writes.
func ParseMethod(name string) (Method, error) {
	for _, m := range Methods() {
		if methodNames[m] == name {
			return m, nil
		}
	}
	return 0, fmt.Errorf("%q is no method of authentication", name)
}

// options are those of Option. What many links hold is here once.
var options = [methods][]byte{
	PAP:         {0xC0, 0x23},
	CHAPMD5:     {0xC2, 0x23, algorithmMD5},
	MSCHAP:      {0xC2, 0x23, algorithmMSCHAP},
	MSCHAPv2:    {0xC2, 0x23, algorithmMSCHAPv2},
	EAP:         {0xC2, 0x27},
	EAPMD5:      {0xC2, 0x27},
	EAPMSCHAPv2: {0xC2, 0x27},
	EAPTLS:      {0xC2, 0x27},
}

// Option is the value of LCP's Authentication-Protocol option for m, without
// the option's type and length, which nobody may change; nil for no method. EAP's
// methods share one: which of them it is they settle later.
func (m Method) Option() []byte {
	if m < methods {
		return options[m]
	}
	return nil
}

// ParseOption reads the value of LCP's Authentication-Protocol option. The
// error names what this package does not speak.
func ParseOption(b []byte) (Method, error) {
	r := wire.NewReader(b)
	p := ppp.Protocol(r.Uint16("Authentication-Protocol"))
	var algorithm byte
	if p == ppp.CHAP {
		algorithm = r.Uint8("Algorithm")
	}
	if err := r.Err(); err != nil {
		return 0, err
	}
	for _, m := range Methods() {
		if string(m.Option()) == string(b) {
			return m, nil
		}
	}
	switch {
	case p == ppp.CHAP && len(b) == 3:
		return 0, fmt.Errorf("Authentication-Protocol: CHAP algorithm %#02x is not known", algorithm)
	case p == ppp.PAP || p == ppp.CHAP || p == ppp.EAP:
		return 0, fmt.Errorf("Authentication-Protocol: %v with %d octets of data", p, len(b)-2)
	}
	return 0, fmt.Errorf("Authentication-Protocol: %v is not known", p)
}

// Protocol is the PPP protocol that carries m's packets; zero for no method.
func (m Method) Protocol() ppp.Protocol {
	switch m {
	case PAP:
		return ppp.PAP
	case EAP, EAPMD5, EAPMSCHAPv2, EAPTLS:
		return ppp.EAP
	case CHAPMD5, MSCHAP, MSCHAPv2:
		return ppp.CHAP
	}
	return 0
}

// microsoft tells the methods whose Failure has fields of its own.
func (m Method) microsoft() bool { return m == MSCHAP || m == MSCHAPv2 || m == EAPMSCHAPv2 }
