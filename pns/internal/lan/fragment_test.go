package lan

import (
	"bytes"
	"errors"
	"testing"
)

// packet is one with n octets of data; options are in its header.
func packet(n int, flags uint16, options ...byte) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * 7)
	}
	b := AppendPacket(nil, UDP, 0x1234, caller, host, data)
	b = append(b[:20:20], append(options, data...)...)
	b[0] += byte(len(options) / 4)
	b[2], b[3] = byte(len(b)>>8), byte(len(b))
	b[6], b[7] = byte(flags>>8), byte(flags)
	SetChecksum(b[:20+len(options)])
	return b
}

func TestFragment(t *testing.T) {
	for _, c := range []struct {
		name      string
		packet    []byte
		mtu       int
		sizes     []int // of the pieces
		more      bool  // the last piece has MF
		laterHead int   // octets of header in the pieces behind the first
	}{
		{"fits", packet(48, 0), 68, []int{68}, false, 20},
		{"fits with DF", packet(48, dontFragment), 68, []int{68}, false, 20},
		{"one octet more", packet(49, 0), 68, []int{68, 21}, false, 20},
		{"units of 8", packet(2000, 0), 577, []int{572, 572, 572, 364}, false, 20},
		{"itself a fragment", packet(1480, moreFollow|185), 576, []int{572, 572, 396}, true, 20},
		{"options", packet(100, 0, 0x01, 0x83, 3, 4, 0x44, 4, 5, 0), 68, []int{68, 64, 44}, false, 24},
		{"an option that lies", packet(100, 0, 0x83, 77, 3, 4), 68, []int{64, 68, 32}, false, 20},
	} {
		h, err := Parse(c.packet)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var data []byte
		var sizes []int
		err = Fragment(c.packet, h, c.mtu, func(p []byte) {
			piece, err := Parse(p)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			last := len(data)+piece.Total-piece.Len == h.Total-h.Len
			if piece.MF != (!last || c.more) || piece.Offset != h.Offset+len(data) || !bytes.Equal(p[4:6], c.packet[4:6]) {
				t.Errorf("%s: piece %+v", c.name, piece)
			}
			if len(data) > 0 && piece.Len != c.laterHead {
				t.Errorf("%s: a header of %d octets, want %d", c.name, piece.Len, c.laterHead)
			}
			data, sizes = append(data, p[piece.Len:]...), append(sizes, len(p))
		})
		if err != nil || !bytes.Equal(data, c.packet[h.Len:]) {
			t.Errorf("%s: %d of %d octets, %v", c.name, len(data), len(c.packet)-h.Len, err)
		}
		for i := range max(len(sizes), len(c.sizes)) {
			if i >= len(sizes) || i >= len(c.sizes) || sizes[i] != c.sizes[i] {
				t.Errorf("%s: pieces of %d octets, want %d", c.name, sizes, c.sizes)
				break
			}
		}
	}
}

func TestDontFragment(t *testing.T) {
	b := packet(49, dontFragment)
	h, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := Fragment(b, h, 68, func([]byte) { t.Error("a piece came") }); !errors.Is(err, ErrDontFragment) {
		t.Errorf("error %v", err)
	}
}
