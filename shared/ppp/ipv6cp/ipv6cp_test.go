package ipv6cp

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

var _ cp.Negotiator = (*IPV6CP)(nil)

// counting draws 00 01 02 03 …, of which the first identifier is
// 0001:0203:0405:0607 and the second 080b:…: without its universal bit 080b.
type counting byte

func (c *counting) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(*c)
		*c++
	}
	return len(b), nil
}

// end is one side on a fake clock.
type end struct {
	*cp.Machine
	ip  *IPV6CP
	out ppp.Outbox
}

func newEnd(o Options) *end { return newRandomEnd(o, 0) }

func newRandomEnd(o Options, random counting) *end {
	n := New(o, &random)
	e := &end{Machine: cp.NewMachine(ppp.IPV6CP, n, cp.Options{}), ip: n}
	e.Machine.Open(time.Time{}, &e.out)
	e.Up(time.Time{}, &e.out)
	return e
}

// sent is what was sent, as code and data in hex.
func (e *end) sent(t *testing.T) string {
	t.Helper()
	var lines []string
	for _, f := range e.out.Take() {
		p, info, _ := ppp.Split(f)
		packet, err := cp.Parse(info)
		if err != nil || p != ppp.IPV6CP {
			t.Fatalf("%v: %v", p, err)
		}
		lines = append(lines, fmt.Sprintf("%d: % x", packet.Code, packet.Data))
	}
	return strings.Join(lines, "\n")
}

func (e *end) recv(t *testing.T, code cp.Code, id uint8, data string) {
	t.Helper()
	e.Receive(time.Time{}, cp.Packet{Code: code, ID: id, Data: octets(t, data)}, &e.out)
}

func octets(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	x = Identifier{0x02, 0x10, 0x5A, 0xFF, 0xFE, 1, 2, 3}
	y = Identifier{7: 9}
)

const (
	zeroes = "01 0a 00 00 00 00 00 00 00 00"
	xs     = "01 0a 02 10 5a ff fe 01 02 03"
	ys     = "01 0a 00 00 00 00 00 00 00 09"
	first  = "01 0a 00 01 02 03 04 05 06 07" // drawn
	second = "01 0a 08 09 0a 0b 0c 0d 0e 0f"
	third  = "01 0a 10 11 12 13 14 15 16 17"
)

// RFC 5072 §4.1: by whether the identifier that the peer asks for is that of our
// last Configure-Request, and by whether it is zero.
func TestIdentifierIsJudged(t *testing.T) {
	for _, tt := range []struct {
		what, asked, want string
		o                 Options
		remote            Identifier
	}{
		{"different, and not zero", ys, "2: " + ys, Options{Local: x}, y},
		{"different, though we would suggest another", ys, "2: " + ys, Options{Local: x, Remote: Identifier{7: 1}}, y},
		{"different, but zero: a suggestion", zeroes, "3: " + first, Options{Local: x}, Identifier{}},
		{"different, but zero: our suggestion", zeroes, "3: " + ys, Options{Local: x, Remote: y}, Identifier{}},
		{"the same, and not zero", xs, "3: " + first, Options{Local: x}, Identifier{}},
		{"the same, and not zero: our suggestion", xs, "3: " + ys, Options{Local: x, Remote: y}, Identifier{}},
		{"the same, and what we would suggest", xs, "3: " + first, Options{Local: x, Remote: x}, Identifier{}},
		{"the same random one", first, "3: " + second, Options{}, Identifier{}},
		{"the same, and zero", zeroes, "4: " + zeroes, Options{AskLocal: true}, Identifier{}},
		{"not zero, while we have none", ys, "2: " + ys, Options{AskLocal: true}, y},

		{"no identifier", "", "3: " + first, Options{Local: x}, Identifier{}},
		{"too short", "01 09 00 00 00 00 00 00 01", "3: " + first, Options{Local: x}, Identifier{}},
		{"too long", "01 0b 00 00 00 00 00 00 01 00 00", "3: " + first, Options{Local: x}, Identifier{}},
		{"empty", "01 02", "3: " + first, Options{Local: x}, Identifier{}},
		{"RFC 5172's compression", "02 04 00 61 " + ys, "4: 02 04 00 61", Options{Local: x}, y},
		{"an option of the future", "03 03 01", "4: 03 03 01", Options{Local: x}, Identifier{}},
		{"what IPCP would have", "81 06 00 00 00 00 " + ys, "4: 81 06 00 00 00 00", Options{Local: x}, y},
	} {
		e := newEnd(tt.o)
		e.sent(t)
		e.recv(t, cp.ConfigureRequest, 1, tt.asked)
		if got := e.sent(t); got != tt.want {
			t.Errorf("%s: answered %q, want %q", tt.what, got, tt.want)
		}
		if got := e.ip.Agreed().Remote; got != tt.remote {
			t.Errorf("%s: peer has %v, want %v", tt.what, got, tt.remote)
		}
	}
}

