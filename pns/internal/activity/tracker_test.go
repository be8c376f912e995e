package activity

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
)

var (
	sara     = netip.MustParseAddr("2.1.1.129")
	intranet = netip.MustParseAddr("2.1.1.10")
	stranger = netip.MustParseAddr("198.51.100.7")
)

// ipv4 is a packet of that protocol.
func ipv4(from, to netip.Addr, protocol byte, payload []byte) []byte {
	p := make([]byte, 20, 20+len(payload))
	p[0], p[8], p[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(p[2:], uint16(20+len(payload)))
	copy(p[12:], from.AsSlice())
	copy(p[16:], to.AsSlice())
	return append(p, payload...)
}

func udp(from, to netip.AddrPort) []byte {
	b := make([]byte, 8+4)
	binary.BigEndian.PutUint16(b, from.Port())
	binary.BigEndian.PutUint16(b[2:], to.Port())
	return ipv4(from.Addr(), to.Addr(), protocolUDP, b)
}

func tcp(from, to netip.AddrPort, flags byte, seq, ack uint32, octets int) []byte {
	b := make([]byte, 20+octets)
	binary.BigEndian.PutUint16(b, from.Port())
	binary.BigEndian.PutUint16(b[2:], to.Port())
	binary.BigEndian.PutUint32(b[4:], seq)
	binary.BigEndian.PutUint32(b[8:], ack)
	b[12], b[13] = 5<<4, flags
	return ipv4(from.Addr(), to.Addr(), protocolTCP, b)
}

func icmp(from, to netip.Addr, kind byte) []byte {
	return ipv4(from, to, protocolICMP, []byte{kind, 0, 0, 0, 0, 1, 0, 1})
}

// A step is a packet, and whether it counts.
type step struct {
	packet []byte
	counts bool
}

func at(a netip.Addr, port uint16) netip.AddrPort { return netip.AddrPortFrom(a, port) }

// what goes on in a call, under the filter that holds without a list.
var scenes = map[string][]step{
	"a download": {
		{tcp(at(sara, 1025), at(intranet, 80), flagSYN, 99, 0, 0), true},
		{tcp(at(intranet, 80), at(sara, 1025), flagSYN|flagACK, 4999, 100, 0), true},
		{tcp(at(sara, 1025), at(intranet, 80), flagACK, 100, 5000, 0), false},
		{tcp(at(sara, 1025), at(intranet, 80), flagACK, 100, 5000, 300), true},
		{tcp(at(intranet, 80), at(sara, 1025), flagACK, 5000, 400, 1000), true},
		{tcp(at(intranet, 80), at(sara, 1025), flagACK, 6000, 400, 1000), true},
		{tcp(at(intranet, 80), at(sara, 1025), flagACK, 6000, 400, 1000), false}, // again
		{tcp(at(intranet, 80), at(sara, 1025), flagACK|flagFIN, 7000, 400, 0), true},
		{tcp(at(sara, 1025), at(intranet, 80), flagACK|flagFIN, 400, 7001, 0), true},
		{tcp(at(intranet, 80), at(sara, 1025), flagRST, 7001, 0, 0), false},
		{tcp(at(sara, 1025), at(intranet, 80), flagRST, 401, 0, 0), false},
	},
	"keep-alives around a key that she types, where numbers wrap": {
		{tcp(at(sara, 1025), at(intranet, 23), flagSYN, 0xFFFFFFFE, 0, 0), true},
		{tcp(at(intranet, 23), at(sara, 1025), flagSYN|flagACK, 0xFFFFFFFF, 0xFFFFFFFF, 0), true},
		{tcp(at(sara, 1025), at(intranet, 23), flagACK, 0xFFFFFFFE, 0, 0), false}, // of no octet
		{tcp(at(intranet, 23), at(sara, 1025), flagACK, 0, 0xFFFFFFFF, 0), false},
		{tcp(at(sara, 1025), at(intranet, 23), flagACK, 0xFFFFFFFF, 0, 1), true}, // the key
		{tcp(at(intranet, 23), at(sara, 1025), flagACK, 0, 0, 1), true},          // its echo
		{tcp(at(sara, 1025), at(intranet, 23), flagACK, 0xFFFFFFFF, 1, 1), false},
		{tcp(at(intranet, 23), at(sara, 1025), flagACK, 0, 0, 1), false}, // of one
		{tcp(at(sara, 1025), at(intranet, 23), flagACK, 0, 1, 1), true},
	},
	"a connection from before": {
		{tcp(at(intranet, 23), at(sara, 1025), flagACK, 4999, 99, 1), false},
		{tcp(at(sara, 1025), at(intranet, 23), flagACK, 99, 5000, 1), false}, // perhaps a keep-alive
		{tcp(at(sara, 1025), at(intranet, 23), flagACK, 100, 5000, 1), true},
		{tcp(at(intranet, 23), at(sara, 1025), flagACK, 4999, 100, 1), false},
		{tcp(at(intranet, 23), at(sara, 1025), flagACK, 5000, 101, 1), true},
	},
	"strangers": {
		{tcp(at(stranger, 9), at(sara, 445), flagSYN, 1, 0, 0), false},
		{tcp(at(sara, 445), at(stranger, 9), flagSYN|flagACK, 8, 2, 0), false},
		{tcp(at(stranger, 9), at(sara, 446), flagSYN, 1, 0, 0), false},
		{tcp(at(sara, 446), at(stranger, 9), flagRST|flagACK, 0, 2, 0), false},
		{udp(at(stranger, 5000), at(sara, 1434)), false},
		{icmp(sara, stranger, 3), false},
		{icmp(stranger, sara, 8), false},
		{icmp(sara, stranger, 0), false},
		{ipv4(stranger, sara, 47, make([]byte, 8)), false},
	},
	"questions and answers": {
		{udp(at(sara, 1026), at(intranet, 53)), true},
		{udp(at(intranet, 53), at(sara, 1026)), true},
		{udp(at(stranger, 53), at(sara, 1026)), false},
		{udp(at(intranet, 53), at(sara, 1027)), false},
		{icmp(sara, intranet, 8), true},
		{icmp(intranet, sara, 0), false},
		{icmp(intranet, sara, 11), false},
		{ipv4(sara, intranet, 50, make([]byte, 8)), true},
		{ipv4(intranet, sara, 50, make([]byte, 8)), true},
	},
	"chatter": {
		{udp(at(sara, 137), at(intranet, 137)), false},
		{udp(at(intranet, 138), at(sara, 138)), false},
		{udp(at(sara, 50000), at(intranet, 123)), false},
		{udp(at(intranet, 123), at(sara, 50000)), false},
		{udp(at(sara, 5353), at(netip.MustParseAddr("224.0.0.251"), 5353)), false},
		{udp(at(sara, 50001), at(netip.MustParseAddr("224.0.0.252"), 5355)), false},
		{udp(at(sara, 50002), at(netip.MustParseAddr("239.255.255.250"), 1900)), false},
		{udp(at(sara, 68), at(netip.MustParseAddr("255.255.255.255"), 67)), false},
		{ipv4(sara, netip.MustParseAddr("224.0.0.22"), protocolIGMP, make([]byte, 16)), false},
	},
	"headers cut short, and fragments": {
		{ipv4(sara, intranet, protocolTCP, make([]byte, 19)), false},
		{ipv4(sara, intranet, protocolUDP, make([]byte, 7)), false},
		{ipv4(sara, intranet, protocolICMP, []byte{8}), false},
		{later(udp(at(sara, 1026), at(intranet, 53))), false},
		{later(ipv4(sara, intranet, 50, nil)), false},
	},
	"another version": {{[]byte{0x50}, true}},
}

// later makes of a packet a fragment behind the first.
func later(p []byte) []byte {
	p[7] = 1
	return p
}

func (t *Tracker) counts(p []byte) bool {
	if len(p) >= 20 && p[0]>>4 == 4 && netip.AddrFrom4([4]byte(p[12:16])) != sara || p[0]>>4 == 6 && netip.AddrFrom4([4]byte(p[20:24])) != sara {
		return t.ToCaller(p)
	}
	return t.FromCaller(p)
}

// six is the packet as IPv6 has it.
func six(p []byte) []byte {
	if p[0]>>4 != 4 {
		return p
	}
	address := func(a []byte) []byte { return append(make([]byte, 12), a...) }
	protocol, above := p[9], slices.Clone(p[20:])
	if protocol == protocolICMP {
		protocol = protocolICMP6
		if kinds := map[byte]byte{8: 128, 0: 129, 3: 1}; len(above) > 0 {
			above[0] = kinds[above[0]]
		}
	}
	if fragment := p[6:8]; fragment[0]&0x1F|fragment[1] != 0 {
		above = append([]byte{protocol, 0, 0, 8, 0, 0, 0, 1}, above...)
		protocol = fragment6
	}
	b := []byte{0x60, 0, 0, 0, byte(len(above) >> 8), byte(len(above)), protocol, 64}
	return slices.Concat(b, address(p[12:16]), address(p[16:20]), above)
}

func all(t testing.TB) *Filter {
	f, err := New(Names())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestScenes(t *testing.T) {
	for name, steps := range scenes {
		for version, form := range map[int]func([]byte) []byte{4: slices.Clone[[]byte], 6: six} {
			tracker, open := NewTracker(all(t)), NewTracker(nil)
			for i, s := range steps {
				p := form(s.packet)
				if got := tracker.counts(p); got != s.counts {
					t.Errorf("%s, IPv%d, packet %d: counts is %t", name, version, i+1, got)
				}
				if !open.counts(p) {
					t.Errorf("%s, IPv%d, packet %d does not count without a filter", name, version, i+1)
				}
			}
		}
	}
}

// Each item alone ignores what it names, and nothing of what the others do.
func TestItems(t *testing.T) {
	keepAlive := tcp(at(sara, 1025), at(intranet, 23), flagACK, 1, 1, 0)
	packets := map[string][]byte{
		"netbios": udp(at(sara, 138), at(intranet, 138)), "ntp": udp(at(sara, 123), at(intranet, 123)),
		"mdns": udp(at(sara, 5353), at(intranet, 5353)), "llmnr": udp(at(sara, 9999), at(intranet, 5355)),
		"ssdp": udp(at(sara, 9999), at(intranet, 1900)), "dhcp": udp(at(sara, 68), at(intranet, 67)),
		"igmp": ipv4(sara, intranet, protocolIGMP, make([]byte, 8)), icmpErrors: icmp(sara, intranet, 3),
		keepAlives: keepAlive, resets: tcp(at(sara, 1025), at(intranet, 24), flagRST, 1, 1, 0),
		unsolicited: udp(at(stranger, 5), at(sara, 6)),
		"udp/514":   udp(at(sara, 9999), at(intranet, 514)), "tcp/5900": tcp(at(sara, 5900), at(intranet, 9), flagACK, 1, 1, 9),
		"ip/89": ipv4(sara, intranet, 89, make([]byte, 8)), "ip/255": ipv4(sara, intranet, 255, nil),
		"udp/65535": udp(at(sara, 65535), at(intranet, 5)), "tcp/1": tcp(at(sara, 9), at(intranet, 1), flagSYN, 1, 0, 0),
	}
	for item := range packets {
		f, err := New([]string{item})
		if err != nil {
			t.Fatal(err)
		}
		for other, p := range packets {
			tracker := NewTracker(f)
			if got := tracker.counts(p); got == (other == item) {
				t.Errorf("with %s alone, that %s counts is %t", item, other, got)
			}
		}
	}
	for _, name := range Names() {
		if packets[name] == nil {
			t.Errorf("no packet shows %s", name)
		}
	}
}

func TestNoItem(t *testing.T) {
	for _, item := range []string{"", "udp", "udp/", "udp/0", "tcp/0", "udp/+5", "tcp/65536", "ip/256", "sctp/9", "NTP", "udp/53/54", "ip/-1"} {
		if f, err := New([]string{"ntp", item}); f != nil || !errors.Is(err, ErrItem) {
			t.Errorf("%q: %v", item, err)
		}
	}
	if f, err := New(nil); f != nil || err != nil {
		t.Errorf("no items: %v, %v", f, err)
	}
}

// More flows than are remembered: each counts again once she sends in it.
func TestMoreFlowsThanAreKept(t *testing.T) {
	tracker := NewTracker(all(t))
	known := 0
	for port := range uint16(100) {
		if !tracker.counts(udp(at(sara, 2000+port), at(intranet, 53))) {
			t.Fatalf("port %d: what she sends does not count", port)
		}
		if !tracker.counts(udp(at(intranet, 53), at(sara, 2000+port))) {
			t.Errorf("port %d: the answer does not count", port)
		}
	}
	for port := range uint16(100) {
		if tracker.counts(udp(at(intranet, 53), at(sara, 2000+port))) {
			known++
		}
	}
	if known == 0 || known > kept {
		t.Errorf("%d are remembered, of %d places", known, kept)
	}
}

func TestDoesNotAllocate(t *testing.T) {
	tracker := NewTracker(all(t))
	n := testing.AllocsPerRun(100, func() {
		for _, steps := range scenes {
			for _, s := range steps {
				tracker.counts(s.packet)
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever a packet holds, the tracker does not read beyond it, and the same
// segment of TCP does not count twice.
func FuzzTracker(f *testing.F) {
	for _, steps := range scenes {
		for _, s := range steps {
			f.Add(s.packet)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 20 || b[0]>>4 != 4 || b[0]&0x0F < 5 || int(b[0]&0x0F)*4 > len(b) {
			return
		}
		tracker := NewTracker(all(t))
		tracker.ToCaller(b)
		first := tracker.FromCaller(b)
		if second := tracker.FromCaller(b); b[9] == protocolTCP && second {
			t.Errorf("% x counts twice, at first %t", b, first)
		}
	})
}

func BenchmarkTracker(b *testing.B) {
	tracker := NewTracker(all(b))
	for _, s := range scenes["a download"][:5] {
		tracker.counts(s.packet)
	}
	data := tcp(at(intranet, 80), at(sara, 1025), flagACK, 6000, 400, 1000)
	seq := uint32(6000)
	for b.Loop() {
		binary.BigEndian.PutUint32(data[24:], seq)
		seq += 1000
		if !tracker.ToCaller(data) {
			b.Fatal(fmt.Sprint("does not count at ", seq))
		}
	}
}
