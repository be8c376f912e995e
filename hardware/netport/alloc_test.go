package netport

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// Octets through a port of each kind, both ways, and its deadlines allocate
// nothing.
func TestOctetsAllocateNothing(t *testing.T) {
	frame := bytes.Repeat([]byte{0x7E, 0xFF, '\r', 0, '\n', 0x11, 3}, 200)
	doubled := bytes.ReplaceAll(frame, []byte{0xFF}, []byte{0xFF, 0xFF})
	for name, tt := range map[string]struct {
		open func(t *testing.T) (Opened, net.Conn)
		far  []byte // frame as it is on the wire
	}{
		"tcp":  {func(t *testing.T) (Opened, net.Conn) { return dialled(t, "tcp", "127.0.0.1:0", "") }, frame},
		"unix": {func(t *testing.T) (Opened, net.Conn) { return dialled(t, "unix", filepath.Join(t.TempDir(), "s"), "") }, frame},
		"telnet": {func(t *testing.T) (Opened, net.Conn) {
			return dialled(t, "telnet", "127.0.0.1:0", "fffb03fffd03fffb00fffd00")
		}, doubled},
		"rfc2217": {comPort, doubled},
	} {
		t.Run(name, func(t *testing.T) {
			p, far := tt.open(t)
			there, here := make([]byte, len(tt.far)), make([]byte, len(frame))
			late := time.Now()
			if n := testing.AllocsPerRun(200, func() {
				late = late.Add(time.Minute)
				if p.SetReadDeadline(late) != nil || p.SetWriteDeadline(late) != nil {
					t.Fatal("no deadlines")
				}
				carries(t, p, far, frame, tt.far, there)
				carries(t, far, p, tt.far, frame, here)
			}); n != 0 && !raced {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// carries has octets written at one end, and read at the other as others.
func carries(t *testing.T, from io.Writer, to io.Reader, written, read, buffer []byte) {
	if _, err := from.Write(written); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(to, buffer); err != nil || !bytes.Equal(buffer, read) {
		t.Fatalf("%v, or other octets", err)
	}
}

// dialled is a port and what it is connected to, which has heard so much of it
// (in hexadecimal).
func dialled(t *testing.T, scheme, at, hears string) (Opened, net.Conn) {
	t.Helper()
	network := scheme
	if scheme != "unix" {
		network = "tcp"
	}
	l, err := net.Listen(network, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p, err := Open(t.Context(), scheme+"://"+l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	want := octets(t, hears)
	if got := make([]byte, len(want)); len(want) > 0 {
		if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("it says %x, %v", got, err)
		}
	}
	return p, far
}

// comPort is a port behind a server of RFC 2217, and that one.
func comPort(t *testing.T) (Opened, net.Conn) {
	t.Helper()
	url, conns := serve(t, step{ourOffers, ser2netFirst}, step{"fffe01" + ourOrders, ser2netAcks})
	p, err := OpenWith(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	far := <-conns
	t.Cleanup(func() {
		p.Close()
		far.Close()
	})
	return p, far
}
