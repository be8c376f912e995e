package flow

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"carrier/shared/gre"
)

// tcp is a segment from Sara with flags and options, its checksum right.
func tcp(flags byte, options ...byte) []byte {
	h := make([]byte, 20, 60)
	h[12], h[13] = byte(20+len(options))/4<<4, flags
	p := ipv4(sara, intranet, protocolTCP, append(append(h, options...), "data"...))
	binary.BigEndian.PutUint16(p[20+16:], checksum(p))
	return p
}

// checksum is TCP's over pseudo header and segment (RFC 9293 §3.1): 0 when the
// one inside is right, the right one when it is zero.
func checksum(p []byte) uint16 {
	segment := p[20:]
	sum := uint32(protocolTCP) + uint32(len(segment))
	add := func(b []byte) {
		for i, c := range b {
			sum += uint32(c) << (8 * (1 - i&1))
		}
	}
	add(p[12:20])
	add(segment)
	for sum > 0xFFFF {
		sum = sum&0xFFFF + sum>>16
	}
	return ^uint16(sum)
}

func TestClamp(t *testing.T) {
	for _, tt := range []struct {
		name   string
		packet []byte
		at     int // where the MSS stands that is lowered to 1360; 0: nothing changes
	}{
		{"SYN", tcp(flagSYN, 2, 4, 5, 180), 42},
		{"SYN and ACK", tcp(flagSYN|0x10, 2, 4, 0xFF, 0xFF), 42},
		{"behind others", tcp(flagSYN, 3, 3, 7, 1, 4, 2, 2, 4, 5, 180, 1, 0), 48},
		{"at an odd place", tcp(flagSYN, 1, 2, 4, 5, 180, 1, 1, 1), 43},
		{"fits", tcp(flagSYN, 2, 4, 5, 0x50), 0},
		{"small", tcp(flagSYN, 2, 4, 2, 0x18), 0},
		{"no SYN", tcp(0x10, 2, 4, 5, 180), 0},
		{"no option", tcp(flagSYN), 0},
		{"after the end", tcp(flagSYN, 0, 2, 4, 5, 180, 1, 1, 1), 0},
		{"option of length 0", tcp(flagSYN, 3, 0, 2, 4), 0},
		{"option of length 1", tcp(flagSYN, 3, 1, 2, 4), 0},
		{"option beyond the header", tcp(flagSYN, 3, 30, 2, 4), 0},
		{"a kind alone at the end", tcp(flagSYN, 1, 1, 1, 2), 0},
		{"MSS of length 3", tcp(flagSYN, 2, 3, 5, 1), 0},
	} {
		f := newBench(t, Options{}).open()
		f.enter(time.Now())
		before := bytes.Clone(tt.packet)
		want := bytes.Clone(tt.packet)
		if tt.at != 0 {
			binary.BigEndian.PutUint16(want[tt.at:], 1360)
			want[36], want[37] = 0, 0
			binary.BigEndian.PutUint16(want[36:], checksum(want))
		}
		if got := f.clamp(tt.packet, 1400); !bytes.Equal(got, want) {
			t.Errorf("%s: % x, want % x", tt.name, got[20:], want[20:])
		} else if checksum(got) != 0 {
			t.Errorf("%s: wrong checksum", tt.name)
		}
		if !bytes.Equal(tt.packet, before) {
			t.Errorf("%s: the packet itself was changed", tt.name)
		}
	}
}

func TestClampLeavesFragmentsAndOthers(t *testing.T) {
	f := newBench(t, Options{}).open()
	f.enter(time.Now())
	later := tcp(flagSYN, 2, 4, 5, 180)
	later[7] = 1 // Fragment Offset
	udp := tcp(flagSYN, 2, 4, 5, 180)
	udp[9] = 17
	whole := tcp(flagSYN, 2, 4, 5, 180)
	for _, p := range [][]byte{later, udp, whole[:39], whole[:41]} {
		if got := f.clamp(p, 1400); &got[0] != &p[0] {
			t.Errorf("% x was changed", p)
		}
	}
}

func TestClampWorksBothWays(t *testing.T) {
	b := newBench(t, Options{GRE: gre.Options{}}).open()
	syn := tcp(flagSYN, 2, 4, 5, 180)
	b.from(frame(syn))
	if got := binary.BigEndian.Uint16(b.lan[0][42:]); got != 1360 {
		t.Errorf("up: %d", got)
	}
	copy(syn[12:16], intranet.AsSlice())
	copy(syn[16:20], sara.AsSlice())
	b.Deliver([][]byte{syn})
	if got := binary.BigEndian.Uint16(b.arrived()[0][4+42:]); got != 1360 {
		t.Errorf("down: %d", got)
	}
}

func TestClampGoesByTheRate(t *testing.T) {
	for _, tt := range []struct{ rate, mss int }{
		{28_800, 576 - 40}, {33_600, 672 - 40}, {56_000, 1120 - 40}, {63_999, 1279 - 40}, {64_000, 1360}, {1_000_000, 1360},
		{9_600, 256 - 40}, {1_200, 256 - 40}, {300, 1360}, {0, 1360}, {-1, 1360},
	} {
		b := newBench(t, Options{Rate: tt.rate, MSSByRate: true}).open()
		syn := tcp(flagSYN, 2, 4, 5, 180)
		b.from(frame(syn))
		copy(syn[12:16], intranet.AsSlice())
		copy(syn[16:20], sara.AsSlice())
		b.Deliver([][]byte{syn})
		up, down := binary.BigEndian.Uint16(b.lan[0][42:]), binary.BigEndian.Uint16(b.arrived()[0][4+42:])
		if int(up) != tt.mss || int(down) != tt.mss {
			t.Errorf("%d bit/s: MSS %d up, %d down; want %d", tt.rate, up, down, tt.mss)
		}
	}
	b := newBench(t, Options{Rate: 28_800}).open()
	b.from(frame(tcp(flagSYN, 2, 4, 5, 180)))
	if got := binary.BigEndian.Uint16(b.lan[0][42:]); got != 1360 {
		t.Errorf("switched off: %d", got)
	}
}

// mss is where a packet has one.
func mss(packet []byte) int {
	if tcp := tcpAt(packet); tcp != 0 {
		return mssAt(packet, tcp)
	}
	return 0
}

func FuzzClamp(f *testing.F) {
	f.Add(tcp(flagSYN, 2, 4, 5, 180))
	f.Add(tcp(flagSYN, 1, 2, 4, 5, 180, 1, 1, 1))
	f.Add(tcp(flagSYN, 3, 0, 2, 4))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := trim(b)
		if !ok {
			return
		}
		fl := newBench(t, Options{}).open()
		fl.enter(time.Now())
		sum := uint16(1)
		if p[9] == protocolTCP && p[0] == 0x45 && len(p) >= 40 {
			binary.BigEndian.PutUint16(p[36:], 0)
			binary.BigEndian.PutUint16(p[36:], checksum(p))
			sum = checksum(p)
		}
		got := fl.clamp(p, 1400)
		if len(got) != len(p) || mss(got) != mss(p) {
			t.Fatalf("% x became % x", p, got)
		}
		if at := mss(got); at != 0 && binary.BigEndian.Uint16(got[at:]) > 1360 {
			t.Errorf("% x: MSS not lowered", got)
		}
		if sum == 0 && checksum(got) != 0 {
			t.Errorf("% x: wrong checksum", got)
		}
	})
}
