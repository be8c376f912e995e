package userspace

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"carrier/pns/internal/lan"
)

func TestUDP(t *testing.T) {
	l := run(t, Options{OnlyMapped: true, Map: map[netip.AddrPort]string{port(intranet, 7): echoUDP(t, 1)}})
	h := attach(t, l, saran, 576)
	c, err := h.DialContext(t.Context(), "udp", "2.1.1.10:7")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got := make([]byte, 1<<16)
	for _, n := range []int{0, 1, 500, 8000} { // the last in fragments, both ways
		sent := bytes.Repeat([]byte{byte(n)}, n)
		c.Write(sent)
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := c.Read(got); err != nil || !bytes.Equal(got[:n], sent) {
			t.Errorf("%d octets: %d back, %v", len(sent), n, err)
		}
	}
	if largest, _ := h.got(); largest > 576 {
		t.Errorf("a packet of %d octets", largest)
	}
	if l.stats.Flows.Load() != 1 {
		t.Errorf("%d flows", l.stats.Flows.Load())
	}
}

// DNS to the server that callers are told of is UDP like any other.
func TestNames(t *testing.T) {
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		q := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(q)
			if err != nil {
				return
			}
			end := 12 + bytes.IndexByte(q[12:n], 0) + 5
			a := append([]byte{}, q[:end]...)
			copy(a[2:], []byte{0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0})
			a = append(a, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 2, 1, 1, 10)
			server.WriteTo(a, from)
		}
	}()
	l := run(t, Options{OnlyMapped: true, Map: map[netip.AddrPort]string{
		port(netip.MustParseAddr("2.1.1.53"), 53): server.LocalAddr().String(),
		port(intranet, 80):                        listenTCP(t, func(c *net.TCPConn) { c.Write([]byte("here")) })}})
	h := attach(t, l, saran, 0)
	c, err := h.DialContext(within(t, 20*time.Second), "tcp", "intranet.corp.example:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got := make([]byte, 4)
	if _, err := c.Read(got); err != nil || string(got) != "here" {
		t.Errorf("%q, %v", got, err)
	}
}

// datagram is from saran's port 1024.
func datagram(to netip.AddrPort) []byte {
	return lan.AppendUDP(nil, 1, port(saran, 1024), to, []byte("?"))
}

func TestWhyThereIsNoAnswer(t *testing.T) {
	stats := new(Stats)
	unlistened := func() string {
		s, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return s.LocalAddr().String()
	}
	l := run(t, Options{Stats: stats, OnlyMapped: true, Map: map[netip.AddrPort]string{
		port(intranet, 1): unlistened(), port(intranet, 2): "no.such.host.invalid:1"}},
		func(l *LAN) {
			dial := l.dial
			l.dial = func(ctx context.Context, network, to string) (net.Conn, error) {
				if strings.HasPrefix(to, "no.such") {
					return nil, &net.DNSError{Err: "no such host", Name: to, IsNotFound: true}
				}
				return dial(ctx, network, to)
			}
		})
	answers := make(sink, 4)
	detach, err := l.Attach(saran, 0, answers)
	if err != nil {
		t.Fatal(err)
	}
	defer detach()
	for _, c := range []struct {
		to   netip.AddrPort
		code byte
		from netip.Addr
	}{
		{port(intranet, 1), 3, intranet}, // Port Unreachable, says the host
		{port(intranet, 2), 1, router},   // Host Unreachable, say we
		{port(intranet, 3), 13, router},  // Communication Administratively Prohibited
	} {
		sent := datagram(c.to)
		l.Write(sent)
		got := <-answers
		h, err := lan.Parse(got)
		if err != nil || h.Src != c.from || h.Protocol != lan.ICMP || got[20] != 3 || got[21] != c.code || !bytes.Equal(got[28:], sent) {
			t.Errorf("%v: % x, %v", c.to, got, err)
		}
	}
	eventually(t, "no flow", func() bool { return stats.Flows.Load() == 0 })
}

// A flow ends after its idle time, which each datagram begins anew, and the
// next datagram begins another.
func TestIdle(t *testing.T) {
	l := run(t, Options{UDPIdle: 30 * time.Millisecond, Map: map[netip.AddrPort]string{port(intranet, 7): echoUDP(t, 1)}})
	answers := make(sink, 4)
	detach, err := l.Attach(saran, 0, answers)
	if err != nil {
		t.Fatal(err)
	}
	defer detach()
	for range 2 {
		l.Write(datagram(port(intranet, 7)))
		<-answers
		eventually(t, "no flow", func() bool { return l.stats.Flows.Load() == 0 })
	}
}

func TestFlowLimit(t *testing.T) {
	l := run(t, Options{MaxPerCaller: 2, Map: map[netip.AddrPort]string{
		port(intranet, 1): echoUDP(t, 1), port(intranet, 2): echoUDP(t, 1), port(intranet, 3): echoUDP(t, 1)}})
	answers := make(sink, 4)
	detach, err := l.Attach(saran, 0, answers)
	if err != nil {
		t.Fatal(err)
	}
	for p := range uint16(3) {
		l.Write(datagram(port(intranet, 1+p)))
	}
	if l.stats.Flows.Load() != 2 || l.stats.Limited.Load() != 1 {
		t.Errorf("%d flows, %d refused", l.stats.Flows.Load(), l.stats.Limited.Load())
	}
	detach()
	eventually(t, "no flow after the call", func() bool { return l.stats.Flows.Load() == 0 })
}
