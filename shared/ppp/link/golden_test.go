package link

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/ipcp"
)

// golden is a call of pppd 2.4.9 with usepeerdns, as its log shows it, and our
// part: what it sends, and the frames that follow from us.
var golden = []struct {
	what, sent string
	answers    []string
}{
	{"ConfReq asyncmap magic pcomp accomp", "ff 03 c0 21 01 01 00 14 02 06 00 00 00 00 05 06 8b 1c 44 0e 07 02 08 02",
		[]string{"ff 03 c0 21 02 01 00 14 02 06 00 00 00 00 05 06 8b 1c 44 0e 07 02 08 02"}},
	{"ConfAck of our request", "ff 03 c0 21 02 44 00 18 01 04 05 78 02 06 00 00 00 00 03 04 c0 23 05 06 40 41 42 43", nil},
	{"EchoReq", "ff 03 c0 21 09 00 00 08 8b 1c 44 0e", []string{"ff 03 c0 21 0a 00 00 08 40 41 42 43"}},
	{"PAP AuthReq user saran", "ff 03 c0 23 01 01 00 11 05 73 61 72 61 6e 06 73 65 63 72 65 74",
		[]string{"ff 03 c0 23 02 01 00 13 0e 41 63 63 65 73 73 20 67 72 61 6e 74 65 64", "ff 03 80 21 01 01 00 0a 03 06 02 01 01 3c"}},
	{"CCP ConfReq deflate deflate(old#) bsd", "80 fd 01 01 00 0f 1a 04 78 00 18 04 78 00 15 03 2f",
		[]string{"ff 03 c0 21 08 45 00 15 80 fd 01 01 00 0f 1a 04 78 00 18 04 78 00 15 03 2f"}},
	{"IPCP ConfReq VJ addr dns1 dns2", "80 21 01 01 00 1c 02 06 00 2d 0f 01 03 06 00 00 00 00 81 06 00 00 00 00 83 06 00 00 00 00",
		[]string{"ff 03 80 21 04 01 00 10 02 06 00 2d 0f 01 83 06 00 00 00 00"}},
	{"IPCP ConfAck", "80 21 02 01 00 0a 03 06 02 01 01 3c", nil},
	{"IPCP ConfReq addr dns1", "80 21 01 02 00 10 03 06 00 00 00 00 81 06 00 00 00 00",
		[]string{"ff 03 80 21 03 02 00 10 03 06 02 01 01 81 81 06 02 01 01 35"}},
	{"IPCP ConfReq as told", "80 21 01 03 00 10 03 06 02 01 01 81 81 06 02 01 01 35",
		[]string{"ff 03 80 21 02 03 00 10 03 06 02 01 01 81 81 06 02 01 01 35"}},
	{"IP", "21 45 00", nil},
	{"TermReq User request", "ff 03 c0 21 05 02 00 10 55 73 65 72 20 72 65 71 75 65 73 74", []string{"ff 03 c0 21 06 02 00 04"}},
}

// denver is the server of that call, its identifiers and numbers fixed.
func denver(now time.Time) *Link {
	o := server(auth.PAP)
	o.Rand = counting{}
	l := New(&o)
	l.Network(now, ppp.IPCP, ipcp.New(ipcp.Options{Local: netip.MustParseAddr("2.1.1.60"),
		Remote: netip.MustParseAddr("2.1.1.129"), DNS: []netip.Addr{netip.MustParseAddr("2.1.1.53")}}))
	return l
}

// attend answers Claims, and returns what was sent in hex.
func attend(l *Link, now time.Time) (sent []string) {
	for _, e := range l.Events() {
		if e.Kind == Claimed {
			l.Answer(now, e.Claim.Check(auth.NewPassword(password)))
		}
	}
	for _, f := range l.Take() {
		sent = append(sent, fmt.Sprintf("% x", f))
	}
	return sent
}

func TestCallOfPppd(t *testing.T) {
	now := time.Unix(1e9, 0)
	l := denver(now)
	l.Up(now)
	if got := attend(l, now); len(got) != 1 || got[0] != "ff 03 c0 21 01 44 00 18 01 04 05 78 02 06 00 00 00 00 03 04 c0 23 05 06 40 41 42 43" {
		t.Errorf("asked %q", got)
	}
	for _, g := range golden {
		l.Receive(now, octets(t, g.sent))
		if got := attend(l, now); !slices.Equal(got, g.answers) {
			t.Errorf("%s was answered\n%s\nwant\n%s", g.what, strings.Join(got, "\n"), strings.Join(g.answers, "\n"))
		}
	}
	if l.Phase() != Terminate {
		t.Errorf("phase %v", l.Phase())
	}
}

