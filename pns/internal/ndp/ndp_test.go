package ndp

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"

	"carrier/pns/internal/lan"
	"carrier/shared/wire"
)

var (
	ours   = netip.MustParseAddr("fe80::1")
	hers   = netip.MustParseAddr("fe80::9")
	global = netip.MustParseAddr("2001:db8:1::9")
	nobody = netip.IPv6Unspecified()
	all    = netip.MustParseAddr("ff02::2")
	began  = time.Date(1997, 4, 1, 0, 0, 0, 0, time.UTC)
)

func router() *Router {
	return New(Options{Local: ours, Prefix: netip.MustParsePrefix("2001:db8:1::/64"), MTU: 1400,
		DNS: []netip.Addr{netip.MustParseAddr("2001:db8::53")}}, began)
}

// icmp is a packet with a message whose checksum is right.
func icmp(hops uint8, from, to netip.Addr, message ...byte) []byte {
	return lan.AppendICMPv6(nil, hops, from, to, message)
}

var (
	// advertised is what the router says, by hand after RFC 4861 §4.2 and §4.6 and RFC
	// 8106 §5.1.
	advertised = []byte{
		0x60, 0, 0, 0, 0, 80, 58, 255,
		0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0xFF, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		134, 0, 0x44, 0xAC, 64, 0, 2700 >> 8, 2700 & 0xFF, 0, 0, 0, 0, 0, 0, 0, 0,
		3, 4, 64, 0x40, 0, 0, 5400 >> 8, 5400 & 0xFF, 0, 0, 2700 >> 8, 2700 & 0xFF, 0, 0, 0, 0,
		0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		5, 1, 0, 0, 0, 0, 1400 >> 8, 1400 & 0xFF,
		25, 3, 0, 0, 0, 0, 2700 >> 8, 2700 & 0xFF,
		0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53}
	solicited = icmp(255, hers, all, routerSolicitation, 0, 0, 0, 0, 0, 0, 0)
	asked     = icmp(255, hers, ours, append([]byte{neighborSolicitation, 0, 0, 0, 0, 0, 0, 0}, ours.AsSlice()...)...)
)

func TestAdvertisement(t *testing.T) {
	if got := router().Expire(began); !bytes.Equal(got, advertised) {
		t.Errorf("% x, want\n% x", got, advertised)
	}
	quiet := router()
	quiet.o.DNS = nil
	if got := quiet.Expire(began); !bytes.Equal(got[40+16:], advertised[40+16:len(advertised)-24]) {
		t.Errorf("without name servers: % x", got)
	}
	more := router()
	more.o.Other = true
	if got := more.Expire(began); got[45] != 0x40 || !bytes.Equal(got[46:], advertised[46:]) {
		t.Errorf("with DHCPv6: % x", got)
	}
}

// RFC 4861 §6.2.4: three soon, then each after 200 to 600 s.
func TestIntervals(t *testing.T) {
	r := router()
	now := r.Deadline()
	if now != began {
		t.Errorf("begins at %v", now)
	}
	var waits []time.Duration
	for range 300 {
		if r.Expire(now.Add(-1)) != nil || r.Expire(now) == nil {
			t.Fatal("advertised before the deadline, or not at it")
		}
		waits = append(waits, r.Deadline().Sub(now))
		now = r.Deadline()
	}
	least, most := time.Hour, time.Duration(0)
	for i, w := range waits {
		if i < 2 && w != 16*time.Second || i >= 2 && (w < 200*time.Second || w > 600*time.Second) {
			t.Errorf("wait %d: %v", i, w)
		} else if i >= 2 {
			least, most = min(least, w), max(most, w)
		}
	}
	if most-least < 300*time.Second {
		t.Errorf("all waits are from %v to %v", least, most)
	}
}

// RFC 4861 §6.2.6: answers come within half a second, and never two within 3 s.
func TestSolicitations(t *testing.T) {
	r := router()
	r.Expire(began)
	for _, tt := range []struct {
		after, least, most time.Duration // of the last advertisement
	}{{time.Second, 3 * time.Second, 3500 * time.Millisecond}, {10 * time.Second, 10 * time.Second, 10500 * time.Millisecond}} {
		last := r.last
		for range 100 {
			if answer, err := r.Receive(last.Add(tt.after), solicited); answer != nil || err != nil {
				t.Fatalf("% x, %v", answer, err)
			}
		}
		d := r.Deadline().Sub(last)
		if d < tt.least || d > tt.most {
			t.Errorf("asked after %v: advertised after %v", tt.after, d)
		}
		r.Expire(r.Deadline())
	}
	for range 10 { // to where the intervals are long
		r.Expire(r.Deadline())
	}
	before := r.Deadline()
	r.Receive(before.Add(-time.Millisecond), solicited)
	if r.Deadline().After(before) {
		t.Error("an answer put an advertisement off")
	}
}

