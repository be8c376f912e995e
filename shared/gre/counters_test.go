package gre

import (
	"testing"
	"time"
)

// Counters sum what each of two sessions counts, whenever they are told.
func TestCountersSumSessions(t *testing.T) {
	var c Counters
	start := time.Unix(1e9, 0)
	for range 2 {
		s := NewSession(Options{}, start)
		for i, seq := range []uint32{0, 1, 1, 3, 4, 2, 7} {
			s.Receive(start, Header{CallID: 1, HasSeq: true, Seq: seq}.Append(nil, []byte{1}), func([]byte) {})
			if i%3 == 0 {
				s.Tell(&c)
			}
		}
		s.Expire(start.Add(time.Second), func([]byte) {}) // 5 and 6 did not come
		s.Append(start, nil, []byte{1})
		s.Tell(&c)
		s.Tell(&c)
	}
	got := map[string]uint64{"lost": c.Lost.Load()}
	c.Packets(func(direction, disposition string, n uint64) { got[direction+" "+disposition] = n })
	for what, want := range map[string]uint64{"received in-order": 6, "received held": 6, "received duplicate": 2,
		"received late": 0, "lost": 4, "sent data": 2, "sent ack": 0} {
		if n, ok := got[what]; n != want || !ok {
			t.Errorf("%s: %d, want %d", what, n, want)
		}
	}
	if _, ok := got["received probe"]; ok {
		t.Error("probes are counted elsewhere")
	}
}
