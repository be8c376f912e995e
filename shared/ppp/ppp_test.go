package ppp

import (
	"bytes"
	"errors"
	"testing"

	"carrier/shared/wire"
)

func TestSplitTakesEveryLegalForm(t *testing.T) {
	for _, tt := range []struct {
		name  string
		frame []byte
		want  Protocol
	}{
		{"full", []byte{0xFF, 3, 0, 0x21, 9}, IPv4},
		{"address and control left out", []byte{0, 0x21, 9}, IPv4},
		{"protocol compressed", []byte{0xFF, 3, 0x21, 9}, IPv4},
		{"both", []byte{0x21, 9}, IPv4},
		{"LCP", []byte{0xFF, 3, 0xC0, 0x21, 9}, LCP},
		{"LCP bare", []byte{0xC0, 0x21, 9}, LCP},
	} {
		p, info, err := Split(tt.frame)
		if err != nil || p != tt.want || !bytes.Equal(info, []byte{9}) {
			t.Errorf("%s: %v %v %v", tt.name, p, info, err)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	for _, b := range [][]byte{nil, {0xFF}, {0xFF, 3}, {0xFF, 3, 0}, {0xC0}} {
		if p, _, err := Split(b); b != nil && b[0] == 0xFF && len(b) == 1 {
			if p != 0xFF || err != nil { // a lone odd octet is a compressed protocol field
				t.Errorf("% x: %v, %v", b, p, err)
			}
		} else if !errors.Is(err, wire.ErrShort) {
			t.Errorf("% x: %v, %v", b, p, err)
		}
	}
	if _, _, err := Split([]byte{0xC0, 0x20, 1}); !errors.Is(err, ErrProtocol) {
		t.Errorf("even protocol: %v", err)
	}
}

func TestAppendAndSplitAgree(t *testing.T) {
	for _, c := range []Compression{{}, {Address: true}, {Protocol: true}, {true, true}} {
		for _, p := range []Protocol{IPv4, Compressed, IPCP, LCP} {
			f := c.Append(nil, p, []byte{7, 7})
			q, info, err := Split(f)
			if err != nil || q != p || !bytes.Equal(info, []byte{7, 7}) {
				t.Errorf("%+v %v: % x: %v %v", c, p, f, q, err)
			}
			if p == LCP && !bytes.Equal(f, Append(nil, LCP, []byte{7, 7})) {
				t.Errorf("%+v shortened LCP: % x", c, f)
			}
		}
	}
}

func TestOutboxKeepsOrderAndItsOwnBytes(t *testing.T) {
	var o Outbox
	b := []byte{1}
	o.Send(LCP, b)
	b[0] = 2
	o.Send(PAP, b)
	f := o.Take()
	if len(f) != 2 || f[0][4] != 1 || f[1][4] != 2 || f[1][3] != 0x23 {
		t.Errorf("% x", f)
	}
	if o.Take() != nil {
		t.Error("taken twice")
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte{0xFF, 3, 0xC0, 0x21, 1, 1, 0, 4})
	f.Add([]byte{0x21, 0x45})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, info, err := Split(b)
		if err != nil {
			return
		}
		q, again, err := Split(Append(nil, p, info))
		if err != nil || q != p || !bytes.Equal(info, again) {
			t.Errorf("% x: %v again %v %v", b, p, q, err)
		}
	})
}
