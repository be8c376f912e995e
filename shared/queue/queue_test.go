package queue

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"carrier/shared/ppp"
)

var start = time.Unix(1000, 0)

// udp is a frame of a flow, told by its source port, with a number and as many
// octets as asked for.
func udp(port, number, octets int) []byte {
	b := make([]byte, max(octets-4, 32))
	b[0], b[9] = 0x45, 17
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	copy(b[12:], []byte{2, 1, 1, 10, 2, 1, 1, 129})
	binary.BigEndian.PutUint16(b[20:], uint16(port))
	binary.BigEndian.PutUint32(b[28:], uint32(number))
	return ppp.Append(nil, ppp.IPv4, b)
}

// which is the flow and the number in a frame of udp.
func which(f *Frame) (port, number int) {
	b := f.Octets[4:]
	return int(binary.BigEndian.Uint16(b[20:])), int(binary.BigEndian.Uint32(b[28:]))
}

// ports empties the queue and is the order of its flows.
func ports(q *Queue, now time.Time) (got []int) {
	for f := q.Pop(now); f != nil; f = q.Pop(now) {
		p, _ := which(f)
		got = append(got, p)
		f.Free()
	}
	return got
}

func equal(t *testing.T, what string, got, want []int) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s: %v, want %v", what, got, want)
			return
		}
	}
}

func TestFlowsTakeTurns(t *testing.T) {
	q := Queue{MaxFrames: 100}
	q.SetRate(3600)
	for i := range 4 {
		q.Push(start, udp(1, i, 300))
	}
	for i := range 4 {
		q.Push(start, udp(2, i, 300))
	}
	equal(t, "of equal frames", ports(&q, start), []int{1, 2, 1, 2, 1, 2, 1, 2})
	for i := range 2 {
		q.Push(start.Add(time.Minute), udp(1, i, 900))
	}
	for i := range 6 {
		q.Push(start.Add(time.Minute), udp(2, i, 300))
	}
	equal(t, "by octets", ports(&q, start.Add(time.Minute)), []int{1, 2, 2, 2, 1, 2, 2, 2})
}

func TestASparseFlowGoesFirst(t *testing.T) {
	q := Queue{MaxFrames: 100}
	q.SetRate(3600)
	for i := range 10 {
		q.Push(start, udp(1, i, 576))
	}
	q.Pop(start).Free()
	q.Push(start, udp(2, 0, 84))
	equal(t, "a ping behind a download", ports(&q, start)[:2], []int{2, 1})
}

// TestABulkFlowStaysOne has a window that lets one frame wait at a time: its
// flow is not new each time the queue was empty.
func TestABulkFlowStaysOne(t *testing.T) {
	q := Queue{MaxFrames: 100}
	q.SetRate(3600)
	now := start
	for i := range 5 {
		q.Push(now, udp(1, i, 576))
		if i > 0 {
			q.Push(now.Add(10*time.Millisecond), udp(2, i, 84))
			if p, _ := which(q.Pop(now)); p != 2 {
				t.Errorf("round %d: the download goes before the ping", i)
			}
		}
		q.Pop(now).Free()
		now = now.Add(160 * time.Millisecond)
	}
	now = now.Add(time.Second)
	q.Push(now, udp(1, 9, 576))
	q.Push(now, udp(2, 9, 84))
	equal(t, "after a pause", ports(&q, now), []int{1, 2})
}

func TestPopSparseLeavesBulk(t *testing.T) {
	q := Queue{MaxFrames: 100}
	q.SetRate(3600)
	for i := range 3 {
		q.Push(start, udp(1, i, 576))
	}
	if f := q.PopSparse(start); f == nil {
		t.Error("the first of a flow is sparse")
	}
	if f := q.PopSparse(start); f != nil {
		t.Errorf("took % x", f.Octets)
	}
	q.Push(start, udp(2, 0, 84))
	q.Push(start, ppp.Append(nil, ppp.LCP, []byte{9, 1, 0, 4}))
	if f := q.PopSparse(start); f == nil || f.Octets[2] != 0xC0 {
		t.Error("want LCP")
	}
	if f := q.PopSparse(start); f == nil || len(f.Octets) != 84 {
		t.Error("want the ping")
	}
	if f := q.PopSparse(start); f != nil || q.Len() != 2 {
		t.Errorf("%d left", q.Len())
	}
}

