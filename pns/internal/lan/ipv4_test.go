package lan

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"

	"carrier/shared/wire"
)

var (
	caller = netip.MustParseAddr("2.1.1.129")
	host   = netip.MustParseAddr("2.1.1.10")
	router = netip.MustParseAddr("2.1.1.60")
)

// golden is RFC 791 §3.1 by hand: 28 octets, a UDP datagram from port 7 to
// port 9 without data or checksum.
var golden = []byte{
	0x45, 0x00, 0x00, 0x1C, // Version 4, IHL 5; Type of Service; Total Length 28
	0x12, 0x34, 0x40, 0x00, // Identification; DF, offset 0
	0x40, 0x11, 0x22, 0x11, // Time to Live 64; UDP; Header Checksum
	2, 1, 1, 129, 2, 1, 1, 10,
	0, 7, 0, 9, 0, 8, 0, 0}

func TestParse(t *testing.T) {
	want := Header{Len: 20, Total: 28, DF: true, TTL: 64, Protocol: UDP, Src: caller, Dst: host}
	if h, err := Parse(golden); err != nil || h != want {
		t.Errorf("%+v, %v", h, err)
	}
	if h, err := Parse(append(bytes.Clone(golden), 0, 0, 0)); err != nil || h.Total != 28 {
		t.Errorf("with padding of the link: %+v, %v", h, err)
	}
	for n := range golden {
		_, err := Parse(golden[:n])
		if n < 20 && !errors.Is(err, wire.ErrShort) || n >= 20 && !errors.Is(err, ErrHeader) {
			t.Errorf("first %d octets: %v", n, err)
		}
	}
	for _, c := range []struct {
		name string
		at   int
		to   []byte
	}{
		{"version 6", 0, []byte{0x65}},
		{"IHL 4", 0, []byte{0x44}},
		{"IHL 0", 0, []byte{0x40}},
		{"Total Length 0", 2, []byte{0, 0}},
		{"Total Length 1", 2, []byte{0, 1}},
		{"Total Length 19", 2, []byte{0, 19}},
		{"Total Length 29", 2, []byte{0, 29}},
		{"Total Length 65535", 2, []byte{0xFF, 0xFF}},
		{"checksum", 10, []byte{0, 0}},
	} {
		b := bytes.Clone(golden)
		copy(b[c.at:], c.to)
		if c.at != 10 && b[0]&0x0F == 5 {
			SetChecksum(b[:20])
		}
		if h, err := Parse(b); !errors.Is(err, ErrHeader) {
			t.Errorf("%s: %+v, %v", c.name, h, err)
		}
	}
	long := bytes.Clone(golden)
	long[0] = 0x4F // 60 octets of header, 28 are there
	if _, err := Parse(long); !errors.Is(err, wire.ErrShort) {
		t.Errorf("IHL 15: %v", err)
	}
}

func TestChecksum(t *testing.T) {
	// RFC 1071 §3: the sum of these is DDF2.
	if got := Checksum([]byte{0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7}); got != 0xFFFF-0xDDF2 {
		t.Errorf("RFC 1071's example: %04X", got)
	}
	for n := range 9 { // an odd octet is followed by a zero
		b := bytes.Repeat([]byte{0xFF, 0x01}, 5)[:n]
		even := append(bytes.Clone(b), make([]byte, n%2)...)
		var sum uint32
		for i := 0; i < len(even); i += 2 {
			sum += uint32(even[i])<<8 | uint32(even[i+1])
		}
		sum = sum>>16 + sum&0xFFFF
		if got := Checksum(b); got != ^uint16(sum) {
			t.Errorf("%d octets: %04X, want %04X", n, got, ^uint16(sum))
		}
	}
}

func TestHop(t *testing.T) {
	b := bytes.Clone(golden)
	for ttl := 63; ttl >= 1; ttl-- {
		if !Hop(b) || int(b[8]) != ttl {
			t.Fatalf("Time to Live %d, want %d", b[8], ttl)
		}
		if _, err := Parse(b); err != nil {
			t.Fatal(err)
		}
	}
	if before := bytes.Clone(b); Hop(b) || !bytes.Equal(b, before) {
		t.Error("a packet at its end went on")
	}
}

func TestAppendUDP(t *testing.T) {
	got := AppendUDP([]byte("x"), 7, netip.AddrPortFrom(host, 53), netip.AddrPortFrom(caller, 1024), []byte("abc"))
	h, err := Parse(got[1:])
	if err != nil || h != (Header{Len: 20, Total: 31, TTL: 64, Protocol: UDP, Src: host, Dst: caller}) {
		t.Fatalf("%+v, %v", h, err)
	}
	// RFC 768's pseudo header: addresses, zero, protocol, length.
	pseudo := []byte{2, 1, 1, 10, 2, 1, 1, 129, 0, 17, 0, 11}
	if Checksum(append(pseudo, got[21:]...)) != 0 {
		t.Error("the checksum is wrong")
	}
	if want := []byte{0, 53, 4, 0, 0, 11}; !bytes.Equal(got[21:27], want) || string(got[29:]) != "abc" {
		t.Errorf("datagram % x", got[21:])
	}
}

func FuzzParse(f *testing.F) {
	f.Add(golden, 68)
	f.Add(append([]byte{0x46}, golden[1:]...), 576)
	f.Fuzz(func(t *testing.T, packet []byte, mtu int) {
		AppendError(nil, TimeExceeded, 0, router, packet)
		h, err := Parse(packet)
		if err != nil {
			return
		}
		if h.Len < 20 || h.Total < h.Len || h.Total > len(packet) {
			t.Fatalf("%+v of %d octets", h, len(packet))
		}
		mtu = 68 + mtu&0x7FF
		data := 0
		err = Fragment(packet, h, mtu, func(p []byte) {
			piece, err := Parse(p)
			if err != nil || len(p) > mtu {
				t.Fatalf("a piece of %d octets for %d: %v", len(p), mtu, err)
			}
			if piece.Offset != (h.Offset+data)&0xFFF8 {
				t.Fatalf("offset %d, want %d", piece.Offset, h.Offset+data)
			}
			data += piece.Total - piece.Len
		})
		if err == nil && data != h.Total-h.Len {
			t.Fatalf("%d of %d octets", data, h.Total-h.Len)
		}
	})
}
