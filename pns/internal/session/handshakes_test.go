package session

import (
	"bytes"
	"crypto/tls"
	"testing"

	"carrier/shared/ppp"
	"carrier/shared/ppp/eap"
	"carrier/shared/ppp/eap/eaptls"
)

// shakes says EAP-TLS's Type-Data in answer to what was asked last.
func (s *stranger) shakes(data ...[]byte) {
	s.packet(ppp.EAP, eapResponse, s.identifier(), append([]byte{byte(eap.TLS)}, bytes.Join(data, nil)...))
}

// handshakes is against EAP-TLS.
func handshakes(t *testing.T) (all []attack) {
	add := func(name string, times int, seen func(*stranger) bool, say func(s *stranger, n int)) {
		all = append(all, attack{name: "EAP-TLS: " + name, from: shaking, times: times, ends: true, seen: seen, say: say})
	}
	const more = 0x40 // RFC 5216 §3.1
	piece := bytes.Repeat([]byte{0x16}, 1380)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		hers := eaptls.NewPeer(&tls.Config{ServerName: "denver", MaxVersion: version}, 1400)
		hers.Begin()
		hello := hers.Receive(1, []byte{0x20}).Data
		hers.End()
		add("the handshake begun again and again, "+tls.VersionName(version), 300, answered(2), func(s *stranger, _ int) { s.shakes(hello) })
		add("no word after the first flight, "+tls.VersionName(version), 300, answered(1), func(s *stranger, n int) {
			if n == 0 {
				s.shakes(hello)
			} else {
				s.shakes([]byte{0})
			}
		})
	}
	add("a message without an end", 300, refused, func(s *stranger, _ int) { s.shakes([]byte{more}, piece) })
	add("fragments of an octet", 300, refused, func(s *stranger, _ int) { s.shakes([]byte{more, 0x16}) })
	add("fragments longer than our MRU", 300, nil, func(s *stranger, _ int) { s.shakes([]byte{more}, piece, piece) })
	all[len(all)-1].most = 1
	add("a message of 4 GiB", 300, refused, func(s *stranger, _ int) { s.shakes([]byte{more | 0x80, 0xFF, 0xFF, 0xFF, 0xFF}, piece) })
	add("a message of 64 KiB that does not come", 300, refused, func(s *stranger, _ int) { s.shakes([]byte{0x80, 0, 1, 0, 0}, piece) })
	add("empty fragments", 300, refused, func(s *stranger, _ int) { s.shakes([]byte{more}) })
	add("a handshake message of 16 MiB", 300, refused, func(s *stranger, _ int) {
		s.shakes([]byte{0, 0x16, 3, 1, 5, 0, 1, 0xFF, 0xFF, 0xFF}, make([]byte, 5<<8-4))
	})
	add("what is no TLS", 300, refused, func(s *stranger, _ int) { s.shakes([]byte{0}, bytes.Repeat([]byte{'A'}, 1380)) })
	add("alerts", 300, refused, func(s *stranger, _ int) { s.shakes([]byte{0}, bytes.Repeat([]byte{0x15, 3, 1, 0, 2, 1, 90}, 190)) })
	add("one Identifier for all answers", 300, answered(1), func(s *stranger, n int) {
		s.packet(ppp.EAP, eapResponse, 77, append([]byte{byte(eap.TLS), 0}, piece[:n]...))
		if n == 0 {
			s.shakes([]byte{more, 0x16})
		}
	})
	add("a name of 255 octets, after all", 300, nil, func(s *stranger, _ int) {
		s.packet(ppp.EAP, eapResponse, s.identifier(), append([]byte{byte(eap.Identity)}, bytes.Repeat([]byte{'A'}, 255)...))
	})
	return all
}