func TestPopWithin(t *testing.T) {
	q := Queue{MaxFrames: 100}
	q.Push(start, udp(1, 0, 300))
	if q.PopWithin(start, 299) != nil || q.Len() != 1 || q.PopWithin(start, 300) == nil || q.Len() != 0 {
		t.Error("want the frame at 300 octets and not below")
	}
	q.Push(start, ppp.Append(nil, ppp.LCP, []byte{9, 1, 0, 4}))
	if q.PopWithin(start, 7) != nil || q.PopWithin(start, 8) == nil {
		t.Error("want LCP at 8 octets and not below")
	}
}

func TestBounds(t *testing.T) {
	for _, q := range []Queue{{MaxFrames: 4}, {MaxFrames: 100, MaxOctets: 2000}} {
		for i := range 10 {
			q.Push(start, udp(1, i, 500))
		}
		q.Push(start, udp(2, 0, 100))
		if st := q.Stats(); q.Len() != 4 || st.Full != 7 || st.Early != 0 {
			t.Errorf("%d wait, %+v", q.Len(), st)
		}
		equal(t, "the fattest flow lost", ports(&q, start), []int{1, 1, 1, 2})
	}
	var one Queue
	one.Push(start, udp(1, 0, 5000))
	one.Push(start, udp(1, 1, 40))
	f := one.Pop(start)
	if _, n := which(f); n != 1 || one.Pop(start) != nil {
		t.Error("without bounds one frame waits, the latest")
	}
}

func TestControlIsNotDroppedForData(t *testing.T) {
	q := Queue{MaxFrames: 3}
	for range 3 {
		q.Push(start, ppp.Append(nil, ppp.IPCP, []byte{1, 1, 0, 4}))
	}
	q.Push(start, udp(1, 1, 500))
	q.Push(start, ppp.Append(nil, ppp.PAP, []byte{1, 1, 0, 4}))
	if q.Len() != 3 || q.Stats().Full != 2 {
		t.Errorf("%d wait, %+v", q.Len(), q.Stats())
	}
	for range 3 {
		if f := q.Pop(start); f == nil || f.Octets[2] != 0x80 {
			t.Error("want IPCP")
		}
	}
	q.Push(start, udp(1, 1, 500))
	q.Push(start, udp(1, 2, 500))
	q.Push(start, udp(1, 3, 500))
	q.Push(start, ppp.Append(nil, ppp.LCP, []byte{5, 1, 0, 4}))
	if f := q.Pop(start); f == nil || f.Octets[2] != 0xC0 || q.Len() != 2 {
		t.Errorf("LCP does not go before data; %d left", q.Len())
	}
}

// What agrees on the coding of data waits for those before it and is not dropped, be
// it that there is no room, or that frames wait for too long; but it is bounded.
func TestCodingIsKept(t *testing.T) {
	agrees := ppp.Append(nil, ppp.CCP, []byte{2, 1, 0, 4})
	for _, q := range []*Queue{{MaxFrames: 10}, {MaxFrames: 1000}} {
		q.SetRate(3600)
		now, kept := start, 0
		pop := func() bool {
			f := q.Pop(now)
			if f != nil && bytes.Equal(f.Octets, agrees) {
				kept++
			}
			return f != nil
		}
		for n := range 1500 {
			if n%30 == 0 {
				q.Push(now, agrees)
			}
			q.Push(now, udp(1, n, 500))
			if now = now.Add(200 * time.Millisecond); n%3 == 0 {
				pop()
			}
		}
		for pop() {
			now = now.Add(time.Second)
		}
		if s := q.Stats(); kept != 1500/30 || s.Full+s.Early == 0 {
			t.Errorf("%d are there; %+v", kept, s)
		}
	}
	q := Queue{MaxFrames: 1}
	q.Push(start, agrees)
	for n := range 3 { // the last is the one to drop
		q.Push(start, udp(1, n, 500))
	}
	if f := q.Pop(start); f == nil || !bytes.Equal(f.Octets, agrees) || q.Len() != 0 {
		t.Errorf("%+v, and %d wait", f, q.Len())
	}
	q = Queue{MaxFrames: 4}
	for range 50 {
		q.Push(start, agrees)
	}
	if q.Len() != 4 {
		t.Errorf("%d wait", q.Len())
	}
}

