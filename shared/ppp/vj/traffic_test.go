package vj

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"carrier/shared/ppp"
)

// traffic makes packets of several connections one after the other, quickly:
// most of them go on as connections do, some change anything.
type traffic struct {
	rnd   *rand.Rand
	conns [][]byte // the last packet of each
}

func newTraffic(t testing.TB, seed uint64, conns int) *traffic {
	tr := &traffic{rnd: rand.New(rand.NewPCG(seed, 1))}
	for i := range conns {
		p := telnet()
		p.DstIP[3] = byte(i)
		if i%4 == 3 {
			p.TCP.Options = timestamp(byte(i))
		}
		tr.conns = append(tr.conns, append(make([]byte, 0, 1500), p.octets(t)...))
	}
	return tr
}

// next is valid until the next call.
func (tr *traffic) next() []byte {
	r := tr.rnd
	i := r.IntN(len(tr.conns))
	b := tr.conns[i]
	header := 20 + int(b[32]>>4)*4
	data := uint32(len(b) - header)
	tcp := b[20:]
	b[6], b[7], tcp[13] = 0x40, 0, 16|byte(r.IntN(2))<<3
	switch kind := r.IntN(16); {
	case kind < 6: // data
		grow32(tcp[4:], uint16(data))
	case kind < 9: // data, and what acknowledges it
		grow32(tcp[4:], uint16(data))
		grow32(tcp[8:], uint16(data))
	case kind < 12:
		grow32(tcp[8:], uint16(r.IntN(3000)))
		grow16(tcp[14:], uint16(r.IntN(600)))
	case kind < 13:
		tcp[13] = 16 | byte(r.IntN(64))
		grow16(tcp[18:], uint16(r.IntN(2)))
	case kind < 14: // any octet of the headers but the addresses
		b[[]int{1, 4, 6, 7, 8, 22, 24, 28, 33, 34, 36, 38, header - 1}[r.IntN(13)]] ^= 1 << r.IntN(8)
	case kind < 15:
		binary.BigEndian.PutUint32(tcp[4:], r.Uint32())
	}
	grow16(b[4:], uint16(max(1, r.IntN(8)-4)))
	n := header + []int{0, 1, 2, 40, 1500 - header}[r.IntN(5)]*r.IntN(2)
	b = b[:n]
	tr.conns[i] = b
	binary.BigEndian.PutUint16(b[2:], uint16(n))
	binary.BigEndian.PutUint16(tcp[16:], uint16(r.Uint32())) // as good as TCP's checksum here
	binary.BigEndian.PutUint16(b[10:], checksum(b[:20]))
	if r.IntN(50) == 0 {
		b[10]++
	}
	return b
}

// A million packets come out as they went in, and their headers are short.
func TestRoundTrips(t *testing.T) {
	rounds := 250_000
	if few {
		rounds = 10_000
	}
	for _, s := range []Slots{{1, true}, {3, false}, {16, true}, {256, true}} {
		l := newLink(t, s)
		tr := newTraffic(t, uint64(s.Count), s.Count+s.Count/4)
		var in, out [1500]byte
		count := map[ppp.Protocol]int{}
		for range rounds {
			packet := tr.next()
			info, p := l.c.Compress(in[:0], packet)
			count[p]++
			got, err := info, error(nil)
			switch p {
			case ppp.VJCompressed:
				got, err = l.d.Compressed(out[:0], info)
			case ppp.VJUncompressed:
				got, err = l.d.Uncompressed(out[:0], info)
			}
			if err != nil || string(got) != string(packet) {
				t.Fatalf("%+v, %v % x: came out as\n% x, %v, but was\n% x", s, p, info, got, err, packet)
			}
		}
		if count[ppp.VJCompressed] < rounds/3 || count[ppp.VJUncompressed] < rounds/15 || count[ppp.IPv4] < rounds/100 {
			t.Errorf("%+v: %v", s, count)
		}
	}
}

func TestNothingIsAllocatedForAPacket(t *testing.T) {
	l := newLink(t, Slots{Count: 16, Implied: true})
	tr := newTraffic(t, 1, 20)
	garbage := octets(t, "ff 03")
	var in, out [1500]byte
	step := func() {
		info, p := l.c.Compress(in[:0], tr.next())
		switch p {
		case ppp.VJCompressed:
			_, _ = l.d.Compressed(out[:0], info)
		case ppp.VJUncompressed:
			_, _ = l.d.Uncompressed(out[:0], info)
		}
		_, _ = l.d.Compressed(out[:0], garbage)
		_, _ = l.d.Uncompressed(out[:0], garbage)
	}
	step()
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
	// An end that sees no TCP has no slots.
	idle, _ := NewCompressor(Slots{Count: MaxSlots})
	idle.Compress(nil, []byte{0x45})
	if idle.slots != nil || idle.order != nil {
		t.Error("an idle compressor has slots")
	}
}

func BenchmarkCompress(b *testing.B) {
	l := newLink(b, Slots{Count: 16, Implied: true})
	packets := mixed(b)
	var in [1500]byte
	b.ReportAllocs()
	b.SetBytes(average(packets))
	for i := 0; b.Loop(); i++ {
		l.c.Compress(in[:0], packets[i%len(packets)])
	}
}

func BenchmarkDecompress(b *testing.B) {
	l := newLink(b, Slots{Count: 16})
	packets := mixed(b)
	type field struct {
		p    ppp.Protocol
		info []byte
	}
	var fields []field
	for _, p := range packets {
		info, protocol := l.c.Compress(nil, p)
		if protocol != ppp.IPv4 {
			fields = append(fields, field{protocol, info})
		}
	}
	var out [1500]byte
	b.ReportAllocs()
	b.SetBytes(average(packets))
	for i := 0; b.Loop(); i++ {
		f := fields[i%len(fields)]
		var err error
		if f.p == ppp.VJCompressed {
			_, err = l.d.Compressed(out[:0], f.info)
		} else {
			_, err = l.d.Uncompressed(out[:0], f.info)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func mixed(b *testing.B) (packets [][]byte) {
	tr := newTraffic(b, 1, 12)
	for range 1000 {
		packets = append(packets, append([]byte(nil), tr.next()...))
	}
	return packets
}

func average(packets [][]byte) int64 {
	n := 0
	for _, p := range packets {
		n += len(p)
	}
	return int64(n / len(packets))
}
