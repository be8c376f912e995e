//go:build netns

package tun

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"carrier/pns/internal/lan"
)

// segmentsOf is n segments of one TCP flow, size octets of data in each, as a
// caller sends them.
func segmentsOf(t testing.TB, n, size int, from, to netip.Addr) [][]byte {
	var all [][]byte
	for i := range n {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, Id: uint16(i), Flags: layers.IPv4DontFragment,
			SrcIP: from.AsSlice(), DstIP: to.AsSlice()}
		tcp := &layers.TCP{SrcPort: 4000, DstPort: 9, ACK: true, Seq: uint32(1 + i*size), Ack: 1, Window: 65535}
		if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
			t.Fatal(err)
		}
		b := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, tcp,
			gopacket.Payload(make([]byte, size))); err != nil {
			t.Fatal(err)
		}
		all = append(all, b.Bytes())
	}
	return all
}

// BenchmarkWrite is what a segment of a caller's costs until the kernel has it.
// It is joined with its neighbours; the kernel drops it, having no route.
func BenchmarkWrite(b *testing.B) {
	inside(b, func(ns *namespace) {
		l := ns.run(b, Options{})
		packets := segmentsOf(b, 64, 1360, saran, netip.MustParseAddr("198.51.100.1"))
		b.ReportAllocs()
		b.SetBytes(1400)
		for n := 0; b.Loop(); n++ {
			l.Write(packets...)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(packets)), "ns/packet")
	})
}

// counting takes packets for a caller.
type counting struct {
	lan.Receiver
	n chan int
}

func (c counting) Deliver(packets [][]byte) { c.n <- len(packets) }

// Nothing is allocated for a packet, either way.
func TestNoAllocation(t *testing.T) {
	inside(t, func(ns *namespace) {
		l := ns.run(t, Options{})
		c := counting{n: make(chan int, 1)}
		if _, err := l.Attach(bob, 1400, c); err != nil {
			t.Fatal(err)
		}
		out := segmentsOf(t, 64, 1360, saran, netip.MustParseAddr("198.51.100.1"))
		turned := segmentsOf(t, 1, 100, saran, bob)
		if n := testing.AllocsPerRun(1000, func() { l.Write(out...) }); n != 0 {
			t.Errorf("64 packets up: %v allocations", n)
		}
		timeout := time.After(10 * time.Second)
		if n := testing.AllocsPerRun(1000, func() {
			l.Write(turned...)
			select {
			case <-c.n:
			case <-timeout:
				t.Error("not delivered")
			}
		}); n != 0 {
			t.Errorf("a packet up and down: %v allocations", n)
		}
	})
}
