package cp

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"carrier/shared/wire"
)

// goldenPackets are built from the figures of RFC 1661 §5 and §6.
var goldenPackets = []struct {
	name string
	b    []byte
	want Packet
	opts []Option // of configure packets
}{
	{"Configure-Request with MRU 1400 and Magic-Number",
		[]byte{1, 7, 0, 14, 1, 4, 0x05, 0x78, 5, 6, 0xDE, 0xAD, 0xBE, 0xEF},
		Packet{ConfigureRequest, 7, []byte{1, 4, 0x05, 0x78, 5, 6, 0xDE, 0xAD, 0xBE, 0xEF}},
		[]Option{{1, []byte{0x05, 0x78}}, {5, []byte{0xDE, 0xAD, 0xBE, 0xEF}}}},
	{"Configure-Ack of nothing", []byte{2, 1, 0, 4}, Packet{ConfigureAck, 1, []byte{}}, nil},
	{"Configure-Nak of CHAP with MD5", []byte{3, 1, 0, 9, 3, 5, 0xC2, 0x23, 5},
		Packet{ConfigureNak, 1, []byte{3, 5, 0xC2, 0x23, 5}}, []Option{{3, []byte{0xC2, 0x23, 5}}}},
	{"Configure-Reject of PFC and ACFC", []byte{4, 1, 0, 8, 7, 2, 8, 2},
		Packet{ConfigureReject, 1, []byte{7, 2, 8, 2}}, []Option{{7, []byte{}}, {8, []byte{}}}},
	{"Terminate-Request with text", []byte{5, 2, 0, 7, 'b', 'y', 'e'}, Packet{TerminateRequest, 2, []byte("bye")}, nil},
	{"Terminate-Ack", []byte{6, 2, 0, 4}, Packet{TerminateAck, 2, []byte{}}, nil},
	{"Code-Reject of code 200", []byte{7, 3, 0, 8, 200, 9, 0, 4}, Packet{CodeReject, 3, []byte{200, 9, 0, 4}}, nil},
}

func TestGoldenPackets(t *testing.T) {
	for _, g := range goldenPackets {
		p, err := Parse(g.b)
		if err != nil || !reflect.DeepEqual(p, g.want) {
			t.Errorf("%s: %+v, %v", g.name, p, err)
		}
		if b := g.want.Append(nil); !bytes.Equal(b, g.b) {
			t.Errorf("%s: appended % x", g.name, b)
		}
		padded, err := Parse(append(bytes.Clone(g.b), 0, 0, 0))
		if err != nil || !reflect.DeepEqual(padded, g.want) {
			t.Errorf("%s padded: %+v, %v", g.name, padded, err)
		}
		for n := range g.b {
			if _, err := Parse(g.b[:n]); !errors.Is(err, wire.ErrShort) {
				t.Errorf("%s, first %d octets: %v", g.name, n, err)
			}
		}
		if g.opts == nil {
			continue
		}
		opts, err := ParseOptions(p.Data)
		if err != nil || !reflect.DeepEqual(opts, g.opts) {
			t.Errorf("%s: options %v, %v", g.name, opts, err)
		}
		if b := AppendOptions(nil, g.opts); !bytes.Equal(b, p.Data) {
			t.Errorf("%s: options appended % x", g.name, b)
		}
	}
}

func TestParseRefusesLengths(t *testing.T) {
	for _, tt := range []struct {
		length uint16
		want   string
	}{
		{0, "control packet: Data: short message: need -4 bytes at 4, have 2"},
		{1, "control packet: Data: short message: need -3 bytes at 4, have 2"},
		{3, "control packet: Data: short message: need -1 bytes at 4, have 2"},
		{7, "control packet: Data: short message: need 3 bytes at 4, have 2"},
		{65535, "control packet: Data: short message: need 65531 bytes at 4, have 2"},
	} {
		_, err := Parse([]byte{1, 1, byte(tt.length >> 8), byte(tt.length), 0, 0})
		if !errors.Is(err, wire.ErrShort) || err.Error() != tt.want {
			t.Errorf("Length %d: %v", tt.length, err)
		}
	}
}

func TestParseOptionsRefusesLengths(t *testing.T) {
	for _, tt := range []struct {
		b    []byte
		want string
	}{
		{[]byte{5, 0, 1, 2}, "option 5: Data: short message: need -2 bytes at 2, have 2"},
		{[]byte{5, 1, 1, 2}, "option 5: Data: short message: need -1 bytes at 2, have 2"},
		{[]byte{5, 6, 1, 2}, "option 5: Data: short message: need 4 bytes at 2, have 2"},
		{[]byte{7, 2, 5, 255, 1}, "option 5: Data: short message: need 253 bytes at 4, have 1"},
		{[]byte{7, 2, 8}, "option 8: Length: short message: need 1 bytes at 3, have 0"},
	} {
		opts, err := ParseOptions(tt.b)
		if !errors.Is(err, wire.ErrShort) || err.Error() != tt.want || opts != nil {
			t.Errorf("% x: %v, %v", tt.b, opts, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, g := range goldenPackets {
		f.Add(g.b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			return
		}
		if again := p.Append(nil); !bytes.Equal(again, b[:len(again)]) {
			t.Errorf("% x came back as % x", b, again)
		}
		if opts, err := ParseOptions(p.Data); err == nil && !bytes.Equal(AppendOptions(nil, opts), p.Data) {
			t.Errorf("options % x came back as % x", p.Data, AppendOptions(nil, opts))
		}
	})
}
