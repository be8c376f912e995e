//go:build netns

package testbed

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestBridgeTroublesOnlyGRE(t *testing.T) {
	a, inet, b := NewHost(t, "a"), NewHost(t, "inet"), NewHost(t, "b")
	Join(a, "eth0", "192.0.2.1/24", inet, "left", "0.0.0.0/32")
	Join(b, "eth0", "192.0.2.2/24", inet, "right", "0.0.0.0/32")
	for _, h := range []*Host{a, b} {
		if out, err := h.Command("ethtool", "-K", "eth0", "tx", "off", "gso", "off", "tso", "off").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	bridge := NewBridge(inet, "left", "right", 1)
	bridge.Set(Trouble{Loss: 1})
	if out, err := a.Command("ping", "-c", "1", "-W", "5", "192.0.2.2").CombinedOutput(); err != nil {
		t.Fatalf("ping through the bridge: %v: %s", err, out)
	}
	var in, out net.Conn
	for _, step := range []struct {
		h *Host
		c *net.Conn
		l string
		r string
	}{{b, &in, "192.0.2.2", "192.0.2.1"}, {a, &out, "192.0.2.1", "192.0.2.2"}} {
		err := step.h.Do(func() (err error) {
			*step.c, err = net.DialIP("ip4:47", &net.IPAddr{IP: net.ParseIP(step.l)}, &net.IPAddr{IP: net.ParseIP(step.r)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		defer (*step.c).Close()
	}
	send := func(n int) {
		for i := range n {
			if _, err := out.Write([]byte{0x20, 1, 0x88, 0x0B, 0, 0, byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(50)
	Until(t, "50 packets lost", func() bool { return bridge.Seen()[0].Lost == 50 })
	bridge.Set(Trouble{Reorder: 20, Duplicate: 0.2})
	send(60)
	var got strings.Builder
	b4 := make([]byte, 64)
	for range 60 {
		in.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := in.Read(b4)
		if err != nil {
			t.Fatal(err)
		}
		got.WriteByte(b4[n-1])
	}
	seen := bridge.Seen()[0]
	if seen.Lost != 50 || seen.Passed != 60 || seen.Duplicated == 0 || seen.Reordered == 0 {
		t.Errorf("%+v", seen)
	}
	in.SetReadDeadline(time.Now().Add(10 * time.Second))
	if rest, err := io.ReadAtLeast(in, b4, 1); err != nil || rest == 0 {
		t.Errorf("no duplicate came: %v", err)
	}
}
