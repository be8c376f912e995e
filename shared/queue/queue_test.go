package queue

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestDropsAtTheTail(t *testing.T) {
	q := Queue{MaxFrames: 3, MaxOctets: 10}
	for _, tt := range []struct {
		octets int
		want   bool
	}{{4, true}, {4, true}, {3, false}, {2, true}, {0, false}} {
		if got := q.Push(make([]byte, tt.octets)); got != tt.want {
			t.Errorf("%d octets onto %d frames: %v", tt.octets, q.Len(), got)
		}
	}
	if q.HeadLen() != 4 || q.Waiting() != 3 {
		t.Errorf("head %d, %d waiting", q.HeadLen(), q.Waiting())
	}
}

func TestEmptyTakesAnyFrame(t *testing.T) {
	q := Queue{MaxFrames: 3, MaxOctets: 10}
	if !q.Push(make([]byte, 1000)) || q.Push(nil) {
		t.Error("want one frame over the bound and no more")
	}
	var none Queue
	if !none.Push([]byte{1}) || none.Push([]byte{2}) {
		t.Error("want one frame without bounds set and no more")
	}
}

func TestPoppedCountsUntilFreed(t *testing.T) {
	q := Queue{MaxFrames: 8, MaxOctets: 10}
	q.Push(make([]byte, 10))
	b := q.Pop()
	if q.Push([]byte{1}) || q.Len() != 1 || q.Waiting() != 0 || q.HeadLen() != 0 {
		t.Errorf("a frame on its way is forgotten: %d", q.Len())
	}
	q.Free(b)
	if !q.Push(make([]byte, 10)) || q.Pop() == nil || q.Pop() != nil {
		t.Error("not empty after Free")
	}
}

func TestUrgentOverdraws(t *testing.T) {
	for _, q := range []Queue{{MaxFrames: 2}, {MaxFrames: 100, MaxOctets: 10}} {
		n := 0
		for q.Push(make([]byte, 5)) {
			n++
		}
		for q.PushUrgent(make([]byte, 5)) {
			n++
		}
		if n != 4 {
			t.Errorf("%d frames, want twice 2", n)
		}
	}
}

func TestClear(t *testing.T) {
	q := Queue{MaxFrames: 8}
	q.Push([]byte{1})
	q.Push([]byte{2})
	out := q.Pop()
	if n := q.Clear(); n != 1 || q.Len() != 1 {
		t.Errorf("%d cleared, %d left", n, q.Len())
	}
	q.Free(out)
	if q.Len() != 0 || q.octets != 0 {
		t.Errorf("%d frames, %d octets", q.Len(), q.octets)
	}
}

// TestModel compares with a plain slice of slices.
func TestModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	q := Queue{MaxFrames: 9, MaxOctets: 200}
	var model, out [][]byte
	octets := func() (n int) {
		for _, b := range append(model, out...) {
			n += len(b)
		}
		return n
	}
	for i := range 50_000 {
		switch rnd.IntN(4) {
		case 0, 1:
			b := bytes.Repeat([]byte{byte(i)}, rnd.IntN(60))
			all := len(model) + len(out)
			want := all == 0 || all < 9 && octets()+len(b) <= 200
			if got := q.Push(b); got != want {
				t.Fatalf("step %d: pushed %v, want %v", i, got, want)
			}
			if want {
				model = append(model, bytes.Clone(b))
			}
			clear(b) // it is the caller's again
		case 2:
			b := q.Pop()
			if (b == nil) != (len(model) == 0) || b != nil && !bytes.Equal(b, model[0]) {
				t.Fatalf("step %d: popped %v", i, b)
			}
			if len(model) > 0 {
				model, out = model[1:], append(out, b)
			}
		case 3:
			if len(out) > 0 {
				q.Free(out[0])
				out = out[1:]
			}
		}
		if q.Len() != len(model)+len(out) {
			t.Fatalf("step %d: %d frames, want %d", i, q.Len(), len(model)+len(out))
		}
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	q := Queue{MaxFrames: 32}
	frame := make([]byte, 1400)
	step := func() {
		q.Push(frame)
		q.Push(frame)
		q.Free(q.Pop())
		q.Free(q.Pop())
	}
	step()
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
