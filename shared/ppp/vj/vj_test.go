package vj

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/gopacket/layers"

	"carrier/shared/ppp"
	"carrier/shared/wire"
)

// step is one packet, told by how it differs from the one before it, and what
// becomes of it: "ip", "whole", or the compressed header in hex, derived by hand
// from RFC 1144 §3.2; CK is TCP's checksum, and the data follow.
type step struct {
	what string
	do   func(p *packet)
	want string
}

// typed is a second character, and third, of what telnet began.
func typed(s string) func(*packet) {
	return func(p *packet) { p.Seq += uint32(len(p.data)); p.data = s }
}

var conversation = []step{
	{"the first of a connection", func(p *packet) {}, "whole"},
	// 1F = 0F (SPECIAL_D: S A W U) + 10 (P).
	{"a character after a character", typed("b"), "1f CK"},
	// 1B = 0B (SPECIAL_I: S W U) + 10.
	{"a character, and the echo of the one before", func(p *packet) { typed("c")(p); p.Ack++ }, "1b CK"},
	// 0C = 08 (S) + 04 (A); the acknowledgement comes before the sequence number.
	{"an acknowledgement of five octets", func(p *packet) { typed("")(p); p.Ack += 5; p.PSH = false }, "0c CK 05 01"},
	// 02 (W); what one octet cannot hold takes three, a zero before it.
	{"a window of 255 octets more", func(p *packet) { p.Window += 255 }, "02 CK ff"},
	{"a window of 256 octets more", func(p *packet) { p.Window += 256 }, "02 CK 00 01 00"},
	{"a window of one octet less", func(p *packet) { p.Window-- }, "02 CK 00 ff ff"},
	// 10: none of the numbers changed, and it is no retransmission since the one
	// before had no data.
	{"data after an acknowledgement", func(p *packet) { p.data = "x"; p.PSH = true }, "10 CK"},
	{"data once more", func(p *packet) {}, "whole"},
	{"an acknowledgement", func(p *packet) { typed("")(p); p.PSH = false }, "0f CK"},
	{"an acknowledgement once more", func(p *packet) {}, "whole"},

	// 19 = 08 (S) + 01 (U) + 10; the urgent pointer is absolute and comes first.
	{"urgent data", func(p *packet) { p.data, p.Seq, p.URG, p.Urgent, p.PSH = "yy", p.Seq+9, true, 3, true }, "19 CK 03 09"},
	{"urgent data that point nowhere", func(p *packet) { typed("z")(p); p.Urgent = 0 }, "19 CK 00 00 00 02"},
	// Not 1F: RFC 1144's decompressor would leave URG.
	{"no urgent data after that", func(p *packet) { typed("z")(p); p.URG = false }, "18 CK 01"},
	{"again none", typed("z"), "1f CK"},
	{"an urgent pointer without the flag", func(p *packet) { typed("z")(p); p.Urgent = 7 }, "whole"},
	{"the same one", typed("z"), "1f CK"},
	// Real changes whose masks have been given another meaning.
	{"S, W, U", func(p *packet) { p.Seq++; p.Window++; p.URG = true }, "whole"},
	{"S, A, W, U", func(p *packet) { p.Seq++; p.Ack++; p.Window++ }, "whole"},
	{"URG over, W, A", func(p *packet) { p.URG = false; p.Ack++; p.Window++ }, "16 CK 01 01"},

	// 2F = 20 (I) + 0F.
	{"one identification left out", func(p *packet) { typed("")(p); p.PSH = false; p.Id++ }, "2f CK 02"},
	{"the same identification", func(p *packet) { p.Ack++; p.Id-- }, "24 CK 01 00 00 00"},
	{"one less", func(p *packet) { p.Ack++; p.Id -= 2 }, "24 CK 01 00 ff ff"},
	{"all five numbers but the urgent pointer", func(p *packet) { p.Ack += 0x1FF; p.Seq += 0x2FF; p.Window += 0x3FF; p.Id += 0x100 },
		"2e CK 00 03 ff 00 01 ff 00 02 ff 00 01 01"},

	{"65,535 octets acknowledged", func(p *packet) { p.Ack += 0xFFFF }, "04 CK 00 ff ff"},
	{"65,536 octets acknowledged", func(p *packet) { p.Ack += 0x10000 }, "whole"},
	{"65,535 octets sent", func(p *packet) { p.Seq += 0xFFFF }, "08 CK 00 ff ff"},
	{"65,536 octets sent", func(p *packet) { p.Seq += 0x10000 }, "whole"},
	{"back by an octet", func(p *packet) { p.Seq--; p.data = "pq" }, "whole"},
	{"both numbers grew, not by the data before", func(p *packet) { p.Seq++; p.Ack++ }, "0c CK 01 01"},
	{"not as much as was sent", func(p *packet) { p.Seq++ }, "08 CK 01"},
	{"the numbers wrap", func(p *packet) { p.Seq, p.Ack = 0xFFFFFFFF, 0xFFFFFFFE }, "whole"},
	{"to zero", func(p *packet) { p.Seq += 2; p.Ack += 2 }, "0b CK"},

	{"Type of Service", func(p *packet) { p.Ack++; p.TOS = 8 }, "whole"},
	{"Time to Live", func(p *packet) { p.Ack++; p.TTL-- }, "whole"},
	{"Don't Fragment", func(p *packet) { p.Ack++; p.IPv4.Flags = 0 }, "whole"},
	{"the reserved flag of IP", func(p *packet) { p.Ack++; p.IPv4.Flags = layers.IPv4EvilBit }, "whole"},
	{"ECN-Echo", func(p *packet) { p.Ack++; p.ECE = true }, "whole"},
	{"ECN-Echo goes on", func(p *packet) { p.Ack++ }, "04 CK 01"},
	{"a reserved flag of TCP", func(p *packet) { p.Ack++; p.NS = true }, "whole"},
	{"options of TCP", func(p *packet) { p.Ack++; p.TCP.Options = timestamp(1) }, "whole"},
	{"the same", func(p *packet) { p.Ack++ }, "04 CK 01"},
	{"others", func(p *packet) { p.Ack++; p.TCP.Options = timestamp(2) }, "whole"},
	{"options of IP", func(p *packet) { p.Ack++; p.IPv4.Options = router(1) }, "whole"},
	{"the same", func(p *packet) { p.Ack++ }, "04 CK 01"},
	{"others", func(p *packet) { p.Ack++; p.IPv4.Options = router(2) }, "whole"},

	{"SYN", func(p *packet) { p.SYN = true }, "ip"},
	{"FIN", func(p *packet) { p.SYN, p.FIN = false, true }, "ip"},
	{"RST", func(p *packet) { p.FIN, p.RST = false, true }, "ip"},
	{"no ACK", func(p *packet) { p.RST, p.ACK = false, false }, "ip"},
	{"a first fragment", func(p *packet) { p.ACK, p.IPv4.Flags = true, layers.IPv4MoreFragments }, "ip"},
	{"a last fragment", func(p *packet) { p.IPv4.Flags, p.FragOffset = 0, 1 }, "ip"},
	{"not TCP", func(p *packet) { p.FragOffset, p.Protocol = 0, layers.IPProtocolUDP }, "ip"},
	{"IPv6", func(p *packet) { p.Protocol, p.Version = layers.IPProtocolTCP, 6 }, "ip"},
	// What went as IP counts for nothing: 00 0D identifications later.
	{"and on it goes", func(p *packet) { p.Version, p.IPv4.Flags = 4, layers.IPv4EvilBit; p.Ack++ }, "24 CK 01 09"},
	{"another connection", func(p *packet) { p.SrcPort++ }, "whole"},
	{"and on it goes, too", func(p *packet) { p.Ack++ }, "04 CK 01"},
	{"the first again: its slot is named", func(p *packet) { p.SrcPort-- }, "64 00 CK 01 03"},
	{"and then implied", func(p *packet) { p.Ack++ }, "04 CK 01"},
}

