package gre

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// An end is a session with what it delivered and a clock.
type end struct {
	Session
	now time.Time
	got []string
}

func newEnd(o Options) *end {
	now := time.Unix(1000, 0)
	return &end{Session: NewSession(o, now), now: now}
}

func (e *end) deliver(p []byte) { e.got = append(e.got, string(p)) }

func (e *end) pass(d time.Duration) {
	e.now = e.now.Add(d)
	e.Expire(e.now, e.deliver)
}

// take receives a data packet with that number, whose payload is the number.
func (e *end) take(t *testing.T, seq uint32) Disposition {
	t.Helper()
	h := Header{HasSeq: true, Seq: seq}
	d, err := e.Receive(e.now, h.Append(nil, fmt.Append(nil, seq)), e.deliver)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (e *end) wants(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(e.got, want) {
		t.Errorf("delivered %v, want %v", e.got, want)
	}
	e.got = nil
}

func TestReceiverOrders(t *testing.T) {
	type step struct {
		seq  uint32
		want Disposition
	}
	for _, tt := range []struct {
		name  string
		steps []step
		got   []string
	}{
		{"in order", []step{{0, InOrder}, {1, InOrder}, {2, InOrder}}, []string{"0", "1", "2"}},
		{"the first may be anything", []step{{77, InOrder}, {78, InOrder}, {0, Late}}, []string{"77", "78"}},
		{"one overtaken", []step{{1, InOrder}, {3, Held}, {2, InOrder}, {4, InOrder}}, []string{"1", "2", "3", "4"}},
		{"duplicates", []step{{1, InOrder}, {1, Duplicate}, {3, Held}, {3, Duplicate}, {2, InOrder}, {3, Duplicate}},
			[]string{"1", "2", "3"}},
		{"wrap", []step{{0xFFFFFFFE, InOrder}, {0, Held}, {0xFFFFFFFF, InOrder}, {1, InOrder}, {0xFFFFFFFE, Duplicate}},
			[]string{"4294967294", "4294967295", "0", "1"}},
		{"reach 4 is full: the oldest missing is given up", []step{{0, InOrder}, {2, Held}, {5, Held}, {6, Held}, {1, Late}, {3, InOrder}},
			[]string{"0", "2", "3"}},
		{"a jump past the reach delivers what is held", []step{{0, InOrder}, {2, Held}, {3, Held}, {50, Held}},
			[]string{"0", "2", "3"}},
		{"too far alone", []step{{0, InOrder}, {5000, TooFar}, {1, InOrder}, {5001, TooFar}, {2, InOrder}}, []string{"0", "1", "2"}},
		{"too far and its next", []step{{0, InOrder}, {2, Held}, {5000, TooFar}, {5000, Duplicate}, {5001, Restarted}, {5002, InOrder}, {3, Late}},
			[]string{"0", "2", "5000", "5001", "5002"}},
		{"far is where belief ends", []step{{0, InOrder}, {1024, Held}, {1021 + 1024, TooFar}}, []string{"0"}},
	} {
		e := newEnd(Options{Reorder: 4})
		for _, s := range tt.steps {
			if d := e.take(t, s.seq); d != s.want {
				t.Errorf("%s: %d was %v, want %v", tt.name, s.seq, d, s.want)
			}
		}
		if !slices.Equal(e.got, tt.got) {
			t.Errorf("%s: delivered %v, want %v", tt.name, e.got, tt.got)
		}
	}
}

func TestReorderTime(t *testing.T) {
	e := newEnd(Options{ReorderTime: 30 * time.Millisecond})
	e.take(t, 0)
	e.take(t, 5)
	e.pass(20 * time.Millisecond)
	e.take(t, 3)
	e.wants(t, "0")
	e.AppendAck(e.now, nil)
	if d := e.Deadline().Sub(e.now); d != 10*time.Millisecond {
		t.Errorf("deadline in %v", d)
	}
	e.pass(9 * time.Millisecond)
	e.wants(t)
	e.pass(time.Millisecond) // 5 has waited long enough: 3 is before it
	e.wants(t, "3", "5")
	if st := e.Stats(); st.Lost != 3 {
		t.Errorf("lost %d of 1, 2, 4", st.Lost)
	}
	if d := e.take(t, 4); d != Late {
		t.Errorf("4 was %v", d)
	}
}

func TestReorderOffDeliversAtOnce(t *testing.T) {
	e := newEnd(Options{Reorder: -1})
	for _, seq := range []uint32{0, 3, 2, 4} {
		e.take(t, seq)
	}
	e.wants(t, "0", "3", "4")
}

func TestEmptyPayloadOnlyTakesItsPlace(t *testing.T) {
	e := newEnd(Options{})
	e.take(t, 0)
	if d, err := e.Receive(e.now, Header{HasSeq: true, Seq: 1}.Append(nil, nil), e.deliver); d != InOrder || err != nil {
		t.Errorf("%v, %v", d, err)
	}
	e.take(t, 2)
	e.wants(t, "0", "2")
}

// TestModel sends numbered packets over a path that loses 5 %, repeats 5 % and
// lets any fall back by up to 20, and compares with what must come out: all
// that arrived, once, in order.
func TestModel(t *testing.T) {
	for _, first := range []uint32{0, 1, 0xFFFFF000, 0x7FFFFF00} {
		rnd := rand.New(rand.NewPCG(1, uint64(first)))
		type arrival struct{ place, n int }
		var path []arrival
		var want []string
		const packets = 20_000
		for n := range packets {
			if n > 0 && rnd.IntN(100) < 5 {
				continue
			}
			want = append(want, fmt.Sprint(first+uint32(n)))
			back := 0
			if n > 0 && rnd.IntN(4) == 0 {
				back = rnd.IntN(21)
			}
			path = append(path, arrival{n + back, n})
			if rnd.IntN(100) < 5 {
				path = append(path, arrival{n + rnd.IntN(2000), n})
			}
		}
		slices.SortStableFunc(path, func(a, b arrival) int { return a.place - b.place })
		e := newEnd(Options{})
		for _, a := range path {
			e.take(t, first+uint32(a.n))
			e.pass(500 * time.Microsecond)
		}
		e.pass(time.Second)
		if !slices.Equal(e.got, want) {
			t.Errorf("from %d: %d delivered, want %d in order", first, len(e.got), len(want))
		}
		st := e.Stats()
		if lost := uint64(packets - len(want)); st.Lost > lost || st.Lost < lost-20 {
			t.Errorf("from %d: %d counted as lost, %d were", first, st.Lost, lost)
		}
	}
}

// TestAnythingKeepsTheOrder sends numbers from all over: what is delivered
// must rise all the same, and nothing comes twice.
func TestAnythingKeepsTheOrder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	e := newEnd(Options{})
	last, any := uint32(0), false
	check := func(p []byte) {
		var n uint32
		if _, err := fmt.Sscan(string(p), &n); err != nil {
			t.Fatal(err)
		}
		if any && int32(n-last) <= 0 {
			t.Fatalf("%d after %d", n, last)
		}
		last, any = n, true
	}
	at := uint32(0)
	for range 200_000 {
		switch rnd.IntN(10) {
		case 0:
			at += rnd.Uint32N(3000)
		case 1:
			at -= rnd.Uint32N(3000)
		default:
			at++
		}
		e.now = e.now.Add(time.Millisecond)
		h := Header{HasSeq: true, Seq: at}
		_, _ = e.Receive(e.now, h.Append(nil, fmt.Append(nil, at)), check)
		e.Expire(e.now, check)
	}
	if st := e.Stats(); st.Received[Restarted] == 0 || st.Received[TooFar] == 0 || st.Received[Late] == 0 {
		t.Errorf("the test does not reach all: %+v", st.Received)
	}
}

