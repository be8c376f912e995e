package eaptls

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"testing"

	"carrier/shared/ppp/eap"
)

// CVE-2026-75883: pppd's EAP-PEAP copied into its packet what TLS had to say, however
// long the other side had made that. Here both have certificates of 20 KiB, and none
// of their packets is longer than the other's MRU (talk looks).
func TestCVE202675883LongTLSFlights(t *testing.T) {
	long := func(c *x509.Certificate) {
		for i := range 700 {
			c.DNSNames = append(c.DNSNames, fmt.Sprintf("host-%04d.dept.corp.example", i))
		}
	}
	a := newAuthority(t)
	for _, mru := range []int{1500, 296} {
		s, p := a.pair(t, mru, func(s, p *tls.Config) {
			s.Certificates = []tls.Certificate{a.issue(t, "denver", long)}
			p.Certificates = []tls.Certificate{a.issue(t, "saran", long)}
		})
		end, _, rounds := talk(t, s, p, mru, true)
		if least := 2 * 20 << 10 / mru; end.Do != eap.Succeed || rounds < least {
			t.Errorf("MRU %d: %+v after %d rounds, want %d at least", mru, end, rounds, least)
		}
	}
}
