package vj

import (
	"bytes"
	"encoding/hex"
	"net"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"carrier/shared/ppp"
)

// A packet is what a test changes from one to the next; gopacket puts it
// together, with lengths and checksums.
type packet struct {
	layers.IPv4
	layers.TCP
	data string
}

// telnet is a character typed, of a connection under way.
func telnet() *packet {
	return &packet{
		layers.IPv4{Version: 4, TTL: 64, Id: 0x1234, Flags: layers.IPv4DontFragment, Protocol: layers.IPProtocolTCP,
			SrcIP: net.IP{10, 0, 0, 2}, DstIP: net.IP{10, 0, 0, 1}},
		layers.TCP{SrcPort: 1025, DstPort: 23, Seq: 0x1000, Ack: 0x2000, ACK: true, PSH: true, Window: 0x2000},
		"a",
	}
}

// next is as most packets are: the same connection, one more in IP's count.
func (p *packet) next() { p.Id++ }

func (p *packet) octets(t testing.TB) []byte {
	t.Helper()
	if err := p.SetNetworkLayerForChecksum(&p.IPv4); err != nil {
		t.Fatal(err)
	}
	b := gopacket.NewSerializeBuffer()
	o := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(b, o, &p.IPv4, &p.TCP, gopacket.Payload(p.data)); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(b.Bytes())
}

// A link is a compressor and the decompressor behind it.
type link struct {
	t testing.TB
	c *Compressor
	d *Decompressor
}

func newLink(t testing.TB, s Slots) *link {
	t.Helper()
	c, err := NewCompressor(s)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDecompressor(s)
	if err != nil {
		t.Fatal(err)
	}
	return &link{t, c, d}
}

func (l *link) compress(packet []byte) (ppp.Protocol, []byte) {
	before := bytes.Clone(packet)
	info, p := l.c.Compress([]byte("before"), packet)
	if !bytes.Equal(before, packet) {
		l.t.Fatalf("% x was changed to % x", before, packet)
	}
	if !bytes.HasPrefix(info, []byte("before")) {
		l.t.Fatalf("what stood before is now % x", info)
	}
	if info = info[len("before"):]; len(info) > len(packet) {
		l.t.Fatalf("%d octets became %d", len(packet), len(info))
	}
	return p, info
}

func (l *link) decompress(p ppp.Protocol, info []byte) ([]byte, error) {
	out, err := []byte("before"), error(nil)
	switch p {
	case ppp.VJCompressed:
		out, err = l.d.Compressed(out, info)
	case ppp.VJUncompressed:
		out, err = l.d.Uncompressed(out, info)
	default:
		out = append(out, info...)
	}
	if !bytes.HasPrefix(out, []byte("before")) || err != nil && len(out) > len("before") {
		l.t.Fatalf("% x left % x, %v", info, out, err)
	}
	return out[len("before"):], err
}

// pass sends one packet, which must arrive as it is.
func (l *link) pass(packet []byte) (ppp.Protocol, []byte) {
	l.t.Helper()
	p, info := l.compress(packet)
	if got, err := l.decompress(p, info); err != nil || !bytes.Equal(got, packet) {
		l.t.Fatalf("%v % x: came out as\n% x, %v, but was\n% x", p, info, got, err, packet)
	}
	return p, info
}

func octets(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