func TestMillionMalformedPackets(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	e := newEnd(Options{Windowing: true, SendWindow: 8})
	delivered := 0
	deliver := func(p []byte) { delivered++ }
	packet := make([]byte, 0, 64)
	const packets = 1_000_000
	for range packets {
		packet = append(packet[:0], golden[rnd.IntN(len(golden))].packet...)
		packet = packet[:rnd.IntN(len(packet)+1)]
		for range rnd.IntN(4) {
			if len(packet) > 0 {
				packet[rnd.IntN(len(packet))] = byte(rnd.Uint32())
			}
		}
		e.now = e.now.Add(time.Microsecond)
		d, err := e.Receive(e.now, packet, deliver)
		if (d == Malformed) != (err != nil) {
			t.Fatalf("% x: %v, %v", packet, d, err)
		}
	}
	var total uint64
	st := e.Stats()
	for _, n := range st.Received {
		total += n
	}
	if total != packets || st.Received[Malformed] < packets/2 || st.AcksIgnored == 0 {
		t.Errorf("%d counted: %+v", total, st)
	}
	if e.recv.order.n > maxReorder || len(e.recv.order.free) > maxReorder {
		t.Errorf("%d held, %d buffers", e.recv.order.n, len(e.recv.order.free))
	}
}

func FuzzReceive(f *testing.F) {
	for _, g := range golden {
		f.Add(g.packet, uint16(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, ms uint16) {
		e := newEnd(Options{Windowing: true, SendWindow: 4, DelayAck: true, Reorder: 8})
		last := uint32(0)
		e.Append(e.now, nil, []byte{1})
		for len(b) > 0 { // each octet but the last bits is a step
			seq := last + uint32(b[0]>>2) - 8
			if b[0]&1 == 0 {
				e.take(t, seq)
				last = seq
			} else if n := min(len(b), 1+int(b[0]>>2)); n > 1 {
				_, _ = e.Receive(e.now, b[1:n], e.deliver)
			}
			b = b[1:]
			e.pass(time.Duration(ms) * time.Millisecond)
			e.Release(e.now, 1)
			if ack := e.AppendAck(e.now, nil); len(ack) != 0 && !bytes.Equal(ack[:4], []byte{0x20, 0x81, 0x88, 0x0B}) {
				t.Fatalf("acknowledgement % x", ack)
			}
			if e.recv.order.n > 8 {
				t.Fatalf("%d held", e.recv.order.n)
			}
		}
		if d := e.Deadline(); !d.IsZero() {
			e.now = d
			e.Expire(d, e.deliver)
			e.AppendAck(d, nil)
			if next := e.Deadline(); next.Equal(d) {
				t.Fatalf("deadline %v does not pass", d)
			}
		}
	})
}

// TestPayloadsOfABatchStay has packets held, delivered and held again in one
// batch, and one set aside far ahead twice: what was delivered first must not
// change while the batch lasts.
func TestPayloadsOfABatchStay(t *testing.T) {
	e := newEnd(Options{})
	var packets [][]byte
	for _, seq := range []uint32{1, 3, 2, 5, 4, 7, 6, 9000, 9001, 20000, 20001} {
		packets = append(packets, Header{HasSeq: true, Seq: seq}.Append(nil, fmt.Append(nil, seq)))
	}
	var kept [][]byte
	e.ReceiveBatch(e.now, packets, func(p []byte) { kept = append(kept, p) })
	want := []string{"1", "2", "3", "4", "5", "6", "7", "9000", "9001", "20000", "20001"}
	if got := fmt.Sprintf("%s", kept); got != fmt.Sprint(want) {
		t.Errorf("%s, want %s", got, want)
	}
}
