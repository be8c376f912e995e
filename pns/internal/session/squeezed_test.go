package session

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"

	"carrier/shared/ppp"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/mppe"
)

// A bomb is a datagram of which far more comes than may come, and how it is made for
// the nth time.
type bomb struct {
	by   ccp.Method
	make func(n int) []byte
}

// bombs has one for each method that decompresses. But for Deflate's they are made by
// our own compressors, to which a much longer packet is nothing special.
func bombs() []bomb {
	return []bomb{
		{ccp.Deflate{Window: 15}, deflated()},
		{ccp.BSD{Bits: 12}, zeros(ccp.BSD{Bits: 12}, 60_000)},
		{ccp.LZS{}, zeros(ccp.LZS{}, 60_000)},
		{ccp.Predictor{}, zeros(ccp.Predictor{}, 30_000)},                 // RFC 1978 §3: its Length has 15 bits
		{ccp.MPPE{Can: mppe.MPPC}, zeros(ccp.MPPE{Can: mppe.MPPC}, 8000)}, // RFC 2118: a packet is in one history
	}
}

// zeros makes packets of so many zeros, each from a new compressor.
func zeros(by ccp.Method, octets int) func(int) []byte {
	packet := append([]byte{0, 0x21, 0x45}, make([]byte, octets)...)
	return func(n int) []byte {
		c, err := by.Compressor(by.Value(), 65535)
		if err != nil {
			panic(err)
		}
		coded, ok := c.Compress(nil, packet)
		if !ok {
			panic(fmt.Sprintf("%T does not compress zeros", by))
		}
		return coded
	}
}

// deflated makes a datagram of 1 MiB of zeros, with the Sequence Number n.
func deflated() func(n int) []byte {
	var zeros bytes.Buffer
	w, _ := flate.NewWriter(&zeros, flate.BestCompression)
	_, _ = w.Write(append([]byte{0x21, 0x45}, make([]byte, 1<<20)...))
	_ = w.Flush()
	coded := append([]byte{0, 0}, bytes.TrimSuffix(zeros.Bytes(), []byte{0, 0, 0xFF, 0xFF})...)
	return func(n int) []byte {
		binary.BigEndian.PutUint16(coded, uint16(n))
		return coded
	}
}

// squeezed is against what decompresses.
func squeezed() (all []attack) {
	for _, b := range bombs() {
		add := func(a attack) {
			a.name, a.from, a.by = b.by.Name(b.by.Value())+": "+a.name, packed, b.by
			all = append(all, a)
		}
		add(attack{name: "Reset-Requests", times: often, say: func(s *stranger, n int) {
			s.packet(ppp.CCP, byte(ccp.ResetRequest), byte(n), nil)
		}})
		add(attack{name: "Reset-Acks", times: often, say: func(s *stranger, n int) {
			s.packet(ppp.CCP, byte(ccp.ResetAck), byte(n), make([]byte, 64))
		}})
		add(attack{name: "frames that cannot be decompressed", times: often, say: func(s *stranger, n int) {
			s.says(ppp.Append(nil, ppp.Compressed, append([]byte{byte(n >> 8), byte(n)}, bytes.Repeat([]byte{byte(n)}, 1000)...)))
		}, seen: undecoded(often / 2)})
		add(attack{name: "a decompression bomb", times: 1, say: func(s *stranger, n int) {
			s.says(ppp.Append(nil, ppp.Compressed, b.make(n)))
		}, seen: undecoded(1)})
		add(attack{name: "decompression bombs", times: often, say: func(s *stranger, n int) {
			s.says(ppp.Append(nil, ppp.Compressed, b.make(n)))
		}, seen: undecoded(often)})
		add(attack{name: "CCP begun again and again", times: often, say: func(s *stranger, n int) {
			s.packet(ppp.CCP, request, byte(n), nil)
		}, seen: answered(often)})
	}
	return all
}