func timestamp(n byte) []layers.TCPOption {
	return []layers.TCPOption{{OptionType: layers.TCPOptionKindNop, OptionLength: 1}, {OptionType: layers.TCPOptionKindNop, OptionLength: 1},
		{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: []byte{0, 0, 0, n, 0, 0, 0, 0}}}
}

func router(n byte) []layers.IPv4Option {
	return []layers.IPv4Option{{OptionType: 0x94, OptionLength: 4, OptionData: []byte{0, n}}}
}

func TestConversation(t *testing.T) {
	l := newLink(t, Slots{Count: 16, Implied: true})
	p := telnet()
	for _, s := range conversation {
		s.do(p)
		in := p.octets(t)
		protocol, info := l.pass(in)
		if got, want := told(in, protocol, info), s.want; got != want {
			t.Errorf("%s: %s, want %s", s.what, got, want)
		}
		p.next()
	}
}

// told is what became of a packet, in the words of a step.
func told(in []byte, p ppp.Protocol, info []byte) string {
	header := int(in[0]&0x0F) * 4
	switch p {
	case ppp.IPv4:
		return "ip"
	case ppp.VJUncompressed:
		return "whole"
	}
	data := len(in) - header - int(in[header+12]>>4)*4
	s := fmt.Sprintf("% x", info[:len(info)-data])
	return strings.Replace(s, fmt.Sprintf("% x", in[header+16:header+18]), "CK", 1)
}

