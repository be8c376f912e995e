package flow

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/lan"
	"carrier/shared/gre"
	"carrier/shared/ppp"
)

var (
	sara6, intranet6 = netip.MustParseAddr("2001:db8:1::9"), netip.MustParseAddr("2001:db8:2::10")
	saraLink, ours   = netip.MustParseAddr("fe80::9"), netip.MustParseAddr("fe80::1")
	network6         = Network6{Open: true, Prefix: netip.MustParsePrefix("2001:db8:1::/64"), MRU: 1400}
)

func ipv6(from, to netip.Addr, next byte, payload ...byte) []byte {
	return lan.AppendPacket6(nil, next, 64, from, to, payload)
}

func frame6(packet []byte) []byte { return ppp.Append(nil, ppp.IPv6, packet) }

func TestIPv6GoesBetweenTunnelAndLAN(t *testing.T) {
	b := newBench(t, Options{})
	b.SetNetwork6(network6)
	up, down := ipv6(sara6, intranet6, 17, 1, 2, 3), ipv6(intranet6, sara6, 17, 4, 5)
	b.from(append(frame6(up), 0, 0), frame(ipv4(sara, intranet, 17, nil))) // padded; IPv4 is not open
	b.wantsLAN("up", up)
	b.Deliver([][]byte{down, ipv4(intranet, sara, 17, nil)})
	b.wantsDown("down", frame6(down))
	b.wantsSession("data")
	b.wantsDropped(map[string]uint64{"not-open": 2})
	short := network6
	short.Compression = ppp.Compression{Address: true, Protocol: true}
	b.SetNetwork6(short)
	b.Deliver([][]byte{down})
	b.wantsDown("compressed", append([]byte{0x57}, down...))
	b.open() // IPv4 beside it
	b.Deliver([][]byte{down})
	b.SetNetwork6(Network6{})
	b.Deliver([][]byte{down, ipv4(intranet, sara, 17, nil)})
	b.from(frame6(up), frame(ipv4(sara, intranet, 17, nil)))
	b.wantsDown("IPv6, then IPv4 alone", frame6(down), frame(ipv4(intranet, sara, 17, nil)))
	b.wantsLAN("IPv4 alone", ipv4(sara, intranet, 17, nil))
	b.wantsSession("whose protocol is not open", frame6(up))
	b.wantsDropped(map[string]uint64{"not-open": 3})
}

// Her packets come from her /64; what stays on the link never reaches the LAN, and
// of it the router is asked what is for a router.
func TestSourceAndReachOfIPv6(t *testing.T) {
	b := newBench(t, Options{})
	b.SetNetwork6(network6)
	all := netip.MustParseAddr("ff02::2")
	solicit := ipv6(saraLink, all, lan.ICMPv6, 133, 0, 0, 0, 0, 0, 0, 0)
	good := ipv6(netip.MustParseAddr("2001:db8:1::ffff:1"), intranet6, 17)
	b.from(frame6(ipv6(intranet6, intranet6, 17)), frame6(ipv6(netip.MustParseAddr("2001:db8:1:1::9"), intranet6, 17)),
		frame6(ipv6(saraLink, intranet6, 17)), frame6(ipv6(netip.IPv6Unspecified(), intranet6, 17)),
		frame6(ipv6(sara6, ours, 17)), frame6(ipv6(sara6, netip.MustParseAddr("ff0e::1"), 17)),
		frame6(ipv6(sara6, netip.IPv6Unspecified(), 17)), frame6(ipv6(sara6, netip.MustParseAddr("::1"), 17)),
		frame6(solicit), frame6(ipv6(saraLink, all, lan.ICMPv6, 143)), frame6(good))
	b.wantsLAN("only hers", good)
	b.wantsSession("what is for a router", frame6(solicit))
	b.wantsDropped(map[string]uint64{"spoofed": 4})
}

// What is delegated to her is hers as well, and nothing beside it; a question to a
// DHCPv6 server is the session's.
func TestWhatIsDelegated(t *testing.T) {
	b := newBench(t, Options{})
	n := network6
	n.Delegated = netip.MustParsePrefix("2001:db8:100::/60")
	b.SetNetwork6(n)
	behind, beside := ipv6(netip.MustParseAddr("2001:db8:100:f::9"), intranet6, 17), ipv6(netip.MustParseAddr("2001:db8:100:10::9"), intranet6, 17)
	ask := ipv6(saraLink, netip.MustParseAddr("ff02::1:2"), 17, 2, 34, 2, 35, 0, 8, 0, 0)
	other := ipv6(saraLink, netip.MustParseAddr("ff02::1:2"), 17, 2, 34, 2, 34, 0, 8, 0, 0)
	b.from(frame6(behind), frame6(beside), frame6(ask), frame6(ask[:47]), frame6(other), frame6(ipv6(sara6, intranet6, 17)))
	b.wantsLAN("hers", behind, ipv6(sara6, intranet6, 17))
	b.wantsSession("a question", frame6(ask))
	b.wantsDropped(map[string]uint64{"spoofed": 1, "malformed": 1})
}

