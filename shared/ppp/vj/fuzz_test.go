package vj

import (
	"bytes"
	"testing"

	"carrier/shared/ppp"
)

// records parts a fuzzer's octets into packets: two octets of length before each.
func records(b []byte) (all [][]byte) {
	for len(b) >= 2 {
		n := min(int(get16(b, 0)), len(b)-2)
		all = append(all, b[2:2+n])
		b = b[2+n:]
	}
	return all
}

func record(b ...byte) []byte { return append([]byte{byte(len(b) >> 8), byte(len(b))}, b...) }

func FuzzDecompress(f *testing.F) {
	p := telnet()
	l := newLink(f, Slots{Count: 4, Implied: true})
	var all []byte
	for _, s := range conversation {
		s.do(p)
		protocol, info := l.compress(p.octets(f))
		one := record(append([]byte{byte(protocol)}, info...)...)
		f.Add(one)
		all = append(all, one...)
		p.next()
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, b []byte) {
		l := newLink(t, Slots{Count: 4, Implied: true})
		for _, info := range records(b) {
			if len(info) == 0 {
				l.d.Toss()
				continue
			}
			protocol := ppp.Protocol(info[0])
			out, err := l.decompress(protocol, info[1:])
			if err == nil && (protocol == ppp.VJCompressed || protocol == ppp.VJUncompressed) {
				checkBounds(t, info[1:], out)
			}
		}
	})
}

// Any packets come out as they went in, also those that are none.
func FuzzRoundTrip(f *testing.F) {
	p := telnet()
	var all []byte
	for _, s := range conversation {
		s.do(p)
		all = append(all, record(p.octets(f)...)...)
		p.next()
	}
	f.Add(all, uint8(16), true)
	f.Add(all, uint8(0), false)
	f.Fuzz(func(t *testing.T, b []byte, maxSlot uint8, implied bool) {
		l := newLink(t, Slots{Count: int(maxSlot) + 1, Implied: implied})
		for i, packet := range records(b) {
			if i%2 == 1 && len(packet) >= 20 { // or it would hardly ever be right
				if ip := int(packet[0]&0x0F) * 4; ip >= 20 && ip <= len(packet) {
					sum := checksum(packet[:ip])
					packet = bytes.Clone(packet)
					packet[10], packet[11] = byte(sum>>8), byte(sum)
				}
			}
			l.pass(packet)
		}
	})
}

func FuzzParseSlots(f *testing.F) {
	for _, s := range []string{"00 2d 0f 01", "00 2d", "00 37", "00 2d ff 00 00"} {
		f.Add(octets(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSlots(b)
		if err != nil {
			return
		}
		if back := s.Append(nil); len(b) != 2 && !bytes.Equal(back, b) || s.check() != nil {
			t.Errorf("% x is %+v, which is % x", b, s, back)
		}
	})
}
