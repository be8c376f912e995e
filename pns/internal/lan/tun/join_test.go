package tun

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"carrier/pns/internal/lan"
)

// segmentAt is a TCP segment with data of so many octets, changed by change
// before its checksums are made.
func segmentAt(sequence uint32, octets int, change func(p []byte)) []byte {
	p := make([]byte, 52+octets)
	copy(p, []byte{0x45, 0, 0, 0, 0, 7, 0x40, 0, 64, 6, 0, 0, 2, 1, 1, 129, 2, 1, 1, 10})
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	copy(p[20:], []byte{0x0F, 0xA0, 0, 80, 0, 0, 0, 0, 0, 0, 0, 9, 0x80, ack, 0xFF, 0xFF, 0, 0, 0, 0, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2})
	binary.BigEndian.PutUint32(p[24:], sequence)
	for i := range octets {
		p[52+i] = byte(sequence) + byte(i)
	}
	if change != nil {
		change(p)
	}
	if p[0] == 0x45 {
		lan.SetChecksum(p[:20])
		p[36], p[37] = 0, 0
		binary.BigEndian.PutUint16(p[36:], ^lan.FoldSum(lan.Sum(p[20:], pseudo(p))))
	}
	return p
}

// collect is a joiner and what it wrote.
func collect() (j *joiner, wrote *[][]byte) {
	wrote = new([][]byte)
	return &joiner{buf: make([]byte, virtioLen+maxPacket), write: func(b []byte) error {
		*wrote = append(*wrote, bytes.Clone(b))
		return nil
	}}, wrote
}

// split does what the kernel does with a packet behind a virtio header, or its
// network card (include/uapi/linux/virtio_net.h).
func split(t *testing.T, b []byte) (packets [][]byte) {
	t.Helper()
	h, p := b[:virtioLen], b[virtioLen:]
	if h[1] == 0 {
		if !bytes.Equal(h, make([]byte, virtioLen)) {
			t.Errorf("header %x of a packet that is one", h)
		}
		return [][]byte{p}
	}
	headers, size := int(binary.NativeEndian.Uint16(h[2:])), int(binary.NativeEndian.Uint16(h[4:]))
	if h[0] != 1 || h[1] != 1 || binary.NativeEndian.Uint16(h[6:]) != 20 || binary.NativeEndian.Uint16(h[8:]) != 16 {
		t.Errorf("header %x", h)
	}
	if got, want := binary.BigEndian.Uint16(p[36:]), lan.FoldSum(pseudo(p)); got != want {
		t.Errorf("the sum of the pseudo header is %04x, want %04x", got, want)
	}
	if _, err := lan.Parse(p); err != nil {
		t.Error(err)
	}
	for i, data := 0, p[headers:]; len(data) > 0; i++ {
		n := min(size, len(data))
		one := append(bytes.Clone(p[:headers]), data[:n]...)
		data = data[n:]
		binary.BigEndian.PutUint16(one[2:], uint16(len(one)))
		binary.BigEndian.PutUint32(one[24:], binary.BigEndian.Uint32(p[24:])+uint32(i*size))
		if len(data) > 0 {
			one[33] &^= push
		}
		lan.SetChecksum(one[:20])
		one[36], one[37] = 0, 0
		binary.BigEndian.PutUint16(one[36:], ^lan.FoldSum(lan.Sum(one[20:], pseudo(one))))
		packets = append(packets, one)
	}
	return packets
}

