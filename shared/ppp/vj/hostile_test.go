package vj

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"carrier/shared/ppp"
)

// Every prefix of each packet of the conversation that ends within its headers is
// an error and changes nothing: the whole packet is right after it.
func TestPrefixes(t *testing.T) {
	l := newLink(t, Slots{Count: 16})
	p := telnet()
	for _, s := range conversation {
		s.do(p)
		in := p.octets(t)
		protocol, info := l.compress(in)
		end, want := len(info), ErrHeader
		if protocol == ppp.VJCompressed { // a shorter packet is whole without its last data
			end, want = len(info)-len(p.data), ErrShort
		}
		for n := range end {
			if out, err := l.decompress(protocol, info[:n]); protocol != ppp.IPv4 && !errors.Is(err, want) {
				t.Errorf("%s, first %d octets: % x, %v", s.what, n, out, err)
			}
		}
		if got, err := l.decompress(protocol, info); err != nil || !bytes.Equal(got, in) {
			t.Errorf("%s, after its prefixes: % x, %v", s.what, got, err)
		}
		p.next()
	}
}

func TestHostilePackets(t *testing.T) {
	whole := telnet().octets(t)
	in := func(slot byte, change func(b []byte)) []byte {
		b := bytes.Clone(whole)
		b[9] = slot
		if change != nil {
			change(b)
		}
		return b
	}
	for _, tt := range []struct {
		what     string
		protocol ppp.Protocol
		info     []byte
		want     error
	}{
		{"a slot beyond", ppp.VJUncompressed, in(4, nil), ErrSlot},
		{"slot 255", ppp.VJUncompressed, in(255, nil), ErrSlot},
		{"IPv6", ppp.VJUncompressed, in(0, func(b []byte) { b[0] = 0x65 }), ErrHeader},
		{"an IP header of 16 octets", ppp.VJUncompressed, in(0, func(b []byte) { b[0] = 0x44 }), ErrHeader},
		{"an IP header of 60", ppp.VJUncompressed, in(0, func(b []byte) { b[0] = 0x4F }), ErrHeader},
		{"a TCP header of 16", ppp.VJUncompressed, in(0, func(b []byte) { b[32] = 0x40 }), ErrHeader},
		{"a TCP header of 60", ppp.VJUncompressed, in(0, func(b []byte) { b[32] = 0xF0 }), ErrHeader},
		{"a length of 65,535", ppp.VJUncompressed, in(0, func(b []byte) { b[2], b[3] = 0xFF, 0xFF }), ErrHeader},
		{"a length of zero", ppp.VJUncompressed, in(0, func(b []byte) { b[2], b[3] = 0, 0 }), ErrHeader},
		{"a length that ends in the headers", ppp.VJUncompressed, in(0, func(b []byte) { b[2], b[3] = 0, 39 }), ErrHeader},
		{"a wrong checksum", ppp.VJUncompressed, in(0, func(b []byte) { b[11]++ }), ErrHeader},
		{"a fragment", ppp.VJUncompressed, in(0, func(b []byte) { b[7]++; b[11]-- }), ErrHeader},
		{"the protocol still in it", ppp.VJUncompressed, whole, ErrSlot},
		{"a slot beyond", ppp.VJCompressed, octets(t, "4f 04 00 00"), ErrSlot},
		{"slot 255", ppp.VJCompressed, octets(t, "4f ff 00 00"), ErrSlot},
		{"an empty slot", ppp.VJCompressed, octets(t, "4f 03 00 00"), ErrEmpty},
		{"nothing", ppp.VJCompressed, nil, ErrShort},
		{"a mask", ppp.VJCompressed, octets(t, "0f"), ErrShort},
		{"half a checksum", ppp.VJCompressed, octets(t, "4f 00 00"), ErrShort},
		{"no numbers", ppp.VJCompressed, octets(t, "04 00 00"), ErrShort},
		{"half a number", ppp.VJCompressed, octets(t, "04 00 00 00 01"), ErrShort},
		{"no identification", ppp.VJCompressed, octets(t, "2f 00 00"), ErrShort},
		{"too long for IP", ppp.VJCompressed, append(octets(t, "0f 00 00"), make([]byte, 65535-39)...), ErrLong},
	} {
		l := newLink(t, Slots{Count: 4, Implied: true})
		if _, err := l.decompress(ppp.VJUncompressed, in(0, nil)); err != nil {
			t.Fatal(err)
		}
		before := l.d.slots[0]
		if out, err := l.decompress(tt.protocol, tt.info); !errors.Is(err, tt.want) {
			t.Errorf("%s, %v: % .60x, %v", tt.what, tt.protocol, out, err)
		}
		if l.d.slots[0] != before {
			t.Errorf("%s: the slot is another now", tt.what)
		}
		// After an error nothing is implied, until a slot is named.
		if _, err := l.decompress(ppp.VJCompressed, octets(t, "0f 00 00")); !errors.Is(err, ErrImplied) {
			t.Errorf("%s: then %v", tt.what, err)
		}
		for _, info := range []string{"4f 00 00 00", "0f 00 00"} {
			if _, err := l.decompress(ppp.VJCompressed, octets(t, info)); err != nil {
				t.Errorf("%s: then %s: %v", tt.what, info, err)
			}
		}
	}
}

