//go:build netns

package testbed

import (
	"net"
	"testing"
	"time"
)

// ends are the two hosts of a bridge, and a GRE socket from the first to the
// second.
func ends(t *testing.T) (a *Host, bridge *Bridge, in, out net.Conn) {
	t.Helper()
	a, inet, b := NewHost(t, "a"), NewHost(t, "inet"), NewHost(t, "b")
	Join(a, "eth0", "192.0.2.1/24", inet, "left", "0.0.0.0/32")
	Join(b, "eth0", "192.0.2.2/24", inet, "right", "0.0.0.0/32")
	a.Plain("eth0")
	b.Plain("eth0")
	bridge = NewBridge(inet, "left", "right", 1)
	gre := func(h *Host, local, remote string) (c net.Conn) {
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
	return a, bridge, gre(b, "192.0.2.2", "192.0.2.1"), gre(a, "192.0.2.1", "192.0.2.2")
}

func TestBridgeTroublesOnlyGRE(t *testing.T) {
	a, bridge, in, out := ends(t)
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
	moved, b := 0, make([]byte, 64)
	for i, last := 0, byte(0); i < seen.Passed+seen.Duplicated; i++ {
		in.SetReadDeadline(time.Now().Add(Patience))
		n, err := in.Read(b)
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		if came[b[n-1]]++; b[n-1] < last {
			moved++
		}
		last = b[n-1]
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
