package codectest

import (
	"bytes"
	"fmt"
	"testing"

	"carrier/shared/ppp"
)

// A Compressor is the sending half of a compressor that keeps a history.
type Compressor interface {
	Compress(dst, packet []byte) ([]byte, bool)
	Reset(request []byte) (ack []byte)
}

// A Decompressor is its receiving half.
type Decompressor interface {
	Decompress(dst, info []byte) ([]byte, error)
	Uncompressed(packet []byte)
	Reset(ack []byte)
}

// A Pair is the two ends of a link.
type Pair struct {
	Compressor
	Decompressor
}

// Carry sends packet over the link and returns what the other end delivers, and
// whether it went compressed.
func (p Pair) Carry(packet []byte) (got []byte, compressed bool, err error) {
	info, ok := p.Compress(nil, packet)
	if !ok {
		p.Uncompressed(packet)
		return packet, false, nil
	}
	got, err = p.Decompress(nil, info)
	return got, true, err
}

// Same tells whether two packets are the same but for the form of their
// Protocol field.
func Same(a, b []byte) bool {
	p, info, err := ppp.Split(a)
	q, other, wrong := ppp.Split(b)
	return err == nil && wrong == nil && p == q && bytes.Equal(info, other)
}

// RoundTrip carries n packets, a twentieth of them with the race detector, and
// compares each.
func RoundTrip(t *testing.T, p Pair, n int) {
	t.Helper()
	if Raced {
		n /= 20
	}
	traffic := NewTraffic(uint64(n))
	var info, got []byte
	compressed, octets, sent := 0, 0, 0
	for i := range n {
		packet := traffic.Next()
		octets += len(packet)
		var ok bool
		if info, ok = p.Compress(info[:0], packet); !ok {
			if len(info) != 0 {
				t.Fatalf("packet %d: %d octets were appended of one that goes as it is", i, len(info))
			}
			p.Uncompressed(packet)
			sent += len(packet)
			continue
		}
		if len(info) > MRU {
			t.Fatalf("packet %d: %d octets are more than the MRU", i, len(info))
		}
		if protocol, _, _ := ppp.Split(packet); !protocol.Network() {
			t.Fatalf("packet %d went compressed, though it is %v", i, protocol)
		}
		compressed++
		sent += 1 + len(info)
		var err error
		if got, err = p.Decompress(got[:0], info); err != nil || !Same(got, packet) {
			t.Fatalf("packet %d of %d octets: %v\n got %x\nwant %x", i, len(packet), err, got, packet)
		}
	}
	t.Logf("%d packets, %d of them compressed: %d octets became %d", n, compressed, octets, sent)
	if sent >= octets || compressed == 0 {
		t.Errorf("nothing was gained: %d octets became %d", octets, sent)
	}
}

// Loss loses packets on the way: what comes after must be an error, and nothing
// be delivered, until both ends have been reset; then all is well again. request
// is the data of the Reset-Request. A format whose packets have no number may
// find a loss later, or never where nothing depended on the packet, and may
// recover by itself, but may deliver none that is wrong.
func Loss(t *testing.T, p Pair, request []byte, numbered bool) {
	t.Helper()
	traffic := NewTraffic(7)
	rounds, seen := 60, 0
	for round := range rounds {
		for range round % 20 {
			packet := traffic.Next()
			if got, _, err := p.Carry(packet); err != nil || !Same(got, packet) {
				t.Fatalf("round %d: %v\n got %x\nwant %x", round, err, got, packet)
			}
		}
		lost := false
		for !lost { // one of a protocol that all of them compress
			packet := traffic.Next()
			if protocol, _, _ := ppp.Split(packet); protocol != ppp.IPv4 {
				continue
			}
			// what goes as it is has a number only where it has one in all
			if _, compressed := p.Compress(nil, packet); compressed || numbered {
				lost = true
			} else {
				p.Uncompressed(packet)
			}
		}
		found := false
		for n := 0; n < 100 && !found; n++ {
			packet := traffic.Next()
			got, compressed, err := p.Carry(packet)
			found = err != nil
			if compressed && !found && (numbered || !Same(got, packet)) || found && len(got) > 0 {
				t.Fatalf("round %d: after a loss: %v\n got %x\nwant %x", round, err, got, packet)
			}
		}
		if found {
			seen++
		}
		for range 3 { // on the way before the peer knows
			packet := traffic.Next()
			got, compressed, err := p.Carry(packet)
			if found && compressed && (err == nil && (numbered || !Same(got, packet)) || err != nil && len(got) != 0) {
				t.Fatalf("round %d: delivered %x before the Reset-Ack", round, got)
			}
		}
		p.Decompressor.Reset(p.Compressor.Reset(request))
	}
	if seen == 0 || numbered && seen < rounds {
		t.Errorf("%d losses of %d were found", seen, rounds)
	}
}

// Corrupt changes what is on the way, cuts it and makes it longer: whatever the
// decompressor makes of that, it is no more than the MRU allows, and nothing
// with an error. prefixes says that no part of a packet may pass for a whole
// one.
func Corrupt(t *testing.T, start func() Pair, prefixes bool) {
	t.Helper()
	traffic := NewTraffic(3)
	try := func(what string, info, good []byte, history [][]byte) (delivered bool) {
		p := start()
		for _, packet := range history {
			p.Carry(packet)
		}
		got, err := p.Decompress(nil, info)
		switch {
		case err != nil && len(got) != 0:
			t.Errorf("%s: %v, and yet %d octets", what, err, len(got))
		case len(got) > 2+MRU:
			t.Errorf("%s: delivered %d octets", what, len(got))
		}
		if err == nil {
			return true
		}
		if got, err := p.Decompress(nil, good); err == nil || len(got) > 0 {
			t.Errorf("%s: that was an error, and yet the next was taken", what)
		}
		return false
	}
	for round := range 20 {
		p := start()
		var history [][]byte
		var info []byte
		for ok := false; !ok; {
			packet := bytes.Clone(traffic.Next())
			if info, ok = p.Compress(nil, packet); !ok || len(history) < round%4 {
				history = append(history, packet)
				ok = false
			}
		}
		for n := 0; n < len(info); n += 1 + n/20 {
			if try(fmt.Sprintf("first %d of %d", n, len(info)), info[:n], info, history) && prefixes {
				t.Errorf("round %d: the first %d octets of %d were taken for a packet", round, n, len(info))
			}
			bad := bytes.Clone(info)
			bad[n] ^= 1 << (round % 8)
			try(fmt.Sprintf("octet %d changed", n), bad, info, history)
		}
		try("longer", append(bytes.Clone(info), info...), info, history)
		if !try("whole", info, info, history) {
			t.Fatalf("round %d: the packet itself was not taken", round)
		}
	}
}

// Alloc carries packets until all is warm, and then wants no allocation.
func Alloc(t *testing.T, p Pair) {
	t.Helper()
	traffic := NewTraffic(5)
	var packets [64][]byte
	for i := range packets {
		packets[i] = bytes.Clone(traffic.Next())
	}
	info, got := make([]byte, 0, 2*MRU), make([]byte, 0, 2*MRU)
	step := func() {
		for _, packet := range packets {
			out, ok := p.Compress(info, packet)
			if !ok {
				p.Uncompressed(packet)
			} else if _, err := p.Decompress(got, out); err != nil {
				t.Fatal(err)
			}
		}
	}
	step()
	if n := testing.AllocsPerRun(20, step); n != 0 && !Raced {
		t.Errorf("%v allocations for %d packets", n, len(packets))
	}
}