func TestAnswers(t *testing.T) {
	ask := func(a netip.Addr) []byte {
		return append([]byte{neighborSolicitation, 0, 0, 0, 0, 0, 0, 0}, a.AsSlice()...)
	}
	tell := func(flags byte) []byte {
		return append([]byte{neighborAdvertisement, 0, 0, 0, flags, 0, 0, 0}, ours.AsSlice()...)
	}
	for _, tt := range []struct {
		what         string
		packet, want []byte
	}{
		{"our address", icmp(255, hers, ours, ask(ours)...), icmp(255, ours, hers, tell(0xE0)...)},
		{"from her global one", icmp(255, global, ours, ask(ours)...), icmp(255, ours, global, tell(0xE0)...)},
		{"an address that she wants", icmp(255, nobody, netip.MustParseAddr("ff02::1:ff00:1"), ask(ours)...), icmp(255, ours, allNodes, tell(0xA0)...)},
		{"a ping", icmp(64, hers, ours, 128, 0, 0, 0, 1, 2, 3, 4, 5), icmp(64, ours, hers, 129, 0, 0, 0, 1, 2, 3, 4, 5)},
		{"padded", append(icmp(64, hers, ours, 128, 0, 0, 0, 1, 2, 3, 4), 0, 0), icmp(64, ours, hers, 129, 0, 0, 0, 1, 2, 3, 4)},
	} {
		if got, err := router().Receive(began, tt.packet); err != nil || !bytes.Equal(got, tt.want) {
			t.Errorf("%s: % x, %v, want % x", tt.what, got, err, tt.want)
		}
	}
}

func TestIgnored(t *testing.T) {
	wrong := bytes.Clone(solicited)
	wrong[42]++
	rs := []byte{routerSolicitation, 0, 0, 0, 0, 0, 0, 0}
	ns := append([]byte{neighborSolicitation, 0, 0, 0, 0, 0, 0, 0}, hers.AsSlice()...)
	with := func(m []byte, more ...byte) []byte { return append(bytes.Clone(m), more...) }
	for what, packet := range map[string][]byte{
		"from another link":              icmp(254, hers, all, rs...),
		"a question from another link":   icmp(254, hers, ours, asked[40:]...),
		"wrong checksum":                 wrong,
		"a code":                         icmp(255, hers, all, with([]byte{133, 1}, rs[2:]...)...),
		"from a multicast":               icmp(255, all, all, rs...),
		"an option without length":       icmp(255, hers, all, with(rs, 1, 0, 0, 0, 0, 0, 0, 0)...),
		"a link-layer address of nobody": icmp(255, nobody, all, with(rs, 1, 1, 0, 0, 0, 0, 0, 0)...),
		"another's address":              icmp(255, hers, ours, ns...),
		"an advertisement":               icmp(255, hers, all, advertised[40:]...),
		"a ping of somebody else":        icmp(64, hers, hers, 128, 0, 0, 0, 1, 2, 3, 4),
		"a ping from nobody":             icmp(64, nobody, ours, 128, 0, 0, 0, 1, 2, 3, 4),
		"no ICMPv6":                      lan.AppendPacket6(nil, 17, 255, hers, all, make([]byte, 8)),
	} {
		r := router()
		r.Expire(began)
		before := r.Deadline()
		if got, err := r.Receive(began.Add(time.Minute), packet); got != nil || !errors.Is(err, ErrIgnored) || r.Deadline() != before {
			t.Errorf("%s: % x, %v", what, got, err)
		}
	}
	for what, message := range map[string][]byte{
		"an option beyond the end": with(rs, 1, 2, 0, 0, 0, 0, 0, 0), "half an option": with(rs, 1), "a target cut short": ns[:23],
		"a solicitation cut short": rs[:7],
	} {
		if got, err := router().Receive(began, icmp(255, hers, all, message...)); got != nil || !errors.Is(err, wire.ErrShort) {
			t.Errorf("%s: % x, %v", what, got, err)
		}
	}
	if got, err := router().Receive(began, lan.AppendPacket6(nil, lan.ICMPv6, 255, hers, all, rs[:1])); got != nil || !errors.Is(err, wire.ErrShort) {
		t.Errorf("a type alone: % x, %v", got, err)
	}
	for n := range asked {
		if got, err := router().Receive(began, asked[:n]); got != nil || !errors.Is(err, wire.ErrShort) && !errors.Is(err, lan.ErrHeader6) {
			t.Errorf("the first %d octets: % x, %v", n, got, err)
		}
	}
}

func TestConcerns(t *testing.T) {
	for _, tt := range []struct {
		packet []byte
		does   bool
	}{{solicited, true}, {asked, true}, {icmp(64, hers, ours, 128, 0, 0, 0), true}, {advertised, false},
		{lan.AppendPacket6(nil, lan.ICMPv6, 255, hers, all, nil), false}, {lan.AppendPacket6(nil, 17, 255, hers, all, []byte{133}), false}} {
		if got := Concerns(tt.packet); got != tt.does {
			t.Errorf("% x: %v", tt.packet, got)
		}
	}
}

func FuzzReceive(f *testing.F) {
	for _, b := range [][]byte{solicited, asked, advertised, icmp(64, hers, ours, 128, 0, 0, 0, 1, 2)} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := lan.Parse6(b); err == nil && h.Total >= 44 { // the right checksum, or little is reached
			b = lan.AppendICMPv6(nil, h.HopLimit, h.Src, h.Dst, b[40:h.Total])
		}
		r := router()
		r.Expire(began)
		answer, err := r.Receive(began.Add(time.Minute), b)
		if answer != nil && (err != nil || len(answer) > max(len(b), 64)) {
			t.Errorf("% x, %v", answer, err)
		}
		if h, err := lan.Parse6(answer); answer != nil && (err != nil || h.Src != ours || lan.Checksum6(h.Src, h.Dst, lan.ICMPv6, answer[40:]) != 0) {
			t.Errorf("%+v, %v", h, err)
		}
		if !r.Deadline().After(began.Add(time.Second)) {
			t.Errorf("the next advertisement is at %v", r.Deadline())
		}
	})
}