// Without Comp-Slot-Id each packet names its slot (RFC 1332 §4.1), and is the
// same otherwise.
func TestSlotIsNamedWhereItMustBe(t *testing.T) {
	l := newLink(t, Slots{Count: 16})
	p := telnet()
	for _, s := range conversation {
		s.do(p)
		in := p.octets(t)
		protocol, info := l.pass(in)
		if protocol == ppp.VJCompressed && info[0]&0x40 == 0 {
			t.Errorf("%s: % x names no slot", s.what, info)
		}
		if got := told(in, protocol, info); len(got) > 5 && got[3:5] != "00" && got[3:5] != "01" {
			t.Errorf("%s: %s", s.what, got)
		}
		p.next()
	}
	if _, err := l.decompress(ppp.VJCompressed, octets(t, "04 00 00 01")); !errors.Is(err, ErrImplied) {
		t.Errorf("a packet that names none: %v", err)
	}
}

// The slot taken for a new connection is the one unused for longest (RFC 1144
// §3.2.3).
func TestSlotUnusedForLongestIsTaken(t *testing.T) {
	for _, count := range []int{1, 2, 3, 16, MaxSlots} {
		l := newLink(t, Slots{Count: count, Implied: true})
		p := telnet()
		send := func(port int) (ppp.Protocol, []byte) {
			p.SrcPort = layers.TCPPort(port)
			p.Ack++
			p.next()
			return l.pass(p.octets(t))
		}
		for i := range count {
			if protocol, info := send(i + 1); protocol != ppp.VJUncompressed || int(info[9]) != i {
				t.Fatalf("%d slots: connection %d is %v in slot %d", count, i, protocol, info[9])
			}
		}
		if protocol, _ := send(1); protocol != ppp.VJCompressed {
			t.Errorf("%d slots: the first connection is forgotten", count)
		}
		want := 1 % count // the second is the oldest, where there is one
		if protocol, info := send(count + 1); protocol != ppp.VJUncompressed || int(info[9]) != want {
			t.Errorf("%d slots: one connection more is %v in slot %d, want %d", count, protocol, info[9], want)
		}
	}
}

