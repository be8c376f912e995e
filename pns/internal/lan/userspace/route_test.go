package userspace

import (
	"bytes"
	"io"
	"net/netip"
	"testing"
	"time"

	"carrier/pns/internal/lan"
)

// Callers reach each other without leaving this network.
func TestCallerToCaller(t *testing.T) {
	l := run(t, Options{OnlyMapped: true})
	first, second := attach(t, l, saran, 0), attach(t, l, bobby, 576)
	s, err := second.ListenTCP(80)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	go func() {
		if c, err := s.Accept(); err == nil {
			io.WriteString(c, "from "+c.RemoteAddr().String()[:9])
			c.Close()
		}
	}()
	c, err := first.DialContext(within(t, 10*time.Second), "tcp", "2.1.1.130:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); err != nil || string(got) != "from 2.1.1.129" && string(got) != "from 2.1.1.12" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := first.Ping(within(t, 10*time.Second), bobby, 2000); err != nil { // in fragments
		t.Errorf("ping: %v", err)
	}
	if largest, _ := second.got(); largest > 576 {
		t.Errorf("the second got a packet of %d octets", largest)
	}
	if l.stats.Connections.Load() != 0 {
		t.Error("the stack has a part in it")
	}
}

// What a router says to a packet that it cannot send on.
func TestRouterErrors(t *testing.T) {
	l := run(t, Options{})
	answers, nobody := make(sink, 4), make(sink, 4)
	for addr, r := range map[netip.Addr]sink{saran: answers, bobby: nobody} {
		detach, err := l.Attach(addr, 576, r)
		if err != nil {
			t.Fatal(err)
		}
		defer detach()
	}
	old := lan.AppendUDP(nil, 1, port(saran, 1), port(bobby, 2), []byte("x"))
	old[8], old[10] = 1, old[10]+63 // Time to Live: 1, was 64
	big := lan.AppendUDP(nil, 1, port(saran, 1), port(bobby, 2), make([]byte, 600))
	big[6], big[10] = 0x40, big[10]-0x40 // Don't Fragment
	for _, c := range []struct {
		name       string
		packet     []byte
		typ, code  byte
		mtu        byte // the lower octet of the next-hop MTU
		octetsSeen int
	}{
		{"Time to Live", old, 11, 0, 0, 29},
		{"Don't Fragment", big, 3, 4, 0x40, 100},
	} {
		if _, err := lan.Parse(c.packet); err != nil {
			t.Fatal(c.name, err)
		}
		l.Write(c.packet)
		got := <-answers
		h, err := lan.Parse(got)
		if err != nil || h.Src != router || got[20] != c.typ || got[21] != c.code || got[27] != c.mtu ||
			!bytes.Equal(got[28:28+9], c.packet[:9]) && c.name == "Time to Live" {
			t.Errorf("%s: % x, %v", c.name, got[:min(60, len(got))], err)
		}
	}
	if len(nobody) != 0 {
		t.Error("it was delivered all the same")
	}
	if l.stats.TooBig.Load() != 1 {
		t.Errorf("TooBig %d", l.stats.TooBig.Load())
	}
}

func FuzzWrite(f *testing.F) {
	f.Add(syn)
	f.Add(datagram(port(intranet, 53)))
	f.Add(datagram(port(bobby, 53)))
	f.Add(echoPacket(router, 1, 1, []byte("ping")))
	l, err := New(Options{Local: router, OnlyMapped: true})
	if err != nil {
		f.Fatal(err)
	}
	for _, addr := range []netip.Addr{saran, bobby} {
		if _, err := l.Attach(addr, 68, make(sink, 1)); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, packet []byte) { l.Write(packet) })
}
