package userspace

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"carrier/pns/internal/lan"
	"carrier/shared/netstack"
)

// echoPacket is a caller's ping: saran's.
func echoPacket(to netip.Addr, id, seq uint16, data []byte) []byte {
	m := append([]byte{8, 0, 0, 0, 0, 0, 0, 0}, data...)
	binary.BigEndian.PutUint16(m[4:], id)
	binary.BigEndian.PutUint16(m[6:], seq)
	binary.BigEndian.PutUint16(m[2:], lan.Checksum(m))
	return lan.AppendPacket(nil, lan.ICMP, 1, saran, to, m)
}

// A socket stands for the host's ICMP socket: sent echoes come out of sent,
// what is put into answers is read.
type socket struct {
	net.PacketConn // for its deadlines and Close: a socket that nobody writes to
	sent           chan message
	answers        net.PacketConn
	fail           error
}

type message struct {
	octets []byte
	to     net.Addr
}

func newSocket(t *testing.T) *socket {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	from, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { from.Close() })
	return &socket{PacketConn: c, sent: make(chan message, 16), answers: from}
}

func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	if s.fail != nil {
		return 0, s.fail
	}
	s.sent <- message{bytes.Clone(b), to}
	return len(b), nil
}

// answer lets the socket's reader see a message from 127.0.0.1.
func (s *socket) answer(b []byte) { s.answers.WriteTo(b, s.LocalAddr()) }

// use makes l ping over s, as a ping socket (id 0) or a raw one.
func use(s *socket, id uint16) func(*LAN) {
	return func(l *LAN) {
		l.ping.listen = func() (net.PacketConn, uint16, error) { return s, id, nil }
	}
}

func reply(m []byte) []byte {
	r := bytes.Clone(m)
	r[0] = 0
	return r
}

func TestPingOfOurselves(t *testing.T) {
	l := run(t, Options{OnlyMapped: true}, use(newSocket(t), 0))
	h := attach(t, l, saran, 576)
	if _, err := h.Ping(within(t, 10*time.Second), router, 1000); err != nil {
		t.Error(err)
	}
}

// A ping of a mapped address goes to the host that the map names, and is
// answered by that host's answer only.
func TestPingForwarded(t *testing.T) {
	for _, id := range []uint16{0, 0x4711} {
		s := newSocket(t)
		l := run(t, Options{OnlyMapped: true, Map: map[netip.AddrPort]string{
			port(intranet, 80): "127.0.0.1:8080", port(intranet, 443): "127.0.0.2:8443"}}, use(s, id))
		answers := make(sink, 4)
		detach, err := l.Attach(saran, 576, answers)
		if err != nil {
			t.Fatal(err)
		}
		l.Write(echoPacket(intranet, 7, 9, []byte("some data")))
		m := <-s.sent
		if addrOf(m.to) != netip.MustParseAddr("127.0.0.1") || m.octets[0] != 8 || string(m.octets[8:]) != "some data" ||
			lan.Checksum(m.octets) != 0 || binary.BigEndian.Uint16(m.octets[4:]) != id {
			t.Errorf("sent % x to %v", m.octets, m.to)
		}
		wrong := reply(m.octets)
		wrong[7]++ // another sequence number
		foreign := reply(m.octets)
		foreign[4]++ // another identifier: on a raw socket, somebody else's ping
		s.answer(wrong)
		if id != 0 {
			s.answer(foreign)
		}
		s.answer(m.octets) // the echo itself, as a raw socket sees it on loopback
		for n := range 8 {
			s.answer(reply(m.octets)[:n])
		}
		s.answer(reply(m.octets))
		s.answer(reply(m.octets)) // twice: the second is nobody's
		got := <-answers
		want := echoPacket(intranet, 7, 9, []byte("some data"))[20:]
		want[0], want[2] = 0, want[2]+8 // an Echo Reply
		h, err := lan.Parse(got)
		if err != nil || h.Src != intranet || h.Dst != saran || !bytes.Equal(got[20:], want) {
			t.Errorf("answered % x, want % x", got, want)
		}
		eventually(t, "no ping waits", func() bool { return l.stats.Pings.Load() == 0 })
		if len(answers) != 0 {
			t.Errorf("answered again: % x", <-answers)
		}
		detach()
	}
}

func TestPingNotForwarded(t *testing.T) {
	failing := newSocket(t)
	failing.fail = errors.New("network is unreachable")
	defer failing.Close()
	var logged strings.Builder
	for _, c := range []struct {
		name   string
		o      Options
		change func(*LAN)
		to     netip.Addr
		want   string
	}{
		{"only mapped", Options{OnlyMapped: true}, use(newSocket(t), 0), intranet, "code 13, says 2.1.1.60"},
		{"this host's link", Options{}, use(newSocket(t), 0), netip.MustParseAddr("169.254.0.1"), "code 13"},
		{"no route", Options{}, use(failing, 0), netip.MustParseAddr("198.51.100.1"), "code 1, says 2.1.1.60"},
		{"no socket", Options{Log: slog.New(slog.NewTextHandler(&logged, nil))}, func(l *LAN) {
			l.ping.listen = func() (net.PacketConn, uint16, error) { return nil, 0, errors.New("permission denied") }
		}, netip.MustParseAddr("198.51.100.1"), "code 13"},
	} {
		l := run(t, c.o, c.change)
		h := attach(t, l, saran, 0)
		for range 2 {
			_, err := h.Ping(within(t, 10*time.Second), c.to, 8)
			if !errors.Is(err, netstack.ErrUnreachable) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", c.name, err, c.want)
			}
		}
	}
	if n := strings.Count(logged.String(), "pings cannot be forwarded"); n != 1 || !strings.Contains(logged.String(), "permission denied") {
		t.Errorf("said %d times: %s", n, logged.String())
	}
}

// Where no answer came, none is given, and the ping is forgotten.
func TestPingUnanswered(t *testing.T) {
	s := newSocket(t)
	l := run(t, Options{MaxPerCaller: 3}, use(s, 0))
	h := attach(t, l, saran, 0)
	for i := range uint16(5) {
		l.Write(echoPacket(netip.MustParseAddr("198.51.100.1"), 1, i, nil))
	}
	if l.stats.Pings.Load() != 3 || l.stats.Limited.Load() != 2 {
		t.Errorf("%d wait, %d refused", l.stats.Pings.Load(), l.stats.Limited.Load())
	}
	l.forgetPings(time.Now().Add(pingWait - time.Second))
	if l.stats.Pings.Load() != 3 {
		t.Error("forgotten too early")
	}
	l.forgetPings(time.Now().Add(pingWait))
	if l.stats.Pings.Load() != 0 {
		t.Error("not forgotten")
	}
	for range 3 {
		s.answer(reply((<-s.sent).octets))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := h.Ping(ctx, netip.MustParseAddr("198.51.100.1"), 8); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a ping without an answer: %v", err)
	}
	if _, n := h.got(); n != 0 {
		t.Errorf("%d packets for the caller", n)
	}
}
