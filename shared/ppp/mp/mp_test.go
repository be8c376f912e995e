package mp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"carrier/shared/wire"
)

// The figures 2 and 3 of RFC 1990 §3.
var golden = []struct {
	format Format
	header Header
	octets []byte
}{
	{Long, Header{Begin: true, Sequence: 0x010203}, []byte{0x80, 1, 2, 3}},
	{Long, Header{End: true, Sequence: 0xFFFFFF}, []byte{0x40, 0xFF, 0xFF, 0xFF}},
	{Long, Header{Begin: true, End: true}, []byte{0xC0, 0, 0, 0}},
	{Long, Header{Sequence: 7}, []byte{0, 0, 0, 7}},
	{Short, Header{Begin: true, Sequence: 0x102}, []byte{0x81, 2}},
	{Short, Header{End: true, Sequence: 0xFFF}, []byte{0x4F, 0xFF}},
	{Short, Header{Begin: true, End: true}, []byte{0xC0, 0}},
	{Short, Header{Sequence: 7}, []byte{0, 7}},
}

func TestHeaders(t *testing.T) {
	for _, g := range golden {
		if got := g.format.Append(nil, g.header); !bytes.Equal(got, g.octets) || len(got) != g.format.Length() {
			t.Errorf("%+v is written % x", g.header, got)
		}
		h, data, err := g.format.Parse(append(slices.Clone(g.octets), 0x21, 9))
		if err != nil || h != g.header || !bytes.Equal(data, []byte{0x21, 9}) {
			t.Errorf("% x reads %+v, % x, %v", g.octets, h, data, err)
		}
		for n := range g.octets {
			if _, _, err := g.format.Parse(g.octets[:n]); !errors.Is(err, wire.ErrShort) || !strings.Contains(err.Error(), "Sequence Number") {
				t.Errorf("first %d octets: %v", n, err)
			}
		}
	}
	for f, b := range map[Format][]byte{Long: {0xBF, 0, 0, 1}, Short: {0xB0, 1}} { // reserved bits
		if h, _, err := f.Parse(b); err != nil || (h != Header{Begin: true, Sequence: 1}) {
			t.Errorf("% x: %+v, %v", b, h, err)
		}
	}
}

func TestSenderCountsFromZeroAndWraps(t *testing.T) {
	for f, last := range map[Format]uint32{Long: 1<<24 - 1, Short: 1<<12 - 1} {
		s := Sender{Format: f}
		if got := s.Whole([]byte{9}); !bytes.Equal(got, f.Append([]byte{9}, Header{true, true, 0})) {
			t.Errorf("the first is % x", got)
		}
		s.next = last
		s.Whole(nil)
		if got := s.Whole(nil); !bytes.Equal(got, f.Append(nil, Header{true, true, 0})) {
			t.Errorf("after the last comes % x", got)
		}
	}
}

// rig writes each packet that comes, and "-" for each loss.
type rig struct {
	*Receiver
	t    *testing.T
	came string
}

func newRig(t *testing.T, f Format, mrru, links int) *rig {
	return &rig{Receiver: NewReceiver(f, mrru, links), t: t}
}

// send sends fragments, separated by spaces: "0[ab" is number 0 on link 0, which
// begins a packet with ab, "1:4c]" number 4 on link 1, which ends one.
func (r *rig) send(fragments string) {
	r.t.Helper()
	for _, text := range strings.Fields(fragments) {
		var from int
		var h Header
		if link, rest, ok := strings.Cut(text, ":"); ok {
			from, text = int(link[0]-'0'), rest
		}
		n, err := fmt.Sscanf(text, "%d", &h.Sequence)
		if n != 1 {
			r.t.Fatal(text, err)
		}
		data := strings.TrimLeft(text, "0123456789")
		data, h.Begin = strings.CutPrefix(data, "[")
		data, h.End = strings.CutSuffix(data, "]")
		lost := r.Stats().Lost
		if err := r.Receive(from, append(r.format.Append(nil, h), data...), func(p []byte) { r.came += string(p) + " " }); err != nil {
			r.t.Error(err)
		}
		if r.Stats().Lost > lost {
			r.came += "- "
		}
	}
}

func (r *rig) wants(what, want string) {
	r.t.Helper()
	if got := strings.TrimSpace(r.came); got != want {
		r.t.Errorf("%s: %q came, want %q", what, got, want)
	}
	r.came = ""
	waits := 0
	for _, f := range r.waiting {
		waits += len(f.data)
	}
	if waits != r.octets {
		r.t.Errorf("%s: %d octets wait, %d are counted", what, waits, r.octets)
	}
}

