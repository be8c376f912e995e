package mppc

import (
	"bytes"
	"strings"
	"testing"
)

const mru = 1500

// A pair is both ends of one direction.
type pair struct {
	c Compressor
	d Decompressor
}

// pass takes a packet from one end to the other, where it must be what it was.
func (p *pair) pass(t *testing.T, packet []byte) (coded []byte, f Flags) {
	t.Helper()
	coded, f = p.c.Compress(nil, packet)
	got, err := p.d.Decompress(nil, coded, f, max(mru, len(packet)))
	if err != nil || !bytes.Equal(got, packet) {
		t.Fatalf("%d octets of %#x gave %d of %d: %v", len(coded), f, len(got), len(packet), err)
	}
	return coded, f
}

// random is n octets with no order in them, others for each seed, all with the
// high bit or all without.
func random(seed uint64, n int, high byte) []byte {
	b := newTraffic(seed, mru).octets(nil, n)
	for i := range b {
		b[i] = b[i]&0x7F | high
	}
	return b
}

func TestRoundTrips(t *testing.T) {
	count := 1_000_000
	if raced || testing.Short() {
		count /= 20
	}
	var p pair
	var dst, back []byte
	mixed, large := newTraffic(4, 128), newTraffic(5, mru+2)
	fronts, flushes, compressed := 0, 0, 0
	for i := range count {
		var packet []byte
		switch {
		case i%16 == 0:
			_, packet = large.next()
		case i%1024 != 1:
			_, packet = mixed.next()
		}
		if i%5000 == 4999 {
			p.c.Flush()
		}
		coded, f := p.c.Compress(dst[:0], packet)
		got, err := p.d.Decompress(back[:0], coded, f, mru)
		if err != nil || !bytes.Equal(got, packet) || len(coded) > len(packet) {
			t.Fatalf("packet %d: %d octets of %#x gave %d of %d: %v", i, len(coded), f, len(got), len(packet), err)
		}
		dst, back = coded, got
		if f&AtFront != 0 {
			fronts++
		}
		if f&Flushed != 0 {
			flushes++
		}
		if f&Compressed != 0 {
			compressed++
		}
	}
	if fronts < count/500 || flushes < count/500 || compressed < count/2 {
		t.Errorf("of %d packets only %d stood at the front, %d were flushed, %d compressed", count, fronts, flushes, compressed)
	}
}

// What is copied, and how it is coded, is as MS-RDPBCGR §3.1.8.2 has it for the
// text that it takes as an example.
func TestPublishedExample(t *testing.T) {
	var p pair
	coded, f := p.pass(t, []byte("for.whom.the.bell.tolls,.the.bell.tolls.for.thee!"))
	var want strings.Builder
	for _, c := range "for.whom.the.bell.tolls," {
		want.WriteString(literalCode(int(c)))
	}
	want.WriteString(offsetCode(16) + lengthCode(15) + literalCode('.') + offsetCode(40) + lengthCode(4) + offsetCode(19) + lengthCode(3) +
		literalCode('e') + literalCode('!'))
	if !bytes.Equal(coded, pack(want.String())) || f != AtFront|Compressed {
		t.Errorf("%x, %#x", coded, f)
	}
}

// A packet that its code would make longer goes as it is; the next begins a new
// history, and tells.
func TestExpansionFlushes(t *testing.T) {
	var p pair
	known, noise := []byte(strings.Repeat("known words ", 20)), random(1, 200, 0x80)
	p.pass(t, known)
	if coded, _ := p.pass(t, known); len(coded) > 10 {
		t.Errorf("again it took %d octets", len(coded))
	}
	for i, want := range []Flags{0, Flushed} { // two that are not compressed
		if coded, f := p.pass(t, noise); f != want || !bytes.Equal(coded, noise) {
			t.Errorf("noise %d: %#x, %d octets", i, f, len(coded))
		}
	}
	coded, f := p.pass(t, known)
	if f != Flushed|AtFront|Compressed || len(coded) < 12 {
		t.Errorf("after noise: %#x, %d octets", f, len(coded))
	}
	if coded, f = p.pass(t, known); f != Compressed || len(coded) > 10 {
		t.Errorf("and again: %#x, %d octets", f, len(coded))
	}
}

// A packet that does not fit in what is left goes to the front of the history,
// and can still be made of what stands at its end (RFC 2118 §1).
func TestHistoryGoesRound(t *testing.T) {
	var p pair
	var last []byte
	for i := range 8 {
		last = random(uint64(i), 1000, 0) // each octet's code takes eight bits
		if _, f := p.pass(t, last); (f&AtFront != 0) != (i == 0) || f&Compressed == 0 {
			t.Fatalf("block %d: %#x", i, f)
		}
	}
	coded, f := p.pass(t, last) // 192 octets are left
	if f != AtFront|Compressed || len(coded) > 10 {
		t.Errorf("%#x, %d octets", f, len(coded))
	}
}

// A history is filled up to its last octet but one.
func TestLastOctetStaysFree(t *testing.T) {
	for n := HistorySize - 6; n <= HistorySize+1; n++ {
		var p pair
		if _, f := p.pass(t, make([]byte, n)); (f&Compressed != 0) != (n < HistorySize) {
			t.Errorf("%d octets: %#x", n, f)
		}
		if _, f := p.pass(t, []byte{1, 2, 3}); (f&AtFront != 0) != (n+3 >= HistorySize) {
			t.Errorf("three octets after %d: %#x", n, f)
		}
	}
}

// Without history each packet stands alone, in any order.
func TestStateless(t *testing.T) {
	var c Compressor
	var d Decompressor
	from := newTraffic(7, mru+2)
	var packets, coded [][]byte
	var flags []Flags
	for range 300 {
		_, p := from.next()
		c.Flush()
		out, f := c.Compress(nil, p)
		if f&Flushed == 0 {
			t.Fatalf("packet %d: %#x", len(packets), f)
		}
		packets, coded, flags = append(packets, bytes.Clone(p)), append(coded, out), append(flags, f)
	}
	for i := range packets {
		i = i * 7 % len(packets)
		if got, err := d.Decompress(nil, coded[i], flags[i], mru); err != nil || !bytes.Equal(got, packets[i]) {
			t.Errorf("packet %d: %v", i, err)
		}
	}
}

// When a packet is missing nothing of the history may be used; after a flushed
// one all is right again. That one is missing the coherency count tells.
func TestLostPacket(t *testing.T) {
	var p pair
	a, b := []byte(strings.Repeat("one two three ", 9)), []byte(strings.Repeat("four five six ", 9))
	p.pass(t, a)
	p.c.Compress(nil, b) // never arrives
	coded, f := p.c.Compress(nil, b)
	if got, err := p.d.Decompress(nil, coded, f, mru); err == nil && bytes.Equal(got, b) || f != Compressed {
		t.Errorf("%d octets of %#x need no history", len(coded), f)
	}
	p.c.Flush() // the Reset-Request
	if _, f := p.pass(t, b); f != alone {
		t.Errorf("after a Reset-Request: %#x", f)
	}
	if coded, f := p.pass(t, b); f != Compressed || len(coded) > 10 {
		t.Errorf("then: %#x, %d octets", f, len(coded))
	}
}
