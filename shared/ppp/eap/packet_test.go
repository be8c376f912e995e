package eap

import (
	"bytes"
	"errors"
	"testing"

	"carrier/shared/wire"
)

func TestPackets(t *testing.T) {
	for octets, want := range map[string]Packet{
		"01 07 0005 01":                {Request, 7, Identity, nil},
		"02 07 000a 01 736172616e":     {Response, 7, Identity, []byte("saran")},
		"02 07 0006 03 1a":             {Response, 7, Nak, []byte{26}},
		"03 07 0004":                   {Success, 7, 0, nil},
		"04 ff 0004":                   {Failure, 255, 0, nil},
		"01 00 0006 fe 00":             {Request, 0, 254, []byte{0}},
		"05 01 0005 09":                {5, 1, 0, []byte{9}},        // no code that we know
		"01 07 0005 01 6f 63 74 65 74": {Request, 7, Identity, nil}, // padding
	} {
		b := unhex(t, octets)
		p, err := Parse(b)
		if err != nil || p.Code != want.Code || p.ID != want.ID || p.Type != want.Type || !bytes.Equal(p.Data, want.Data) {
			t.Errorf("%s: %+v, %v", octets, p, err)
		}
		if n := len(p.Append(nil)); !bytes.Equal(p.Append(nil), b[:n]) {
			t.Errorf("%s is written as % x", octets, p.Append(nil))
		}
		for n := range want.Append(nil) {
			if _, err := Parse(b[:n]); !errors.Is(err, wire.ErrShort) {
				t.Errorf("%s: the first %d octets: %v", octets, n, err)
			}
		}
	}
	for _, bad := range []string{"01 07 0004", "02 07 0004", "01 07 0000 01", "01 07 0003 01", "01 07 ffff 01", "03 07 0005"} {
		if p, err := Parse(unhex(t, bad)); !errors.Is(err, wire.ErrShort) {
			t.Errorf("%s: %+v, %v", bad, p, err)
		}
	}
	if s := MSCHAPv2.String() + ", " + Type(99).String(); s != "MSCHAPv2, type 99" {
		t.Error(s)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\x02\x07\x00\x0a\x01saran"))
	f.Add([]byte("\x03\x07\x00\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			return
		}
		if again := p.Append(nil); !bytes.HasPrefix(b, again) {
			t.Errorf("% x is written as % x", b, again)
		}
	})
}