// PopControl leaves all data where it is.
func TestPopControl(t *testing.T) {
	q := Queue{MaxFrames: 10}
	q.Push(start, udp(1, 1, 500))
	q.Push(start, ppp.Append(nil, ppp.CCP, []byte{1, 1, 0, 4}))
	q.Push(start, ppp.Append(nil, ppp.LCP, []byte{9, 1, 0, 4}))
	if f := q.PopControl(); f == nil || f.Octets[2] != 0xC0 {
		t.Errorf("%+v", f)
	}
	if f := q.PopControl(); f != nil || q.Len() != 2 {
		t.Errorf("%+v, and %d are left", f, q.Len())
	}
}

func TestControlIsBoundedToo(t *testing.T) {
	for _, q := range []Queue{{MaxFrames: 4}, {MaxFrames: 100, MaxOctets: 400}} {
		for range 50 {
			q.Push(start, ppp.Append(nil, ppp.LCP, make([]byte, 96)))
		}
		if q.Len() != 4 || q.Stats().Full != 46 {
			t.Errorf("%d wait, %+v", q.Len(), q.Stats())
		}
	}
}

func TestClear(t *testing.T) {
	q := Queue{MaxFrames: 8}
	q.Push(start, udp(1, 1, 100))
	q.Push(start, udp(2, 1, 100))
	q.Push(start, ppp.Append(nil, ppp.LCP, []byte{5, 1, 0, 4}))
	q.Clear()
	if q.Len() != 0 || q.Octets() != 0 || q.Pop(start) != nil || q.table != nil {
		t.Errorf("%d left", q.Len())
	}
	q.Push(start, udp(1, 1, 100))
	if f := q.Pop(start); f == nil {
		t.Error("unfit after Clear")
	}
}

// TestModel pushes and pops at random: inside each flow the numbers rise, and
// each frame is popped, dropped or still there.
func TestModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	q := Queue{MaxFrames: 60, MaxOctets: 40_000}
	now := start
	var pushed, popped uint64
	last := map[int]int{}
	for i := range 200_000 {
		now = now.Add(time.Duration(rnd.IntN(20)) * time.Millisecond)
		if i%50_000 == 0 {
			q.SetRate([]int{3600, 0, 1_000_000, 500}[i/50_000])
		}
		pop := q.Pop
		switch rnd.IntN(4) {
		case 0:
			pop = q.PopSparse
		case 1:
			pop = func(now time.Time) *Frame { return q.PopWithin(now, 700) }
		}
		if rnd.IntN(5) < 2+i/1000%3-1 {
			q.Push(now, udp(rnd.IntN(1+i/500%100), i, 40+rnd.IntN(1400)))
			pushed++
		} else if f := pop(now); f != nil {
			port, n := which(f)
			if was, ok := last[port]; ok && n <= was {
				t.Fatalf("flow %d: %d after %d", port, n, was)
			}
			last[port] = n
			popped++
			f.Free()
		}
		st := q.Stats()
		if pushed != popped+st.Full+st.Early+uint64(q.Len()) || q.Len() > 60 || q.Octets() > 40_000 && q.Len() > 1 {
			t.Fatalf("step %d: %d pushed, %d popped, %+v, %d wait with %d octets", i, pushed, popped, st, q.Len(), q.Octets())
		}
		if (q.Len() == 0) != (q.Octets() == 0) || (q.table == nil) != (q.Len() == 0) {
			t.Fatalf("step %d: %d frames, %d octets", i, q.Len(), q.Octets())
		}
	}
	if st := q.Stats(); st.Full == 0 || st.Early == 0 {
		t.Errorf("%+v: the test is too tame", st)
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	q := Queue{MaxFrames: 32}
	frame := bytes.Clone(udp(1, 1, 1400))
	step := func() {
		q.Push(start, frame)
		q.Push(start, frame)
		q.Pop(start).Free()
		q.Pop(start).Free()
	}
	step()
	if n := testing.AllocsPerRun(100, step); n != 0 && !raced {
		t.Errorf("%v allocations", n)
	}
}