// RFC 5072 §4.1 again: what we ask for after the peer's answer.
func TestAnswersToOurIdentifier(t *testing.T) {
	type packet struct {
		code cp.Code
		id   uint8
		data string
	}
	for _, tt := range []struct {
		what    string
		o       Options
		packets []packet
		asked   string // last
		local   Identifier
	}{
		{"acknowledged", Options{Local: x}, []packet{{cp.ConfigureAck, 1, xs}}, xs, x},
		{"a random one", Options{}, []packet{{cp.ConfigureAck, 1, first}}, first, Identifier{0, 1, 2, 3, 4, 5, 6, 7}},
		{"a suggestion is taken", Options{Local: x}, []packet{{cp.ConfigureNak, 1, ys}}, ys, y},
		{"asked for and given", Options{AskLocal: true}, []packet{{cp.ConfigureNak, 1, ys}}, ys, y},
		{"with a wish", Options{AskLocal: true, Local: x}, []packet{{cp.ConfigureNak, 1, ys}}, ys, y},
		{"unlike what we suggested to the peer", Options{Local: x},
			[]packet{{cp.ConfigureRequest, 1, xs}, {cp.ConfigureNak, 1, ys}}, ys, y},
		{"what we suggested to the peer: both had one idea", Options{Local: x},
			[]packet{{cp.ConfigureRequest, 1, xs}, {cp.ConfigureNak, 1, first}}, second, Identifier{8, 9, 10, 11, 12, 13, 14, 15}},
		{"what the peer has itself", Options{Local: x},
			[]packet{{cp.ConfigureRequest, 1, ys}, {cp.ConfigureNak, 1, ys}}, first, Identifier{0, 1, 2, 3, 4, 5, 6, 7}},
		{"zero", Options{Local: x}, []packet{{cp.ConfigureNak, 1, zeroes}}, first, Identifier{0, 1, 2, 3, 4, 5, 6, 7}},
		{"zero, when the peer has one and was told of one", Options{Local: x},
			[]packet{{cp.ConfigureRequest, 1, xs}, {cp.ConfigureRequest, 2, ys}, {cp.ConfigureNak, 1, zeroes}}, second, Identifier{8, 9, 10, 11, 12, 13, 14, 15}},
		{"too short", Options{Local: x}, []packet{{cp.ConfigureNak, 1, "01 04 00 01"}}, first, Identifier{0, 1, 2, 3, 4, 5, 6, 7}},
		{"another option", Options{Local: x}, []packet{{cp.ConfigureNak, 1, "02 04 00 61"}}, xs, x},
		{"rejected", Options{Local: x}, []packet{{cp.ConfigureReject, 1, xs}}, "", Identifier{}},
		{"rejected, and then suggested", Options{Local: x}, []packet{{cp.ConfigureReject, 1, xs}, {cp.ConfigureNak, 2, ys}}, "", Identifier{}},
		{"zero acknowledged", Options{AskLocal: true}, []packet{{cp.ConfigureAck, 1, zeroes}}, zeroes, Identifier{}},
	} {
		e := newEnd(tt.o)
		asked := e.sent(t)
		for _, p := range tt.packets {
			e.recv(t, p.code, p.id, p.data)
			for line := range strings.SplitSeq(e.sent(t), "\n") {
				if strings.HasPrefix(line, "1: ") {
					asked = line
				}
			}
		}
		if asked != "1: "+tt.asked {
			t.Errorf("%s: asked %q, want %q", tt.what, asked, tt.asked)
		}
		if got := e.ip.Agreed().Local; got != tt.local {
			t.Errorf("%s: we have %v, want %v", tt.what, got, tt.local)
		}
	}
}

