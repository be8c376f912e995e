package dhcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"carrier/pns/internal/lan"
	"carrier/shared/wire"
)

var (
	hers = netip.MustParseAddr("2.1.1.129")
	ours = netip.MustParseAddr("10.64.64.64")
	told = Settings{
		Domain: "corp.example",
		DNS:    []netip.Addr{netip.MustParseAddr("2.1.1.53"), netip.MustParseAddr("2.1.1.54")},
		WINS:   []netip.Addr{netip.MustParseAddr("2.1.1.42")},
		Routes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.168.7.128/25")},
	}
)

// fixed are the fields up to chaddr, of a message about her (RFC 2131 §2).
func fixed(op byte) []byte {
	return []byte{op, 8, 6, 0, 1, 2, 3, 4, 0, 7, 0, 0, 2, 1, 1, 129, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		'R', 'A', 'S', ' ', 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
}

// message is one with options.
func message(op byte, options ...byte) []byte {
	b := append(fixed(op), make([]byte, 64+128)...)
	return append(append(b, 99, 130, 83, 99), options...)
}

// asking is what Windows asks with when its PPP is up, of which want are the
// options that it wants.
func asking(want ...byte) []byte {
	o := []byte{53, 1, 8, 61, 7, 8, 'R', 'A', 'S', ' ', 9, 0, 60, 8, 'M', 'S', 'F', 'T', ' ', '5', '.', '0', 55, byte(len(want))}
	return message(1, append(append(o, want...), 255)...)
}

// packet carries a message from her to everybody.
func packet(message []byte) []byte {
	return lan.AppendUDP(nil, 1, netip.AddrPortFrom(hers, 68), netip.AddrPortFrom(everybody, 67), message)
}

var windows = []byte{6, 44, 43, 77, 249, 121, 15}

// The answer by hand, after RFC 2131 §4.3.5, RFC 2132 §3.8, §3.17, §8.5, §9.6 and
// §9.7, RFC 3442 and RFC 6842: in the order of the options' numbers.
func TestAnswer(t *testing.T) {
	routes := []byte{8, 10, 10, 64, 64, 64, 25, 192, 168, 7, 128, 10, 64, 64, 64}
	head := []byte{6, 8, 2, 1, 1, 53, 2, 1, 1, 54, 15, 12}
	head = append(head, "corp.example"...)
	names := []byte{44, 4, 2, 1, 1, 42}
	end := []byte{53, 1, 5, 54, 4, 10, 64, 64, 64, 61, 7, 8, 'R', 'A', 'S', ' ', 9, 0}
	for _, tt := range []struct {
		what string
		s    Settings
		want []byte
		all  [][]byte
	}{
		{"Windows", told, windows, [][]byte{head, names, end, {121, 15}, routes, {249, 15}, routes}},
		{"Windows XP", told, []byte{6, 44, 249, 15}, [][]byte{head, names, end, {249, 15}, routes}},
		{"all", told, nil, [][]byte{head, names, {46, 1, 8}, end, {121, 15}, routes, {249, 15}, routes}},
		{"what we do not have", told, []byte{1, 3, 51}, [][]byte{end}},
		{"nothing to tell", Settings{}, windows, [][]byte{end}},
	} {
		got, err := tt.s.Answer(packet(asking(tt.want...)), ours)
		if err != nil {
			t.Errorf("%s: %v", tt.what, err)
			continue
		}
		h, err := lan.Parse(got)
		if err != nil || h.Src != ours || h.Dst != hers || h.Total != len(got) || lan.ChecksumUDP(h.Src, h.Dst, got[20:]) != 0 ||
			!bytes.Equal(got[20:24], []byte{0, 67, 0, 68}) {
			t.Errorf("%s: header % x: %v", tt.what, got[:28], err)
		}
		want := message(2, append(bytes.Join(tt.all, nil), 255)...)
		want = append(want, make([]byte, max(0, 300-len(want)))...) // as BOOTP has it
		want[8], want[9] = 0, 0                                     // secs
		if !bytes.Equal(got[28:], want) {
			t.Errorf("%s: % x\nwant % x", tt.what, got[28+240:], want[240:])
		}
	}
}

// Only a host's own DHCPINFORM to everybody concerns us; all else, of DHCP too,
// goes where it went before.
func TestConcerns(t *testing.T) {
	to := func(from, to string, b []byte) []byte {
		return lan.AppendUDP(nil, 1, netip.MustParseAddrPort(from), netip.MustParseAddrPort(to), b)
	}
	change := func(b []byte, at int, v byte) []byte {
		b = bytes.Clone(b)
		b[at] = v
		return b
	}
	good := asking(windows...)
	for _, tt := range []struct {
		what   string
		packet []byte
		want   bool
	}{
		{"as Windows asks", packet(good), true},
		{"without ciaddr", packet(change(change(change(change(good, 12, 0), 13, 0), 14, 0), 15, 0)), true},
		{"padding before its type", packet(message(1, 0, 0, 53, 1, 8, 255)), true},
		{"DISCOVER", packet(message(1, 53, 1, 1, 255)), false},
		{"REQUEST", packet(message(1, 53, 1, 3, 255)), false},
		{"RELEASE", packet(message(1, 53, 1, 7, 255)), false},
		{"BOOTP", packet(message(1, 255)), false},
		{"a type behind the end", packet(message(1, 255, 53, 1, 8)), false},
		{"a type of two octets", packet(message(1, 53, 2, 8, 0, 255)), false},
		{"an answer", packet(message(2, 53, 1, 8, 255)), false},
		{"another host's", packet(change(good, 15, 130)), false},
		{"a relay's", packet(change(good, 27, 1)), false},
		{"another cookie", packet(change(good, 236, 1)), false},
		{"to one host", to("2.1.1.129:68", "2.1.1.60:67", good), false},
		{"to another port", to("2.1.1.129:68", "255.255.255.255:69", good), false},
		{"TCP", change(packet(good), 9, 6), false},
		{"a fragment", change(packet(good), 6, 0x20), false},
		{"a later fragment", change(packet(good), 7, 1), false},
		{"with options of IP", append(append(change(packet(good)[:20], 0, 0x46), 1, 1, 1, 1), packet(good)[20:]...), true},
	} {
		if got := Concerns(tt.packet); got != tt.want {
			t.Errorf("%s: %v", tt.what, got)
		}
	}
	whole := packet(message(1, 53, 1, 8))
	for n := 20; n < len(whole); n++ {
		if Concerns(whole[:n]) {
			t.Errorf("its first %d octets concern us", n)
		}
	}
}

// What is no whole message is not answered.
func TestWhatIsNotAnswered(t *testing.T) {
	good := packet(asking(windows...))
	sum := bytes.Clone(good)
	sum[26] ^= 1
	unended := packet(message(1, 53, 1, 8, 55, 200, 6))
	long := packet(message(1, append(append([]byte{53, 1, 8, 61, 255}, make([]byte, 255)...), 61, 90)...))
	long = packet(append(long[28:], append(make([]byte, 90), 255)...))
	for what, p := range map[string][]byte{"a wrong checksum": sum, "an option beyond the message": unended,
		"another type": packet(message(1, 53, 1, 1, 255)), "an answer too long": long} {
		if a, err := told.Answer(p, ours); !errors.Is(err, ErrIgnored) || a != nil {
			t.Errorf("%s: % x, %v", what, a, err)
		}
	}
	unsummed := bytes.Clone(good) // as RFC 768 allows
	unsummed[26], unsummed[27] = 0, 0
	if _, err := told.Answer(unsummed, ours); err != nil {
		t.Errorf("without a checksum: %v", err)
	}
	for n := range good {
		cut := bytes.Clone(good[:n])
		if n >= 20 { // the datagram is cut short, not the packet
			binary.BigEndian.PutUint16(cut[2:], uint16(n))
			lan.SetChecksum(cut[:20])
		}
		if _, err := told.Answer(cut, ours); !errors.Is(err, wire.ErrShort) {
			t.Errorf("first %d octets: %v", n, err)
		}
	}
}

func TestFits(t *testing.T) {
	s := told
	s.Routes = nil
	for i := range 255 {
		if s.Routes = append(s.Routes, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), 0, 0}), 16)); !s.Fits() {
			break
		}
	}
	// 548 octets, but for the fixed 240, and the options, in the order of their numbers:
	// the rest is for the routes, of 7 octets, twice.
	if most := (548 - 240 - 10 - 14 - 6 - 3 - 3 - 6 - 21 - 2 - 2 - 1) / 14; len(s.Routes) != most+1 {
		t.Errorf("%d routes are too many, %d should not be", len(s.Routes), most)
	}
	s.Routes = s.Routes[:len(s.Routes)-1]
	if a, err := s.Answer(packet(asking()), ours); err != nil || len(a) > 576 {
		t.Errorf("%d octets, %v", len(a), err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(packet(asking(windows...)))
	f.Add(packet(message(1, 53, 1, 8, 255)))
	f.Add(packet(message(1, 0, 53, 1, 8, 52, 1, 3, 255)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 20 && int(b[0]&0x0F)*4 >= 20 && int(b[0]&0x0F)*4 <= len(b) {
			Concerns(b)
		}
		before := slices.Clone(b)
		a, err := told.Answer(b, ours)
		if !bytes.Equal(b, before) {
			t.Error("the packet was changed")
		}
		if err != nil {
			return
		}
		if h, err := lan.Parse(a); err != nil || len(a) > 576 || h.Dst != netip.AddrFrom4([4]byte(b[12:16])) {
			t.Errorf("% x: %v", a, err)
		}
	})
}