func TestOneLink(t *testing.T) {
	for _, tt := range []struct{ what, fragments, want string }{
		{"whole packets", "0[ab] 1[cd]", "ab cd"},
		{"two fragments, and three", "0[ab 1cd] 2[e 3f 4g]", "abcd efg"},
		{"an empty packet", "0[] 1[ab] 2[ 3]", "ab"},
		{"empty fragments", "0[ 1ab 2]", "ab"},
		{"not from 0 on", "5[ab] 6[cd]", "ab - cd"},
		{"from the last number on", "4095[ab] 0[cd]", "ab cd"},
		{"a packet is lost", "0[ab] 2[cd] 3[ef]", "ab cd - ef"},
		{"a beginning is lost", "0[ab] 2cd 3ef] 4[gh]", "ab - - gh"},
		{"a middle is lost", "0[ab 2ef] 3[gh]", "- gh"},
		{"an end is lost, and more", "0[ab 4[cd]", "cd -"},
		{"an end is missing", "0[ab 1[cd]", "cd -"},
		{"an end and the next beginning are lost", "0[ab 3cd] 4[ef]", "- ef"},
		{"twice", "0[ab] 0[ab] 1[c 1[c 2d]", "ab cd"},
		{"late", "1[ab] 0[cd] 2[ef]", "ab - ef"},
		{"no packet is longer", "0[abcd 1efghij] 2[ab]", "abcdefghij ab"},
		{"too long", "0[abcd 1efgh 2ijk 3l] 4[ab]", "- - ab"},
		{"too long in one", "0[abcdefghijk] 1[ab]", "- ab"},
	} {
		r := newRig(t, Short, 8, 1)
		r.send(tt.fragments)
		r.wants(tt.what, tt.want)
		if len(r.waiting) != 0 {
			t.Errorf("%s: %d fragments wait", tt.what, len(r.waiting))
		}
	}
}

func TestTwoLinks(t *testing.T) {
	for _, tt := range []struct{ what, fragments, want string }{
		{"in turns", "0:0[a 1:1b] 0:2[c 1:3d]", "ab cd"},
		{"one is ahead", "0:0[a 0:2[c] 0:4[e 1:1b] 1:3[d] 1:5f]", "ab c d ef"},
		{"one is not heard of yet", "0:2[c] 0:3[d]", ""},
		{"both have gone past", "0:0[a] 0:2[c] 1:3[d]", "a c d -"},
		{"lost between", "0:0[a 0:2c] 0:3[d] 1:4[e]", "d e -"},
		{"across the end of numbers", "0:4094[a 1:4095b 0:1d] 1:0c", "abcd"},
	} {
		r := newRig(t, Short, 8, 2)
		r.send(tt.fragments)
		r.wants(tt.what, tt.want)
	}
}

// One link may be far behind, or dead: what waits for it is bounded.
func TestWhatWaitsIsBounded(t *testing.T) {
	r := newRig(t, Long, 100, 2)
	for n := range 1000 {
		r.send(fmt.Sprintf("0:%d[%s]", 1+2*n, strings.Repeat("x", n%50)))
		if len(r.waiting) > maxFragments || r.octets > 3*102 {
			t.Fatalf("%d fragments wait, of %d octets", len(r.waiting), r.octets)
		}
	}
	if s := r.Stats(); s.Packets < 900 || s.Lost < 900 {
		t.Errorf("%+v", s)
	}
}

func TestShortHeaders(t *testing.T) {
	for _, g := range golden {
		r := NewReceiver(g.format, 1500, 1)
		for n := range g.octets {
			if err := r.Receive(0, g.octets[:n], nil); !errors.Is(err, wire.ErrShort) {
				t.Errorf("%d octets: %v", n, err)
			}
		}
		if r.begun {
			t.Error("a header that is cut short began the bundle")
		}
	}
}

func TestWholePacketsDoNotAllocate(t *testing.T) {
	for _, f := range []Format{Long, Short} {
		s, r, n := Sender{Format: f}, NewReceiver(f, 1500, 1), 0
		var b []byte
		count := func([]byte) { n++ }
		allocs := testing.AllocsPerRun(5000, func() {
			b = append(s.Whole(b[:0]), "a packet"...)
			if err := r.Receive(0, b, count); err != nil {
				t.Error(err)
			}
		})
		if allocs != 0 || n != 5001 || (r.Stats() != Stats{Packets: 5001}) {
			t.Errorf("format %d: %v allocations for a packet, %d came, %+v", f, allocs, n, r.Stats())
		}
	}
}

// Whatever comes on two links, what waits is bounded and in order, each packet
// is of fragments that follow each other and within the MRRU.
func FuzzReceiver(f *testing.F) {
	for _, text := range []string{"0a1b", "00800140", "0080014000c00140"} {
		f.Add([]byte(text), true)
		f.Add([]byte(text), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, short bool) {
		format := Long
		if short {
			format = Short
		}
		const mrru = 40
		r := NewReceiver(format, mrru, 2)
		deliver := func(p []byte) {
			if len(p) > mrru+protocol || len(p)%4 != 0 {
				t.Fatalf("a packet of %d octets", len(p))
			}
			for i := 4; i < len(p); i += 4 { // each fragment has its number as data
				if was, is := binary.BigEndian.Uint32(p[i-4:]), binary.BigEndian.Uint32(p[i:]); is != format.after(was, 1) {
					t.Fatalf("%d follows %d", is, was)
				}
			}
		}
		for ; len(b) >= 3; b = b[3:] {
			n := format.after(uint32(b[1])<<8|uint32(b[2]), 0)
			h := Header{Begin: b[0]&2 != 0, End: b[0]&4 != 0, Sequence: n}
			if err := r.Receive(int(b[0]&1), binary.BigEndian.AppendUint32(format.Append(nil, h), n), deliver); err != nil {
				t.Fatal(err)
			}
			if len(r.waiting) > maxFragments || r.octets > 3*(mrru+protocol) || r.octets != 4*len(r.waiting) {
				t.Fatalf("%d octets in %d fragments wait", r.octets, len(r.waiting))
			}
			for i, f := range r.waiting {
				if format.distance(f.Sequence, r.next) < 0 || i > 0 && format.distance(f.Sequence, r.waiting[i-1].Sequence) <= 0 {
					t.Fatalf("%d waits in place %d, %d is next", f.Sequence, i, r.next)
				}
			}
		}
	})
}
