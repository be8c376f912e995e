package auth

import (
	"bytes"
	"errors"
	"testing"

	"carrier/shared/ppp"
	"carrier/shared/wire"
)

func TestOptionOfEachMethod(t *testing.T) {
	for m, want := range map[Method]string{
		PAP: "c023", CHAPMD5: "c22305", MSCHAP: "c22380", MSCHAPv2: "c22381", EAP: "c227",
	} {
		b := unhex(t, want)
		if !bytes.Equal(m.Option(), b) {
			t.Errorf("%v: option % x, want %s", m, m.Option(), want)
		}
		if got, err := ParseOption(b); got != m || err != nil {
			t.Errorf("%s reads as %v, %v", want, got, err)
		}
		if got, err := ParseMethod(m.String()); got != m || err != nil {
			t.Errorf("%q reads as %v, %v", m.String(), got, err)
		}
	}
	for _, m := range []Method{EAPMD5, EAPMSCHAPv2, EAPTLS} {
		if got, err := ParseMethod(m.String()); !bytes.Equal(m.Option(), EAP.Option()) || got != m || err != nil || m.Protocol() != ppp.EAP {
			t.Errorf("%v: option % x, reads as %v, %v", m, m.Option(), got, err)
		}
	}
	if b := Method(0).Option(); b != nil || Method(0).Protocol() != 0 || Method(99).String() != "none" {
		t.Error("no method has an option")
	}
	if _, err := ParseMethod("chap"); err == nil || err.Error() != `"chap" is no method of authentication` {
		t.Errorf("got %v", err)
	}
}

func TestOptionsThatAreNotSpoken(t *testing.T) {
	for option, want := range map[string]string{
		"c22306":   "Authentication-Protocol: CHAP algorithm 0x06 is not known",
		"c0230000": "Authentication-Protocol: PAP with 2 octets of data",
		"c2230500": "Authentication-Protocol: CHAP with 2 octets of data",
		"c22700":   "Authentication-Protocol: EAP with 1 octets of data",
		"c281":     "Authentication-Protocol: protocol 0xc281 is not known",
	} {
		if m, err := ParseOption(unhex(t, option)); err == nil || err.Error() != want || m != 0 {
			t.Errorf("%s: %v, %v, want %s", option, m, err, want)
		}
	}
	for _, short := range []string{"", "c0", "c2", "c223"} {
		if _, err := ParseOption(unhex(t, short)); !errors.Is(err, wire.ErrShort) {
			t.Errorf("%q: %v", short, err)
		}
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ name, user, domain, hashed string }{
		{"saran", "saran", "", "saran"},
		{`CORP\saran`, "saran", "CORP", "saran"},
		{"saran@corp.example", "saran", "corp.example", "saran@corp.example"},
		{`CORP\saran@corp.example`, "saran@corp.example", "CORP", "saran@corp.example"},
		{"a@b@c", "a@b", "c", "a@b@c"},
		{`a\b\c`, "c", `a\b`, "c"},
		{`CORP\`, "", "CORP", ""},
		{"@", "", "", "@"},
		{"", "", "", ""},
	} {
		user, domain := SplitName(tt.name)
		if user != tt.user || domain != tt.domain || hashName(tt.name) != tt.hashed {
			t.Errorf("%q: %q of %q, hashed %q", tt.name, user, domain, hashName(tt.name))
		}
	}
}

func TestPacketLengths(t *testing.T) {
	for _, tt := range []struct {
		packet string
		data   string
		ok     bool
	}{
		{"01 07 0004", "", true},
		{"01 07 0006 aabb", "aabb", true},
		{"01 07 0006 aabb ccdd", "aabb", true}, // padding
		{"01 07 0007 aabb", "", false},
		{"01 07 0000 aabb", "", false},
		{"01 07 0001", "", false},
		{"01 07 0003", "", false},
		{"01 07 ffff aabb", "", false},
		{"01 07 00", "", false},
		{"", "", false},
	} {
		p, err := parsePacket(unhex(t, tt.packet))
		if (err == nil) != tt.ok || !bytes.Equal(p.data, unhex(t, tt.data)) {
			t.Errorf("%q: % x, %v", tt.packet, p.data, err)
		}
		if err != nil && !errors.Is(err, wire.ErrShort) {
			t.Errorf("%q: %v", tt.packet, err)
		}
	}
}

func TestMessagesTravelAsPrintableASCII(t *testing.T) {
	if s := printable("saran\x00\r\n\xff\x7f is ~ here"); s != "saran????? is ~ here" {
		t.Errorf("%q", s)
	}
	long := string(bytes.Repeat([]byte{'x'}, 300))
	if s := printable(long); len(s) != 255 {
		t.Errorf("%d octets", len(s))
	}
	if s := papMessage(append([]byte{200}, "short"...)); s != "short" {
		t.Errorf("a lying message length gives %q", s)
	}
	if s := papMessage(nil); s != "" {
		t.Errorf("no message gives %q", s)
	}
}

func FuzzServer(f *testing.F) {
	for m := PAP; m <= EAP; m++ {
		f.Add(byte(m), []byte{1, 1, 0, 12, 3, 'b', 'o', 'b', 3, 'p', 'w', 'd'})
		f.Add(byte(m), append([]byte{2, 1, 0, 24, 16}, make([]byte, 19)...))
		f.Add(byte(m), append([]byte{2, 1, 0, 57, 49}, make([]byte, 52)...))
		f.Add(byte(m), []byte{2, 1, 0, 8, 1, 'b', 'o', 'b'})
	}
	f.Fuzz(func(t *testing.T, method byte, b []byte) {
		m := Method(method%byte(EAP)) + 1
		s := NewServer(m, ServerOptions{Name: "denver", Rand: zeros{}})
		var out ppp.Outbox
		s.Start(start, &out)
		out.Take()
		c := s.Receive(start, m.Protocol(), b, &out)
		if c == nil {
			return
		}
		v := c.Check(NewPassword("correct horse"))
		s.Answer(start, v, &out)
		if n := len(out.Take()); n != 1 {
			t.Errorf("%d answers to one claim", n)
		}
		if v.OK && !bytes.Contains(b, []byte("correct horse")) {
			t.Errorf("% x was let in", b)
		}
	})
}

func FuzzClient(f *testing.F) {
	for m := PAP; m <= MSCHAPv2; m++ {
		f.Add(byte(m), []byte{2, 1, 0, 7, 2, 'o', 'k'})
		f.Add(byte(m), append([]byte{1, 9, 0, 21, 16}, make([]byte, 16)...))
		f.Add(byte(m), []byte("\x03\x09\x00\x30S=407A5589115FD0D6209F510FE9C04566932CDA56 M="))
		f.Add(byte(m), []byte("\x04\x09\x00\x15E=691 R=1 M=never"))
	}
	f.Fuzz(func(t *testing.T, method byte, b []byte) {
		m := Method(method%byte(MSCHAPv2)) + 1
		c := NewClient(m, ClientOptions{Login: Login{Name: "saran", Secret: NewPassword("pw")}, Rand: zeros{}})
		var out ppp.Outbox
		c.Start(start, &out)
		out.Take()
		r := c.Receive(start, m.Protocol(), b, &out)
		if n := len(out.Take()); n > 1 {
			t.Errorf("%d packets for one", n)
		}
		if r.Outcome == Success && m != PAP {
			t.Errorf("% x is a success before any Response", b)
		}
	})
}
