//go:build netns

package testbed

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// bridged are two hosts with a bridge between.
func bridged(t *testing.T) (a, b *Host, bridge *Bridge) {
	t.Helper()
	inet := NewHost(t, "inet")
	a, b = NewHost(t, "a"), NewHost(t, "b")
	Join(a, "eth0", "192.0.2.1/24", inet, "left", "0.0.0.0/32")
	Join(b, "eth0", "192.0.2.2/24", inet, "right", "0.0.0.0/32")
	a.Plain("eth0")
	b.Plain("eth0")
	return a, b, NewBridge(inet, "left", "right", 1)
}

// rawGRE is a socket for GRE packets to one address.
func rawGRE(t *testing.T, h *Host, local, remote string) (c net.Conn) {
	t.Helper()
	err := h.Do(func() (err error) {
		c, err = net.DialIP("ip4:47", &net.IPAddr{IP: net.ParseIP(local)}, &net.IPAddr{IP: net.ParseIP(remote)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestBridgeTroublesOnlyGRE(t *testing.T) {
	a, b, bridge := bridged(t)
	in, out := rawGRE(t, b, "192.0.2.2", "192.0.2.1"), rawGRE(t, a, "192.0.2.1", "192.0.2.2")
	send := func(n int) {
		for i := range n {
			if _, err := out.Write([]byte{0x20, 1, 0x88, 0x0B, 0, 0, byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	bridge.Set(Trouble{Loss: 1})
	if out, err := a.Command("ping", "-c", "1", "-W", "5", "192.0.2.2").CombinedOutput(); err != nil {
		t.Fatalf("ping through the bridge: %v: %s", err, out)
	}
	send(50)
	Until(t, "50 packets lost", func() bool { return bridge.Seen()[0].Lost == 50 })

	bridge.Set(Trouble{Reorder: 20, Duplicate: 0.2})
	send(60)
	Until(t, "60 packets passed", func() bool { return bridge.Seen()[0].Passed == 60 })
	seen := bridge.Seen()[0]
	came := map[byte]int{}
	moved, packet := 0, make([]byte, 64)
	for i, last := 0, byte(0); i < seen.Passed+seen.Duplicated; i++ {
		in.SetReadDeadline(time.Now().Add(Patience))
		n, err := in.Read(packet)
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		number := packet[n-1]
		if came[number]++; number < last {
			moved++
		}
		last = number
	}
	twice := 0
	for i := range byte(60) {
		if came[i] == 0 {
			t.Errorf("packet %d never came", i)
		}
		twice += came[i] - 1
	}
	if seen = bridge.Seen()[0]; seen.Lost != 50 || seen.Duplicated != twice || twice == 0 || moved == 0 || seen.Reordered < moved {
		t.Errorf("%d packets came twice, %d after a later one: %+v", twice, moved, seen)
	}
}

func TestBridgeResetsTCP(t *testing.T) {
	a, b, bridge := bridged(t)
	if err := bridge.Reset(); err != errNoTCP {
		t.Errorf("nothing to reset: %v", err)
	}
	var l net.Listener
	err := b.Do(func() (err error) {
		l, err = net.Listen("tcp", "192.0.2.2:1723")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := a.dial(t.Context(), "tcp", "192.0.2.2:1723")
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	near.Write([]byte("hello"))
	if _, err := io.ReadFull(far, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if err := bridge.Reset(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{near, far} {
		c.SetReadDeadline(time.Now().Add(Patience))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v: %v", c.LocalAddr(), err)
		}
		c.Close()
	}
}
