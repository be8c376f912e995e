package queue

import (
	"encoding/binary"
	"testing"

	"carrier/shared/ppp"
)

// packet is an IPv4 packet with ports.
func packet(protocol byte, from, to uint16) []byte {
	b := make([]byte, 40)
	b[0], b[9] = 0x45, protocol
	copy(b[12:], []byte{2, 1, 1, 10, 2, 1, 1, 129})
	binary.BigEndian.PutUint16(b[20:], from)
	binary.BigEndian.PutUint16(b[22:], to)
	return b
}

func TestFlowsAreToldApart(t *testing.T) {
	var c classifier
	seen := map[uint32]string{}
	for name, p := range map[string][]byte{"tcp 80": packet(6, 80, 1024), "tcp 81": packet(6, 81, 1024),
		"udp 80": packet(17, 80, 1024), "icmp": packet(1, 0x0800, 0)} {
		h := c.classify(ppp.Append(nil, ppp.IPv4, p))
		if other, ok := seen[h]; ok || h < firstHash {
			t.Errorf("%s is the flow of %s (%d)", name, other, h)
		}
		seen[h] = name
		for _, form := range []ppp.Compression{{Address: true}, {Protocol: true}, {Address: true, Protocol: true}} {
			if got := c.classify(form.Append(nil, ppp.IPv4, p)); got != h {
				t.Errorf("%s, %+v: another flow", name, form)
			}
		}
	}
}

// packet6 is an IPv6 packet, with ports where its protocol has them.
func packet6(next, host byte, from, to uint16) []byte {
	b := make([]byte, 48)
	b[0], b[6] = 0x60, next
	copy(b[8:], []byte{0x20, 0x01, 0x0D, 0xB8, 15: host})
	copy(b[24:], []byte{0x20, 0x01, 0x0D, 0xB8, 15: 9})
	binary.BigEndian.PutUint16(b[40:], from)
	binary.BigEndian.PutUint16(b[42:], to)
	return b
}

func TestFlowsOfIPv6(t *testing.T) {
	var c classifier
	seen := map[uint32]string{}
	classify := func(p []byte) uint32 { return c.classify(ppp.Append(nil, ppp.IPv6, p)) }
	elsewhere := func(at int) []byte {
		p := packet6(6, 1, 80, 1024)
		p[at]++
		return p
	}
	for name, p := range map[string][]byte{"another network": elsewhere(13), "to another network": elsewhere(29), "to another host": elsewhere(39),
		"tcp 80": packet6(6, 1, 80, 1024), "tcp 81": packet6(6, 1, 81, 1024), "another host": packet6(6, 2, 80, 1024),
		"udp 80": packet6(17, 1, 80, 1024), "icmp": packet6(58, 1, 0x8000, 0), "a fragment": packet6(44, 1, 0, 1)} {
		h := classify(p)
		if other, ok := seen[h]; ok || h < firstHash {
			t.Errorf("%s is the flow of %s (%d)", name, other, h)
		}
		seen[h] = name
	}
	if classify(packet6(44, 1, 0, 1)) != classify(packet6(44, 1, 0xDEAD, 0xBEEF)) {
		t.Error("the fragments of a datagram may overtake each other")
	}
	for n := range 40 {
		if h := classify(packet6(6, 1, 80, 1024)[:n]); h != opaque {
			t.Errorf("the first %d octets are flow %d", n, h)
		}
	}
	c = classifier{vj: true}
	if classify(packet6(6, 1, 80, 1024)) < firstHash {
		t.Error("TCP over IPv6 waits for VJ's")
	}
	c = classifier{ordered: true}
	if classify(packet6(6, 1, 80, 1024)) != opaque {
		t.Error("IPv6 overtakes what is compressed")
	}
}

func TestFragmentsAreOneFlow(t *testing.T) {
	var c classifier
	first, later := packet(17, 80, 1024), packet(17, 0xDEAD, 0xBEEF)
	first[6] = 0x20
	later[7] = 5
	a, b := c.classify(ppp.Append(nil, ppp.IPv4, first)), c.classify(ppp.Append(nil, ppp.IPv4, later))
	if a != b {
		t.Error("the fragments of a datagram may overtake each other")
	}
}

func TestWhatDependsOnTheOrder(t *testing.T) {
	tcp, ping := ppp.Append(nil, ppp.IPv4, packet(6, 80, 1024)), ppp.Append(nil, ppp.IPv4, packet(1, 8, 0))
	frame := func(p ppp.Protocol, octets ...byte) []byte { return ppp.Append(nil, p, octets) }
	var c classifier
	wants := func(what string, f []byte, want uint32) {
		t.Helper()
		if got := min(c.classify(f), firstHash); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	wants("LCP", frame(ppp.LCP, 9), control)
	wants("PAP", frame(ppp.PAP, 1), control)
	wants("IPCP", frame(ppp.IPCP, 1), control)
	wants("TCP", tcp, firstHash)
	wants("no IPv4", frame(ppp.IPv4, 0x60), opaque)
	wants("IPX", frame(0x2B, 1), opaque)
	wants("no PPP", []byte{0x40}, opaque)
	wants("nothing", nil, opaque)
	wants("VJ", frame(ppp.VJCompressed, 1), vj)
	wants("TCP beside VJ", tcp, vj)
	wants("ping beside VJ", ping, firstHash)
	wants("CCP asks", frame(ppp.CCP, 1, 1, 0, 4), opaque)
	wants("ping before CCP is agreed", ping, firstHash)
	wants("CCP agrees", frame(ppp.CCP, 2, 1, 0, 4), opaque)
	wants("ping with CCP", ping, opaque)
	wants("VJ with CCP", frame(ppp.VJUncompressed, 1), opaque)
	wants("compressed", frame(ppp.Compressed, 1), opaque)
	wants("IPCP with CCP", frame(ppp.IPCP, 9), control)
	wants("LCP begins anew", frame(ppp.LCP, 1, 1, 0, 4), control)
	wants("ping again", ping, firstHash)
	wants("TCP again", tcp, firstHash)
}

func FuzzClassify(f *testing.F) {
	f.Add(ppp.Append(nil, ppp.IPv4, packet(6, 80, 1024)))
	f.Add([]byte{0x21, 0x45})
	f.Add([]byte{0xFF, 0x03, 0x80, 0xFD, 2})
	f.Add([]byte{0xC0, 0x21})
	f.Fuzz(func(t *testing.T, frame []byte) {
		var c, d classifier
		if c.classify(frame) != d.classify(frame) {
			t.Error("two flows of one frame")
		}
		q := Queue{MaxFrames: 2}
		q.Push(start, frame)
		if got := q.Pop(start); got == nil || string(got.Octets) != string(frame) {
			t.Error("the frame was changed")
		}
	})
}
