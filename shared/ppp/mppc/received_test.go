package mppc

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// copying is the code of a copy.
func copying(offset, n int) string { return offsetCode(offset) + lengthCode(n) }

// abc is the code of three octets.
var abc = literalCode('a') + literalCode('b') + literalCode('c')

// alone are the flags of a packet that needs no other.
var alone = Flushed | AtFront | Compressed

func TestReceived(t *testing.T) {
	all13 := "110" + strings.Repeat("1", 13)
	for _, c := range []struct {
		name, code, want string
		err              error
	}{
		{"nothing", "", "", nil},
		{"literals", abc + literalCode(0xFF), "abc\xFF", nil},
		{"copy that copies itself", abc + copying(3, 8) + literalCode('d'), "abcabcabcabd", nil},
		{"one octet, often", abc + copying(1, 700), "ab" + strings.Repeat("c", 701), nil},
		{"bits that fill up", literalCode(0xFE) + "1111111", "\xFE", nil},
		{"literal cut short", literalCode('a') + "10000000", "", ErrShort},
		{"offset cut short", abc + "11000000", "", ErrShort},
		{"length cut short", abc + offsetCode(3) + "111110", "", ErrShort},
		{"lengths's bits cut short", abc + offsetCode(3) + "1111111101111111"[:14], "", ErrShort},
		{"length of 8192", abc + offsetCode(3) + "1111111111110" + strings.Repeat("0", 13), "", ErrCode},
		{"length of ones", abc + offsetCode(3) + strings.Repeat("1", 30), "", ErrCode},
		{"offset 0", abc + copying(0, 3), "", ErrOffset},
		{"offset before all", abc + copying(4, 3), "", ErrOffset},
		{"offset round the front", abc + copying(HistorySize-1, 3), "", ErrOffset},
		{"offset as large as the history", abc + copying(HistorySize, 3), "", ErrOffset},
		{"offset that comes round", abc + copying(HistorySize+2, 3), "", ErrOffset},
		{"greatest offset", abc + all13 + "0", "", ErrOffset},
	} {
		var d Decompressor // with a history that must be forgotten
		if _, err := d.Decompress(nil, pack(abc+copying(3, 5000)), alone, HistorySize); err != nil {
			t.Fatal(err)
		}
		before := []byte("before")
		got, err := d.Decompress(before[:6:6], pack(c.code), alone, mru)
		if !errors.Is(err, c.err) || string(got) != "before"+c.want {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
		// After an error nothing is delivered until a packet is flushed.
		after := AtFront | Compressed
		if got, err = d.Decompress(nil, pack(abc), after, mru); errors.Is(err, ErrLost) != (c.err != nil) || (len(got) == 0) != (c.err != nil) {
			t.Errorf("after %s: %q, %v", c.name, got, err)
		}
		after |= Flushed
		if got, err = d.Decompress(nil, pack(abc), after, mru); err != nil || string(got) != "abc" {
			t.Errorf("flushed after %s: %q, %v", c.name, got, err)
		}
	}
}

// What a packet may grow to is bounded: by the MRU, to which its Protocol field
// adds two, and by the history's end.
func TestReceivedIsBounded(t *testing.T) {
	for _, c := range []struct {
		mru, size int
		err       error
	}{
		{100, 102, nil}, {100, 103, ErrLong}, {1500, 1502, nil}, {1500, 1503, ErrLong}, {1500, HistorySize - 1, ErrLong},
		{16384, HistorySize, nil}, {16384, HistorySize + 1, ErrLong},
	} {
		bomb := pack(literalCode('a') + copying(1, c.size-3) + literalCode('b') + literalCode(0xC3))
		plain := append(append(bytes.Repeat([]byte{'a'}, c.size-2), 'b'), 0xC3)
		for _, in := range []struct {
			octets []byte
			flags  Flags
		}{{bomb, alone}, {plain, Flushed}, {bytes.Repeat([]byte{'a'}, c.size), alone}} {
			var d Decompressor
			want := c.err
			if in.flags&Compressed == 0 && c.size <= c.mru {
				want = nil // not of the history
			}
			got, err := d.Decompress(nil, in.octets, in.flags, c.mru)
			if !errors.Is(err, want) || err == nil && (len(got) != c.size || got[0] != 'a') || err != nil && len(got) > 0 {
				t.Errorf("%d octets, MRU %d, %#x: %d, %v", c.size, c.mru, in.flags, len(got), err)
			}
		}
	}
	var d Decompressor
	if _, err := d.Decompress(nil, pack(abc+copying(3, 8000)), alone, mru); !errors.Is(err, ErrLong) {
		t.Errorf("a bomb: %v", err)
	}
}

// A copy may run from what the history holds into what it was initialised with,
// and round its end: FreeRDP's coder does the one, FreeBSD's both.
func TestCopiesRunOn(t *testing.T) {
	var d Decompressor
	fill := func(f Flags, code string, size int) string {
		got, err := d.Decompress(nil, pack(code), f, HistorySize)
		if err != nil || len(got) != size {
			t.Fatalf("%d octets of %d: %v", len(got), size, err)
		}
		return string(got)
	}
	front := AtFront | Compressed
	fill(alone, abc+copying(3, 97), 100)
	if got := fill(front, literalCode('x')+copying(HistorySize-98, 5), 6); got != "xa\x00\x00\x00\x00" {
		t.Errorf("into what was never filled: %q", got)
	}
	fill(alone, abc+copying(3, HistorySize-4)+literalCode('z'), HistorySize)
	if got := fill(front, literalCode('x')+copying(2, 5), 6); got != "xzxzxz" {
		t.Errorf("round the end: %q", got)
	}
	// None of it is left when the history begins anew.
	fill(alone, literalCode('x'), 1)
	if got := fill(Compressed, copying(1, 5), 5); got != "xxxxx" {
		t.Errorf("at its begin: %q", got)
	}
	fill(alone, abc+copying(3, 97), 100)
	if got := fill(front, literalCode('x')+copying(HistorySize-98, 5), 6); got != "xa\x00\x00\x00\x00" {
		t.Errorf("into what was filled once: %q", got)
	}
}

// Where the next octet goes there may be an old one; no offset says so.
func TestNoOffsetIsZero(t *testing.T) {
	for _, offset := range []int{0, HistorySize} {
		var d Decompressor
		for _, c := range []struct {
			code string
			err  error
		}{{abc + copying(3, 97), nil}, {literalCode('x') + copying(offset, 3), ErrOffset}} {
			if _, err := d.Decompress(nil, pack(c.code), AtFront|Compressed, mru); !errors.Is(err, c.err) {
				t.Errorf("offset %d: %v", offset, err)
			}
		}
	}
}

// A packet that is not compressed is no part of the history.
func TestUncompressedLeavesTheHistory(t *testing.T) {
	var d Decompressor
	for _, c := range []struct {
		octets []byte
		flags  Flags
		want   string
	}{
		{pack(abc), alone, "abc"},
		{[]byte("xyz"), 0, "xyz"},
		{pack(copying(3, 4)), Compressed, "abca"},
	} {
		if got, err := d.Decompress(nil, c.octets, c.flags, mru); err != nil || string(got) != c.want {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// Corrupted packets are refused or give other octets, within the bound; what
// comes after a flush is right again.
func TestCorruptedPackets(t *testing.T) {
	var p pair
	from := newTraffic(8, mru+2)
	refused, wrong := 0, 0
	for range 20_000 {
		_, packet := from.next()
		coded, f := p.c.Compress(nil, packet)
		if len(coded) == 0 {
			continue
		}
		coded[from.rand.IntN(len(coded))] ^= 1 << from.rand.IntN(8)
		got, err := p.d.Decompress(nil, coded, f, mru)
		switch {
		case err != nil && len(got) > 0, len(got) > mru+2:
			t.Fatalf("%d octets, %v", len(got), err)
		case err != nil && !errors.Is(err, ErrLost):
			refused++
		case err == nil && !bytes.Equal(got, packet):
			wrong++
		}
		if from.rand.IntN(3) == 0 {
			p.c.Flush()
			_, packet = from.next()
			p.pass(t, packet)
		}
	}
	if refused < 1000 || wrong < 1000 {
		t.Errorf("%d were refused, %d were wrong", refused, wrong)
	}
}
