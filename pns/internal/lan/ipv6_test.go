package lan

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"

	"carrier/shared/wire"
)

var (
	caller6 = netip.MustParseAddr("2001:db8:1::129")
	host6   = netip.MustParseAddr("2001:db8:2::10")
)

// golden6 is an Echo Request with the identifier 1, RFC 4443 §4.1, by hand; the
// checksum is that of tshark.
var golden6 = []byte{
	0x60, 0, 0, 0, 0, 8, 58, 64,
	0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x29,
	0x20, 0x01, 0x0D, 0xB8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
	128, 0, 0x23, 0x0E, 0, 1, 0, 0}

func TestParse6(t *testing.T) {
	want := Header6{Total: 48, NextHeader: ICMPv6, HopLimit: 64, Src: caller6, Dst: host6}
	if h, err := Parse6(append(bytes.Clone(golden6), 0, 0)); err != nil || h != want {
		t.Errorf("%+v, %v", h, err)
	}
	for n := range golden6 {
		_, err := Parse6(golden6[:n])
		if n < 40 && !errors.Is(err, wire.ErrShort) || n >= 40 && !errors.Is(err, ErrHeader6) {
			t.Errorf("first %d octets: %v", n, err)
		}
	}
	if _, err := Parse6(golden); !errors.Is(err, ErrHeader6) {
		t.Errorf("IPv4: %v", err)
	}
}

func TestAppendICMPv6(t *testing.T) {
	if got := AppendICMPv6([]byte{7}, 64, caller6, host6, []byte{128, 0, 9, 9, 0, 1, 0, 0}); !bytes.Equal(got[1:], golden6) || got[0] != 7 {
		t.Errorf("% x", got)
	}
	if sum := Checksum6(caller6, host6, ICMPv6, golden6[40:]); sum != 0 {
		t.Errorf("the checksum is off by %04x", sum)
	}
}

func TestErrorsOfICMPv6(t *testing.T) {
	big := AppendPacket6(nil, UDP, 64, caller6, host6, make([]byte, 3000))
	got := AppendError6(nil, PacketTooBig, 1280, host6, big)
	h, err := Parse6(got)
	if err != nil || h.Total != MinMTU6 || h.Src != host6 || h.Dst != caller6 || !bytes.Equal(got[40:42], []byte{2, 0}) ||
		!bytes.Equal(got[44:48], []byte{0, 0, 5, 0}) || !bytes.Equal(got[48:], big[:1232]) || Checksum6(host6, caller6, ICMPv6, got[40:]) != 0 {
		t.Errorf("%+v, %v: % x", h, err, got[:min(len(got), 60)])
	}
	if got := AppendError6(nil, AddressUnreachable, 0, host6, golden6); len(got) != 48+48 || got[40] != 1 || got[41] != 3 {
		t.Errorf("% x", got)
	}
	change := func(at int, to ...byte) []byte {
		b := bytes.Clone(golden6)
		copy(b[at:], to)
		return b
	}
	for name, packet := range map[string][]byte{
		"an error":               change(40, 1),
		"a Redirect":             change(40, 137),
		"ICMPv6 without message": AppendPacket6(nil, ICMPv6, 64, caller6, host6, nil),
		"from nobody":            change(8, make([]byte, 16)...),
		"from a multicast":       change(8, 0xFF),
		"to a multicast":         change(24, 0xFF),
		"cut short":              golden6[:47],
	} {
		if got := AppendError6(nil, AddressUnreachable, 0, host6, packet); got != nil {
			t.Errorf("%s: % x", name, got)
		}
	}
	if got := AppendError6(nil, PacketTooBig, 1280, host6, change(24, 0xFF)); got == nil {
		t.Error("a multicast that is too big is not answered")
	}
}

func TestForwardable6(t *testing.T) {
	for _, tt := range []struct {
		addr string
		may  bool
	}{
		{"2001:db8::1", true}, {"fd00::1", true}, {"::", false}, {"::1", false}, {"fe80::1", false}, {"febf::1", false},
		{"ff02::1", false}, {"ff0e::1", false}, {"2.1.1.129", false}, {"::ffff:2.1.1.129", false},
	} {
		if got := Forwardable6(netip.MustParseAddr(tt.addr)); got != tt.may {
			t.Errorf("%s: %v", tt.addr, got)
		}
	}
	if got := Network6(caller6); got != netip.MustParsePrefix("2001:db8:1::/64") {
		t.Errorf("%v", got)
	}
}

func FuzzError6(f *testing.F) {
	f.Add(golden6)
	f.Add(golden6[:41])
	f.Fuzz(func(t *testing.T, b []byte) {
		got := AppendError6(nil, PacketTooBig, 1280, host6, b)
		if h, err := Parse6(got); got != nil && (err != nil || h.Total != len(got) || len(got) > MinMTU6) {
			t.Errorf("%d octets, %+v, %v", len(got), h, err)
		}
	})
}