// A peer that names no identifier is told once, and not again (RFC 5072 §4.1);
// what is suggested to one stays the same.
func TestSuggestions(t *testing.T) {
	e := newEnd(Options{Local: x})
	e.sent(t)
	for i, step := range []struct {
		asked, want string
		has         bool // an identifier, afterwards
	}{
		{"02 04 00 61", "4: 02 04 00 61", false},
		{"", "3: " + first, false},
		{"", "2: ", false},
		{zeroes, "3: " + first, false},
		{xs, "3: " + first, false},
		{first, "2: " + first, true},
		{"", "2: ", false},
		{first, "2: " + first, true},
	} {
		e.recv(t, cp.ConfigureRequest, uint8(i), step.asked)
		if got := e.sent(t); got != step.want || e.ip.Agreed().Remote.IsZero() == step.has {
			t.Errorf("step %d: %q, want %q; then %+v", i, got, step.want, e.ip.Agreed())
		}
	}
	// In a new negotiation it begins anew.
	e.Down(time.Time{}, &e.out)
	e.Up(time.Time{}, &e.out)
	if got := e.sent(t); got != "1: "+xs || e.ip.Agreed().Remote != (Identifier{}) {
		t.Errorf("again: asked %q, with %+v", got, e.ip.Agreed())
	}
	e.recv(t, cp.ConfigureRequest, 1, "")
	if got := e.sent(t); got != "3: "+second {
		t.Errorf("again: %q", got)
	}
}

// Whatever both begin with, both open with identifiers that differ, or without.
func TestTwoEnds(t *testing.T) {
	for _, tt := range []struct {
		what string
		a, b Options
		none bool
	}{
		{"both with one", Options{Local: x}, Options{Local: y}, false},
		{"both random", Options{}, Options{Local: y}, false},
		{"the same", Options{Local: x}, Options{Local: x}, false},
		{"the same, with one idea of what to suggest", Options{Local: x, Remote: y}, Options{Local: x, Remote: y}, false},
		{"one asks", Options{AskLocal: true}, Options{Local: x, Remote: y}, false},
		{"one asks, the other suggests its own", Options{AskLocal: true}, Options{Local: x, Remote: x}, false},
		{"both ask", Options{AskLocal: true}, Options{AskLocal: true}, true},
	} {
		a, b := newEnd(tt.a), newRandomEnd(tt.b, 0x40)
		for deliver(t, a, b)+deliver(t, b, a) > 0 {
		}
		one, other := a.ip.Agreed(), b.ip.Agreed()
		if a.State() != cp.Opened || b.State() != cp.Opened {
			t.Errorf("%s: %v and %v", tt.what, a.State(), b.State())
		}
		if one.Local != other.Remote || one.Remote != other.Local {
			t.Errorf("%s: %+v and %+v", tt.what, one, other)
		}
		if tt.none != one.Local.IsZero() || tt.none != one.Remote.IsZero() || !tt.none && one.Local == one.Remote {
			t.Errorf("%s: %+v", tt.what, one)
		}
	}
}

func deliver(t *testing.T, from, to *end) (frames int) {
	t.Helper()
	for _, f := range from.out.Take() {
		frames++
		_, info, _ := ppp.Split(f)
		p, err := cp.Parse(info)
		if err != nil {
			t.Fatal(err)
		}
		to.Receive(time.Time{}, p, &to.out)
	}
	return frames
}

// On a line that sends everything back every new idea is the peer's too: the
// Naks end (cp.Options), and nobody has an identifier.
func TestLoop(t *testing.T) {
	e := newEnd(Options{Local: x})
	naks := 0
	for rounds := 0; e.State() != cp.Opened; rounds++ {
		for _, f := range e.out.Take() {
			_, info, _ := ppp.Split(f)
			p, err := cp.Parse(info)
			if err != nil || rounds > 50 {
				t.Fatalf("round %d: %v, %v", rounds, e.State(), err)
			}
			if p.Code == cp.ConfigureNak {
				naks++
			}
			e.Receive(time.Time{}, p, &e.out)
		}
	}
	if got := e.ip.Agreed(); naks != 5 || got != (Agreed{}) {
		t.Errorf("%d Naks, then %+v", naks, got)
	}
}

