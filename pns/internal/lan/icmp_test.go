package lan

import (
	"bytes"
	"net/netip"
	"testing"
)

// RFC 792, Destination Unreachable, by hand.
func TestAppendError(t *testing.T) {
	want := append([]byte{
		0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0x74, 0x07, 2, 1, 1, 60, 2, 1, 1, 129,
		3, 4, 0xFA, 0xA3, // Type, Code, Checksum
		0, 0, 0x02, 0x40, // unused; next-hop MTU 576 (RFC 1191 §4)
	}, golden...)
	got := AppendError([]byte("x"), FragmentationNeeded, 576, router, golden)
	if !bytes.Equal(got[1:], want) {
		t.Errorf("% x\nwant\n% x", got[1:], want)
	}
	if h, err := Parse(got[1:]); err != nil || h.Src != router || h.Dst != caller || h.Protocol != ICMP {
		t.Errorf("%+v, %v", h, err)
	}
	big := packet(3000, 0)
	if got := AppendError(nil, TimeExceeded, 0, router, big); len(got) != 576 || !bytes.Equal(got[28:], big[:548]) {
		t.Errorf("about a big packet: %d octets", len(got))
	}
	if got := AppendError(nil, HostUnreachable, 0, router, big[:28]); len(got) != 56 {
		t.Errorf("about the beginning of a packet: %d octets", len(got))
	}
}

func TestNoErrorAbout(t *testing.T) {
	echo, reply := packet(8, 0), packet(8, 0)
	echo[9], reply[9] = ICMP, ICMP
	echo[20], reply[20] = 8, 3
	SetChecksum(echo[:20])
	SetChecksum(reply[:20])
	to := func(src, dst string) []byte {
		return AppendPacket(nil, UDP, 0, netip.MustParseAddr(src), netip.MustParseAddr(dst), make([]byte, 8))
	}
	for _, c := range []struct {
		name   string
		packet []byte
		want   int
	}{
		{"an echo", echo, 56},
		{"an ICMP error", reply, 0},
		{"a later fragment", packet(8, 1), 0},
		{"the first fragment", packet(8, moreFollow), 56},
		{"a multicast", to("2.1.1.129", "224.0.0.9"), 0},
		{"a broadcast", to("2.1.1.129", "255.255.255.255"), 0},
		{"a packet from nowhere", to("0.0.0.0", "2.1.1.10"), 0},
		{"a packet from a multicast address", to("224.0.0.9", "2.1.1.10"), 0},
		{"a short packet", golden[:19], 0},
		{"nothing", nil, 0},
	} {
		if got := AppendError(nil, HostUnreachable, 0, router, c.packet); len(got) != c.want {
			t.Errorf("%s: %d octets, want %d", c.name, len(got), c.want)
		}
	}
}

func TestForwardable(t *testing.T) {
	for addr, want := range map[string]bool{
		"2.1.1.10": true, "10.0.0.1": true, "192.168.1.1": true, "223.255.255.255": true,
		"0.0.0.0": false, "0.1.2.3": false, "127.0.0.1": false, "127.9.9.9": false, "169.254.169.254": false,
		"224.0.0.1": false, "239.1.1.1": false, "240.0.0.1": false, "255.255.255.255": false, "2001:db8::1": false,
	} {
		if got := Forwardable(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
}
