package netstack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// unreachable is a router's answer to an Echo (RFC 792, Destination
// Unreachable): 10.0.0.2 says of our packet to 192.0.2.7, code.
func unreachable(original []byte, code byte) []byte {
	b := []byte{0x45, 0, 0, byte(28 + len(original)), 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1,
		3, code, 0, 0, 0, 0, 0, 0}
	b = append(b, original...)
	binary.BigEndian.PutUint16(b[10:], ^header.IPv4(b).CalculateChecksum())
	binary.BigEndian.PutUint16(b[22:], header.ICMPv4Checksum(header.ICMPv4(b[20:28]), checksum.Checksum(b[28:], 0)))
	return b
}

func TestPingUnreachable(t *testing.T) {
	var s *Stack
	ready := make(chan struct{})
	s, err := New(Options{Addr: left, Output: func(p [][]byte) {
		<-ready
		for n := range len(p[0]) { // cut anywhere, it says nothing
			s.Write(unreachable(p[0][:min(n, 27)], 1))
		}
		s.Write(unreachable(p[0][:28], 1))
		s.Write(unreachable(p[0][:28], 13)) // one is enough
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	close(ready)
	_, err = s.Ping(within(t, 10*time.Second), netip.MustParseAddr("192.0.2.7"), 0)
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "192.0.2.7") ||
		!strings.Contains(err.Error(), "code 1, says 10.0.0.2") {
		t.Errorf("error %v", err)
	}
}

// Whatever comes from the link, a stack of either kind takes it.
func FuzzWrite(f *testing.F) {
	f.Add(syn)
	f.Add(unreachable(syn[:28], 3))
	f.Add([]byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0x66, 0xCF, 10, 0, 0, 2, 10, 0, 0, 1, 0, 7, 0, 7, 0, 8, 0, 0})
	host, err := New(Options{Addr: left, Output: func([][]byte) {}})
	if err != nil {
		f.Fatal(err)
	}
	router, err := New(Options{Addr: right, Output: func([][]byte) {}, Forwarder: &Forwarder{MaxRequests: 4,
		TCP: func(r *Request) { r.Reset() },
		UDP: func(d Datagram) bool { return len(d.Payload) > 8 }, Echo: func(d Datagram) bool { return len(d.Payload) > 8 }}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		host.Close()
		router.Close()
	})
	host.pings.wait(0)
	f.Fuzz(func(t *testing.T, packet []byte) {
		host.Write(packet)
		router.Write(packet)
		// With its header made right it comes further.
		packet = bytes.Clone(packet)
		if h := header.IPv4(packet); len(packet) >= 20 && packet[0]>>4 == 4 && int(h.HeaderLength()) <= len(packet) && h.HeaderLength() >= 20 {
			h.SetTotalLength(uint16(len(packet)))
			h.SetChecksum(0)
			h.SetChecksum(^h.CalculateChecksum())
			host.Write(packet)
			router.Write(packet)
		}
	})
}