// Both open, and have the link-local addresses of RFC 5072 §5.
func TestLinkLocalAddresses(t *testing.T) {
	e := newEnd(Options{Local: y})
	e.sent(t)
	for _, info := range []string{"01 01 00 0e 01 0a 25 3d 61 3c 0a 4b 65 0f", "02 01 00 0e " + ys} {
		p, err := cp.Parse(octets(t, info))
		if err != nil {
			t.Fatal(err)
		}
		e.Receive(time.Time{}, p, &e.out)
	}
	a := e.ip.Agreed()
	if got := e.sent(t); got != "2: 01 0a 25 3d 61 3c 0a 4b 65 0f" || e.State() != cp.Opened {
		t.Errorf("answered %q, %v", got, e.State())
	}
	if a.Remote.LinkLocal() != netip.MustParseAddr("fe80::253d:613c:a4b:650f") || a.Local.LinkLocal() != netip.MustParseAddr("fe80::9") {
		t.Errorf("%v and %v", a.Remote.LinkLocal(), a.Local.LinkLocal())
	}
}

func TestIdentifiers(t *testing.T) {
	for _, tt := range []struct{ hardware, id, addr string }{
		{"00:10:5a:01:02:03", "0210:5aff:fe01:0203", "fe80::210:5aff:fe01:203"},
		{"02:00:00:00:00:01", "0000:00ff:fe00:0001", "fe80::ff:fe00:1"},
		{"00:11:22:33:44:55:66:77", "0211:2233:4455:6677", "fe80::211:2233:4455:6677"},
	} {
		hw, err := net.ParseMAC(tt.hardware)
		if err != nil {
			t.Fatal(err)
		}
		id, err := FromHardware(hw)
		if err != nil || id.String() != tt.id || id.LinkLocal() != netip.MustParseAddr(tt.addr) {
			t.Errorf("%s: %v, %v, %v", tt.hardware, id, id.LinkLocal(), err)
		}
	}
	for _, n := range []int{0, 5, 7, 20} {
		if id, err := FromHardware(make(net.HardwareAddr, n)); err == nil {
			t.Errorf("%d octets make %v", n, id)
		}
	}
	if a := (Identifier{}).LinkLocal(); a.IsValid() {
		t.Errorf("no identifier has %v", a)
	}
}

// Identifiers that are drawn say that they belong to no hardware (RFC 5072
// §4.1), are not zero, and not one that is taken.
func TestDrawn(t *testing.T) {
	for _, source := range []string{"ff", "00", ""} {
		n := New(Options{}, strings.NewReader(strings.Repeat(string(octets(t, source)), 8*4)))
		a := n.draw(n.first)
		b := n.draw(n.first, a)
		for _, id := range []Identifier{n.first, a, b} {
			if id.IsZero() || id[0]&2 != 0 {
				t.Errorf("%q: drew %v", source, id)
			}
		}
		if n.first == a || n.first == b || a == b {
			t.Errorf("%q: drew %v, %v and %v", source, n.first, a, b)
		}
	}
	if a, b := New(Options{}, nil), New(Options{}, nil); a.first == b.first {
		t.Errorf("twice %v", a.first)
	}
}

func FuzzNegotiate(f *testing.F) {
	for _, s := range []string{xs, ys, zeroes, first, "02 04 00 61 " + xs, "01 02 01 0b 00 00 00 00 00 00 01 00 00", xs + ys} {
		f.Add(octets(f, s), uint8(0))
		f.Add(octets(f, s), uint8(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, kind uint8) {
		opts, err := cp.ParseOptions(b)
		if err != nil {
			return
		}
		n := New([]Options{{Local: x}, {AskLocal: true}, {Remote: y}, {Local: x, Remote: x}}[kind%4], new(counting))
		n.Reset()
		for range 2 {
			a, _ := n.Judge(opts)
			if len(a.Reject)+len(a.Nak) > len(opts)+1 {
				t.Errorf("%d options answered by %+v", len(opts), a)
			}
			for _, o := range a.Nak {
				if id, ok := identifier(o); !ok || id.IsZero() || id == n.ours {
					t.Errorf("suggested %+v", o)
				}
			}
			if got := n.Agreed(); got.Local == got.Remote && !got.Local.IsZero() {
				t.Errorf("both are %v", got.Local)
			}
			_ = n.Naked(opts)
			if len(n.Request()) != 1 {
				t.Errorf("asks for %v", n.Request())
			}
		}
		_ = n.Rejected(opts)
		if got := n.Request(); got != nil || !n.Agreed().Local.IsZero() {
			t.Errorf("asks for %v", got)
		}
	})
}