func TestWhatIsNoIPv6(t *testing.T) {
	b := newBench(t, Options{})
	b.SetNetwork6(network6)
	good := ipv6(sara6, intranet6, 17, 1, 2, 3)
	for n := range good {
		b.from(frame6(good[:n]))
		if n > 0 {
			b.Deliver([][]byte{good[:n]})
		}
	}
	b.from(frame6(ipv4(sara, intranet, 17, make([]byte, 40))))
	b.Deliver([][]byte{ipv6(intranet6, sara6, 17, make([]byte, 1361)...)}) // 1401 octets
	b.wantsLAN("nothing")
	b.wantsDown("nothing")
	b.wantsDropped(map[string]uint64{"malformed": uint64(2 * len(good)), "too-long": 1})
}

// IPv6 is coded, queued and shut off like IPv4, and what the router says with it.
func TestIPv6WaitsAndIsShut(t *testing.T) {
	b := newBench(t, Options{GRE: gre.Options{Windowing: true, SendWindow: 1}})
	b.SetNetwork6(network6)
	down := ipv6(intranet6, sara6, 17)
	b.Deliver([][]byte{down, down}) // one may go
	b.wantsDown("the first", frame6(down))
	b.SetCoding(Coding{Shut: true})
	b.Deliver([][]byte{ipv6(ours, saraLink, lan.ICMPv6, 134, 0, 0, 0)})
	b.from(frame6(ipv6(sara6, intranet6, 17)))
	b.wantsDown("none in clear")
	b.wantsLAN("none in clear")
	b.wantsDropped(map[string]uint64{"unsealed": 2})
}

// The idle limit counts data, and not what the router says all the time.
func TestLastDataOfIPv6(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.SetNetwork6(network6)
		began := time.Now()
		for _, tt := range []struct {
			what   string
			do     func()
			counts bool
		}{
			{"an advertisement", func() { b.Deliver([][]byte{ipv6(ours, netip.MustParseAddr("ff02::1"), lan.ICMPv6, 134, 0, 0, 0)}) }, false},
			{"a solicitation", func() { b.from(frame6(ipv6(saraLink, ours, lan.ICMPv6, 135, 0, 0, 0))) }, false},
			{"up", func() { b.from(frame6(ipv6(sara6, intranet6, 17))) }, true},
			{"down", func() { b.Deliver([][]byte{ipv6(intranet6, sara6, 17)}) }, true},
		} {
			time.Sleep(time.Minute)
			tt.do()
			if tt.counts {
				began = time.Now()
			}
			if got := b.LastData(); !got.Equal(began) {
				t.Errorf("%s: %v, want %v", tt.what, got, began)
			}
		}
	})
}

// tcp6 is a SYN from Sara, its checksum right.
func tcp6(mss uint16) []byte {
	h := make([]byte, 24)
	h[12], h[13], h[20], h[21] = 0x60, flagSYN, optionMSS, 4
	binary.BigEndian.PutUint16(h[22:], mss)
	binary.BigEndian.PutUint16(h[16:], lan.Checksum6(sara6, intranet6, protocolTCP, h))
	return ipv6(sara6, intranet6, protocolTCP, h...)
}

func TestClampOfIPv6(t *testing.T) {
	b := newBench(t, Options{Rate: 28_800, MSSByRate: true})
	b.SetNetwork6(network6)
	b.from(frame6(tcp6(1440)), frame6(tcp6(500)))
	b.wantsLAN("at 28,800 bit/s", tcp6(576-60), tcp6(500))
	b = newBench(t, Options{})
	b.SetNetwork6(network6)
	later := bytes.Clone(tcp6(1440))
	later[6] = 44 // behind a Fragment header
	b.from(frame6(tcp6(1440)), frame6(later))
	b.wantsLAN("up", tcp6(1340), later)
	b.Deliver([][]byte{tcp6(1440)})
	b.wantsDown("down", frame6(tcp6(1340)))
}