// Cut anywhere, a frame is dropped: it neither opens the link nor lets anybody
// in, and at most it is rejected.
func TestPrefixesOfGoldenFrames(t *testing.T) {
	now := time.Unix(1e9, 0)
	for at, g := range golden {
		frame := octets(t, g.sent)
		for n := range frame {
			if at == 9 && n > 0 || n == 4 && frame[0] == 0xFF && frame[2] == 0x80 {
				continue // shorter IP packets are IP packets
			}
			l := denver(now)
			l.Up(now)
			for _, before := range golden[:at] {
				l.Receive(now, octets(t, before.sent))
				attend(l, now)
			}
			attend(l, now)
			phase := l.Phase()
			l.Receive(now, frame[:n])
			for _, e := range l.Events() {
				t.Errorf("%s, first %d octets: %v", g.what, n, e.Kind)
			}
			if got := l.Take(); len(got) > 1 || len(got) == 1 && got[0][4] != 8 || l.Phase() != phase {
				t.Errorf("%s, first %d octets: phase %v, sent % x", g.what, n, l.Phase(), got)
			}
		}
	}
}

// Each packet that a control or authentication protocol may carry, in each
// stage of a call: never more than a few frames in answer, and an end within a
// bounded time.
func TestEveryPacketInEveryStage(t *testing.T) {
	now := time.Unix(1e9, 0)
	bodies := []string{"", "\x00", "\xff\xff\xff", "\x01\x04\x05\x78", "\x03\x04\xc0\x23", "\x03\x05\xc2\x23\x05", "\x05\x06\x40\x41\x42\x43",
		"\xc0\x21\x01\x01\x00\x04", "\x80\x21\x01\x01\x00\x04", "\x05saran\x06secret", "\x10saran67890123456saran", "\x40\x41\x42\x43text"}
	for at := range len(golden) + 1 {
		for _, proto := range []ppp.Protocol{ppp.LCP, ppp.PAP, ppp.CHAP, ppp.EAP, ppp.IPCP, ppp.CCP, ppp.IPv4, ppp.Multilink} {
			for code := range 16 {
				for _, body := range bodies {
					l := denver(now)
					l.Up(now)
					for _, before := range golden[:at] {
						l.Receive(now, octets(t, before.sent))
						attend(l, now)
					}
					attend(l, now)
					for id := range 0x48 { // every identifier that may matter
						if id > 4 && id < 0x43 {
							continue
						}
						l.Receive(now, ppp.Append(nil, proto, packet(cp.Code(code), uint8(id), body)))
						if got := attend(l, now); len(got) > 4 {
							t.Fatalf("%v code %d %q at %d: %q", proto, code, body, at, got)
						}
					}
				}
			}
		}
	}
}

func octets(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzReceive gives a link in each stage of a call frames that are anything.
func FuzzReceive(f *testing.F) {
	for at, g := range golden {
		f.Add(uint8(at), octets(f, g.sent), true)
		f.Add(uint8(at+1), octets(f, g.sent), false)
	}
	f.Fuzz(func(t *testing.T, stage uint8, frame []byte, client bool) {
		now := time.Unix(1e9, 0)
		l := denver(now)
		if client {
			o := Options{Login: auth.Login{Name: "saran", Secret: auth.NewPassword(password)}, Rand: counting{}}
			o.Echo.Interval = time.Second
			l = New(&o)
			l.Network(now, ppp.IPCP, ipcp.New(ipcp.Options{AskAddress: true}))
		}
		l.Up(now)
		attend(l, now)
		for _, before := range golden[:int(stage)%(len(golden)+1)] {
			l.Receive(now, octets(t, before.sent))
			attend(l, now)
		}
		l.Receive(now, frame)
		if n := len(attend(l, now)); n > 4 {
			t.Errorf("%d frames in answer to % x", n, frame)
		}
		for range 100 {
			d := l.Deadline()
			if d.IsZero() || d.Sub(now) > 2*time.Minute {
				break
			}
			if d.After(now) {
				now = d
			}
			l.Expire(now)
			if n := len(attend(l, now)); n > 4 {
				t.Errorf("%d frames on a deadline after % x", n, frame)
			}
		}
		l.Close(now, "")
		if !l.finished {
			l.Expire(l.Deadline())
			l.Expire(l.Deadline())
		}
		if !l.finished {
			t.Errorf("no end after % x", frame)
		}
	})
}
