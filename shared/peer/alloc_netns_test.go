//go:build netns

package peer

import (
	"net/netip"
	"strings"
	"testing"
)

// A batch through raw GRE sockets, out and in, allocates nothing.
func TestRawBatchesDoNotAllocate(t *testing.T) {
	a, b := spaces(t)
	var both [2]socket
	for i, s := range []*space{a, b} {
		var err error
		s.within(func() { both[i], err = openRaw(s.addr, true) })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { both[i].close() })
	}
	var packets [][]byte
	for seq := range uint32(batchPackets + batchPackets/2) { // in more than one call of the system
		packets = append(packets, packet(1, seq, strings.Repeat("x", 1400)))
	}
	to, in := newTarget(a.addr, netip.AddrPortFrom(b.addr, 0)), newBatch()
	round := func() {
		if n, err := both[0].write(packets, to); n != len(packets) || err != nil {
			t.Fatalf("%d sent: %v", n, err)
		}
		for got := 0; got < len(packets); got += len(in.packets) {
			if err := both[1].read(in); err != nil || len(in.packets) == 0 {
				t.Fatalf("%d packets came, then %v", got, err)
			}
		}
	}
	if n := testing.AllocsPerRun(200, round); n != 0 {
		t.Errorf("%v allocations for %d packets", n, len(packets))
	}
}
