package gre

import (
	"bytes"
	"errors"
	"testing"

	"carrier/shared/wire"
)

// golden are packets laid out by hand from the figure in RFC 2637 §4.1.
var golden = []struct {
	name    string
	packet  []byte
	header  Header
	payload []byte
}{
	{"data and acknowledgement", []byte{
		0x30, 0x81, 0x88, 0x0B, // K S A, Ver 1
		0x00, 0x04, 0x12, 0x34,
		0x00, 0x00, 0x00, 0x05,
		0xFF, 0xFF, 0xFF, 0xFE,
		0xFF, 0x03, 0xC0, 0x21,
	}, Header{CallID: 0x1234, HasSeq: true, Seq: 5, HasAck: true, Ack: 0xFFFFFFFE}, []byte{0xFF, 3, 0xC0, 0x21}},
	{"data alone", []byte{
		0x30, 0x01, 0x88, 0x0B,
		0x00, 0x01, 0x00, 0x00,
		0x80, 0x00, 0x00, 0x00,
		0x21,
	}, Header{HasSeq: true, Seq: 1 << 31}, []byte{0x21}},
	{"acknowledgement alone: it follows the key", []byte{
		0x20, 0x81, 0x88, 0x0B,
		0x00, 0x00, 0xFF, 0xFF,
		0x00, 0x00, 0x01, 0x00,
	}, Header{CallID: 0xFFFF, HasAck: true, Ack: 256}, nil},
	{"neither", []byte{
		0x20, 0x01, 0x88, 0x0B,
		0x00, 0x00, 0x00, 0x07,
	}, Header{CallID: 7}, nil},
}

func TestGoldenHeaders(t *testing.T) {
	for _, g := range golden {
		h, payload, err := Parse(g.packet)
		if err != nil || h != g.header || !bytes.Equal(payload, g.payload) {
			t.Errorf("%s: read %+v % x, %v", g.name, h, payload, err)
		}
		if b := g.header.Append([]byte{0xEE}, g.payload); !bytes.Equal(b[1:], g.packet) {
			t.Errorf("%s: wrote % x", g.name, b[1:])
		}
		for n := range g.packet {
			if _, _, err := Parse(g.packet[:n]); !errors.Is(err, wire.ErrShort) {
				t.Errorf("%s: first %d octets: %v", g.name, n, err)
			}
		}
	}
}

func TestPayloadLengthIsCheckedBothWays(t *testing.T) {
	data := golden[0].packet
	if _, payload, err := Parse(append(bytes.Clone(data), 0, 0, 0)); err != nil || !bytes.Equal(payload, golden[0].payload) {
		t.Errorf("padded: % x, %v", payload, err)
	}
	for _, length := range []uint16{5, 20, 65535} {
		b := bytes.Clone(data)
		b[4], b[5] = byte(length>>8), byte(length)
		if _, _, err := Parse(b); !errors.Is(err, wire.ErrShort) {
			t.Errorf("length %d of 4 octets: %v", length, err)
		}
	}
	for _, length := range []byte{0, 1, 3} {
		b := bytes.Clone(data)
		b[5] = length
		if _, payload, err := Parse(b); err != nil || len(payload) != int(length) {
			t.Errorf("length %d of 4 octets: %d octets, %v", length, len(payload), err)
		}
	}
}

func TestParseNamesTheWrongField(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(b []byte)
		want   string
	}{
		{"plain GRE (RFC 1701)", func(b []byte) { b[1] &^= 7 }, "GRE Version: 0x0 is wrong"},
		{"version 2", func(b []byte) { b[1] ^= 3 }, "GRE Version: 0x2 is wrong"},
		{"checksum", func(b []byte) { b[0] |= 0x80 }, "GRE Flags: 0xb081 is wrong"},
		{"routing", func(b []byte) { b[0] |= 0x40 }, "GRE Flags: 0x7081 is wrong"},
		{"no key", func(b []byte) { b[0] &^= 0x20 }, "GRE Flags: 0x1081 is wrong"},
		{"a reserved flag", func(b []byte) { b[1] |= 0x08 }, "GRE Flags: 0x3089 is wrong"},
		{"IPv4 inside", func(b []byte) { b[2], b[3] = 8, 0 }, "GRE Protocol Type: 0x800 is wrong"},
		{"payload without number", func(b []byte) { b[0] &^= 0x10 }, "GRE Payload Length without Sequence Number: 0x4 is wrong"},
	} {
		b := bytes.Clone(golden[0].packet)
		tt.change(b)
		_, _, err := Parse(b)
		var field *FieldError
		if !errors.As(err, &field) || err.Error() != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestBitsThatChangeNothingArePassedOver(t *testing.T) {
	b := bytes.Clone(golden[0].packet)
	b[0] |= 0x0F // s and Recur
	if h, _, err := Parse(b); err != nil || h != golden[0].header {
		t.Errorf("%+v, %v", h, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, g := range golden {
		f.Add(g.packet)
	}
	f.Add([]byte{0x30, 0x01, 0x88, 0x0B, 0xFF, 0xFF, 0, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, payload, err := Parse(b)
		if err != nil {
			return
		}
		again, p2, err := Parse(h.Append(nil, payload))
		if err != nil || again != h || !bytes.Equal(p2, payload) {
			t.Errorf("% x: %+v, then %+v %v", b, h, again, err)
		}
	})
}