// What would come out otherwise than it was goes as it is.
func TestWhatCannotBeRestored(t *testing.T) {
	good := telnet().octets(t)
	for what, change := range map[string]func(b []byte) []byte{
		"IP's checksum":            func(b []byte) []byte { b[10] ^= 1; return b },
		"padding":                  func(b []byte) []byte { return append(b, 0) },
		"cut":                      func(b []byte) []byte { return b[:len(b)-1] },
		"IP's header of 16 octets": func(b []byte) []byte { b[0] = 0x44; return b },
		"IP's header too long":     func(b []byte) []byte { b[0] = 0x4F; return b },
		"TCP's header of 16":       func(b []byte) []byte { b[32] = 0x40; return b },
		"TCP's header too long":    func(b []byte) []byte { b[32] = 0xF0; return b },
		"nothing":                  func(b []byte) []byte { return nil },
	} {
		l := newLink(t, Slots{Count: 16})
		if p, _ := l.pass(change(bytes.Clone(good))); p != ppp.IPv4 {
			t.Errorf("%s: %v", what, p)
		}
	}
	// A header whose sum is all ones has the checksum zero; all ones, which is
	// zero too, would not be restored.
	b := bytes.Clone(good)
	for sum := checksum(b[:20]); sum != 0; sum = checksum(b[:20]) {
		b[4], b[5] = byte((get16(b, 4)+sum)>>8), byte(get16(b, 4)+sum)
	}
	b[10], b[11] = 0, 0
	if p, _ := newLink(t, Slots{Count: 16}).pass(b); p != ppp.VJUncompressed {
		t.Errorf("checksum zero: %v", p)
	}
	b[10], b[11] = 0xFF, 0xFF
	if p, _ := newLink(t, Slots{Count: 16}).pass(b); p != ppp.IPv4 {
		t.Errorf("checksum of all ones: %v", p)
	}
	b[9] = 0 // but a peer may send it
	if out, err := newLink(t, Slots{Count: 16}).decompress(ppp.VJUncompressed, b); err != nil || get16(out, 10) != 0xFFFF {
		t.Errorf("a peer's checksum of all ones: % x, %v", out, err)
	}
}

func TestOption(t *testing.T) {
	for _, tt := range []struct {
		value string // after the option's type and length
		want  Slots
		err   error
	}{
		{"00 2d 0f 01", Slots{16, true}, nil}, // pppd's
		{"00 2d 0f 00", Slots{16, false}, nil},
		{"00 2d ff 01", Slots{256, true}, nil},
		{"00 2d 00 00", Slots{1, false}, nil},
		{"00 2d", Slots{16, true}, nil}, // the older form
		{"00 2d 0f 02", Slots{}, ErrOption},
		{"00 2d 0f 01 00 00", Slots{}, ErrOption},
		{"00 37", Slots{}, ErrOption},                               // Van Jacobson's number before RFC 1332
		{"00 61 00 10 00 10 00 01 00 05 00 a8", Slots{}, ErrOption}, // RFC 2509
		{"", Slots{}, wire.ErrShort},
		{"00", Slots{}, wire.ErrShort},
		{"00 2d 0f", Slots{}, wire.ErrShort},
	} {
		value := octets(t, tt.value)
		got, err := ParseSlots(value)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %+v, %v", tt.value, got, err)
		}
		if back := got.Append(nil); err == nil && len(value) == 4 && !bytes.Equal(back, value) {
			t.Errorf("%s: appended % x", tt.value, back)
		}
	}
	for _, n := range []int{-1, 0, MaxSlots + 1} {
		if _, err := NewCompressor(Slots{Count: n}); err == nil {
			t.Errorf("a compressor of %d slots", n)
		}
		if _, err := NewDecompressor(Slots{Count: n}); err == nil {
			t.Errorf("a decompressor of %d slots", n)
		}
	}
	if size := unsafe.Sizeof(slot{}); size != 124 {
		t.Errorf("a slot has %d octets", size)
	}
}
