package peer

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	tcp, err := net.Listen("tcp4", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp4", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	inUseTCP, inUseUDP := netip.MustParseAddrPort(tcp.Addr().String()), netip.MustParseAddrPort(udp.LocalAddr().String())
	files := descriptors(t)
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{Listen: inUseTCP}, "control connections: " + inUseTCP.String() + " is in use by another program"},
		{Options{Listen: netip.MustParseAddrPort("127.0.0.2:0"), UDP: inUseUDP}, "GRE over UDP: " + inUseUDP.String() + " is in use by another program"},
		{Options{Listen: netip.MustParseAddrPort("[::1]:1723")}, "::1: PPTP is IPv4 only"},
		{Options{Source: netip.MustParseAddr("2001:db8::1")}, "2001:db8::1: PPTP is IPv4 only"},
		{Options{Host: strings.Repeat("x", 65)}, "our name: Start-Control-Connection-Reply: Host Name: 65 octets do not fit in 64"},
	} {
		_, err := Open(test.o)
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
	if now := descriptors(t); now != files {
		t.Errorf("%d descriptors, %d before", now, files)
	}
}

func TestDialFailures(t *testing.T) {
	h := run(t, "1", nil)
	closed, err := net.Listen("tcp4", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	at := netip.MustParseAddrPort(closed.Addr().String())
	if _, err := h.Dial(t.Context(), Remote{Addr: at, Transport: UDP}); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("nobody listens: %v", err)
	}
	if _, err := h.Dial(t.Context(), Remote{Addr: at, Transport: GRE}); err == nil || err.Error() != "transport gre is not open at this end" {
		t.Errorf("raw GRE: %v", err)
	}
	mute, err := net.Listen("tcp4", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		c, _ := mute.Accept()
		c.Read(make([]byte, 1)) // it has our request
		cancel(fs.ErrClosed)
		c.Read(make([]byte, 1000))
		c.Read(make([]byte, 1))
	}()
	at = netip.MustParseAddrPort(mute.Addr().String())
	if _, err := h.Dial(ctx, Remote{Addr: at, Transport: UDP}); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("not waited for any longer: %v", err)
	}
}

// All who dial one address meanwhile get the same connection.
func TestDialsShareAConnection(t *testing.T) {
	pac, pns := run(t, "1", nil), run(t, "2", nil)
	conns := make(chan *Conn)
	for range 20 {
		go func() {
			c, _ := pac.Dial(context.Background(), pns.remote())
			conns <- c
		}()
	}
	first := get(t, conns, "Dial")
	for range 19 {
		if c := get(t, conns, "Dial"); c == nil || c != first {
			t.Errorf("another connection: %v", c)
		}
	}
	first.Stop()
	gone(t, first.Done(), "connection")
	if c := pac.dial(pns); c == first {
		t.Error("a stopped connection was found")
	}
}