// What is joined is split into the same segments again, and only what can be is
// joined.
func TestJoin(t *testing.T) {
	set := func(at int, v ...byte) func([]byte) { return func(p []byte) { copy(p[at:], v) } }
	spoil := func(p []byte) []byte { p[60]++; return p }
	seg := segmentAt
	for _, c := range []struct {
		name    string
		packets [][]byte
		writes  int
	}{
		{"three in a row", [][]byte{seg(1, 100, nil), seg(101, 100, nil), seg(201, 100, nil)}, 1},
		{"a short one last", [][]byte{seg(1, 100, nil), seg(101, 40, nil), seg(141, 40, nil)}, 2},
		{"a longer one", [][]byte{seg(1, 100, nil), seg(101, 101, nil)}, 2},
		{"PSH ends it", [][]byte{seg(1, 100, nil), seg(101, 100, set(33, ack|push)), seg(201, 100, nil)}, 2},
		{"a gap", [][]byte{seg(1, 100, nil), seg(102, 100, nil)}, 2},
		{"backwards", [][]byte{seg(101, 100, nil), seg(1, 100, nil)}, 2},
		{"across the end of the numbers", [][]byte{seg(0xFFFFFFFF, 100, nil), seg(99, 100, nil)}, 1},
		{"another acknowledgement", [][]byte{seg(1, 100, nil), seg(101, 100, set(31, 10))}, 2},
		{"other options", [][]byte{seg(1, 100, nil), seg(101, 100, set(47, 9))}, 2},
		{"another connection", [][]byte{seg(1, 100, nil), seg(101, 100, set(21, 0xA1))}, 2},
		{"another host", [][]byte{seg(1, 100, nil), seg(101, 100, set(19, 11))}, 2},
		{"another Time to Live", [][]byte{seg(1, 100, nil), seg(101, 100, set(8, 63))}, 2},
		{"another Type of Service", [][]byte{seg(1, 100, nil), seg(101, 100, set(1, 8))}, 2},
		{"without DF", [][]byte{seg(1, 100, nil), seg(101, 100, set(6, 0))}, 2},
		{"FIN", [][]byte{seg(1, 100, nil), seg(101, 100, set(33, ack|1))}, 2},
		{"URG", [][]byte{seg(1, 100, set(33, ack|0x20)), seg(101, 100, nil)}, 2},
		{"no data", [][]byte{seg(1, 100, nil), seg(101, 0, nil), seg(101, 0, nil)}, 3},
		{"a wrong checksum", [][]byte{seg(1, 100, nil), spoil(seg(101, 100, nil)), seg(201, 100, nil)}, 3},
		{"a wrong checksum first", [][]byte{spoil(seg(1, 100, nil)), seg(101, 100, nil)}, 2},
		{"a fragment", [][]byte{seg(1, 100, nil), seg(101, 100, set(6, 0x20, 0)), seg(201, 100, set(6, 0, 9))}, 3},
		{"UDP", [][]byte{seg(1, 100, nil), seg(101, 100, set(9, 17))}, 2},
		{"IP options", [][]byte{seg(1, 100, nil), seg(101, 100, set(0, 0x46))}, 2},
		{"a TCP header that is too short", [][]byte{seg(1, 100, nil), seg(101, 100, set(32, 0x40))}, 2},
		{"a TCP header that is too long", [][]byte{seg(1, 4, nil), seg(101, 4, set(32, 0xF0))}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, wrote := collect()
			for _, p := range c.packets {
				j.add(p)
			}
			j.flush()
			j.flush()
			if len(*wrote) != c.writes {
				t.Errorf("%d writes, want %d", len(*wrote), c.writes)
			}
			var got [][]byte
			for _, b := range *wrote {
				got = append(got, split(t, b)...)
			}
			for i, p := range got { // the window and the identification may be the first one's
				if i >= len(c.packets) || !bytes.Equal(p, c.packets[i]) {
					t.Errorf("packet %d is\n%x, was\n%x", i, p, c.packets)
				}
			}
			if len(got) != len(c.packets) {
				t.Errorf("%d packets of %d", len(got), len(c.packets))
			}
		})
	}
	j, wrote := collect()
	for i := range 100 {
		j.add(segmentAt(uint32(1+i*1348), 1348, nil))
	}
	j.flush()
	if len(*wrote) != 3 {
		t.Errorf("100 segments of 1400 octets are %d packets", len(*wrote))
	}
}

func FuzzJoin(f *testing.F) {
	f.Add(slices.Concat(segmentAt(1, 10, nil), segmentAt(11, 10, nil)), uint8(62))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		j, wrote := collect()
		var in int
		for p := range slices.Chunk(b, int(size)+1) {
			if n := length(p); n > 0 {
				j.add(p[:n])
				in++
			}
		}
		j.flush()
		var out int
		for _, b := range *wrote {
			out += len(split(t, b))
		}
		if in != out {
			t.Errorf("%d packets became %d", in, out)
		}
	})
}