// Padding behind an uncompressed packet is left, and the longest packet fits.
func TestLengths(t *testing.T) {
	l := newLink(t, Slots{Count: 1, Implied: true})
	whole := telnet().octets(t)
	_, info := l.compress(whole)
	if out, err := l.decompress(ppp.VJUncompressed, append(info, 1, 2, 3)); err != nil || !bytes.Equal(out, whole) {
		t.Errorf("padded: % x, %v", out, err)
	}
	if out, err := l.decompress(ppp.VJCompressed, append(octets(t, "0f 00 00"), make([]byte, 65535-40)...)); err != nil || len(out) != 65535 {
		t.Errorf("the longest: %d octets, %v", len(out), err)
	}
}

// Before anything came nothing is implied.
func TestNothingIsImpliedAtFirst(t *testing.T) {
	l := newLink(t, Slots{Count: 4, Implied: true})
	for _, tt := range []struct {
		info string
		want error
	}{{"0f 00 00", ErrImplied}, {"4f 00 00 00", ErrEmpty}, {"4f 04 00 00", ErrSlot}} {
		if _, err := l.decompress(ppp.VJCompressed, octets(t, tt.info)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.info, err)
		}
	}
}

// A frame that named another slot is lost: what follows without a name is
// dropped, and not taken for the connection before (RFC 1144 §4.1).
func TestToss(t *testing.T) {
	l := newLink(t, Slots{Count: 4, Implied: true})
	a, b := telnet(), telnet()
	b.SrcPort++
	for _, p := range []*packet{a, b, a} {
		l.pass(p.octets(t))
		p.next()
		p.Ack++
	}
	if _, info := l.compress(b.octets(t)); info[0]&0x40 == 0 { // lost
		t.Fatalf("% x names no slot", info)
	}
	l.d.Toss()
	b.next()
	b.Ack++
	protocol, info := l.compress(b.octets(t))
	if out, err := l.decompress(protocol, info); !errors.Is(err, ErrImplied) {
		t.Errorf("after the loss: % x, %v", out, err)
	}
	l.pass(a.octets(t)) // its slot is named, and it lost nothing
	b.next()
	b.Ack-- // TCP repeats itself
	if protocol, _ := l.pass(b.octets(t)); protocol != ppp.VJUncompressed {
		t.Errorf("an acknowledgement once more goes as %v", protocol)
	}
	b.next()
	b.Ack++
	l.pass(b.octets(t))
}

// Random octets, and right packets with wrong ones in them: no panic, no more
// octets than the headers, never a packet whose lengths lie.
func TestGarbage(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	l := newLink(t, Slots{Count: 4, Implied: true})
	tr := newTraffic(t, 1, 6)
	rounds, taken := 200_000, 0
	if few {
		rounds /= 10
	}
	for i := range rounds {
		protocol, info := l.compress(tr.next())
		if protocol == ppp.IPv4 {
			continue
		}
		info = bytes.Clone(info)
		switch i % 4 {
		case 0:
			info[rnd.IntN(len(info))] ^= byte(1 + rnd.IntN(255))
		case 1:
			info = info[:rnd.IntN(len(info))]
		case 2:
			for i := range info {
				info[i] = byte(rnd.Uint32())
			}
		}
		out, err := l.decompress(protocol, info)
		if err == nil {
			taken++
			checkBounds(t, info, out)
		}
	}
	if taken < rounds/4 {
		t.Errorf("only %d were taken", taken)
	}
}

// checkBounds holds what is true of every packet that comes out.
func checkBounds(t *testing.T, info, out []byte) {
	t.Helper()
	ip, all, total, ok := measure(out)
	if !ok || total != len(out) || all > len(out) || out[9] != 6 {
		t.Fatalf("% x: came out as % x", info, out)
	}
	if sum := checksum(out[:ip]); get16(out, 10) != sum && (sum != 0 || get16(out, 10) != 0xFFFF) {
		t.Fatalf("% x: checksum of % x is %04x", info, out, sum)
	}
	if len(out) > len(info)+117 {
		t.Fatalf("%d octets became %d", len(info), len(out))
	}
}
