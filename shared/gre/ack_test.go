package gre

import (
	"testing"
	"time"
)

// due returns the Acknowledgment Number of the acknowledgement that is due
// alone, if one is.
func (e *end) due(t *testing.T) (uint32, bool) {
	t.Helper()
	b := e.AppendAck(e.now, nil)
	if len(b) == 0 {
		return 0, false
	}
	h, payload, err := Parse(b)
	if err != nil || !h.HasAck || h.HasSeq || len(payload) != 0 || len(b) != 12 {
		t.Fatalf("% x: %+v, %v", b, h, err)
	}
	return h.Ack, true
}

func (e *end) wantsAck(t *testing.T, want uint32) {
	t.Helper()
	if n, ok := e.due(t); !ok || n != want {
		t.Errorf("acknowledgement %d, %v; want %d", n, ok, want)
	}
}

func (e *end) wantsNone(t *testing.T) {
	t.Helper()
	if n, ok := e.due(t); ok {
		t.Errorf("acknowledged %d", n)
	}
}

func TestAcknowledgementWaitsForData(t *testing.T) {
	e := newEnd(Options{RecvWindow: 64, AckDelay: 40 * time.Millisecond})
	e.wantsNone(t)
	if h, _, _ := Parse(e.Append(e.now, nil, []byte{1})); h.HasAck || h.Seq != 0 {
		t.Errorf("before anything came: %+v", h)
	}
	e.take(t, 3)
	e.wantsNone(t)
	if h, _, _ := Parse(e.Append(e.now, nil, []byte{1})); !h.HasAck || h.Ack != 3 || h.Seq != 1 {
		t.Errorf("riding: %+v", h)
	}
	e.pass(time.Second)
	e.wantsNone(t) // it rode
	e.take(t, 4)
	if d := e.Deadline().Sub(e.now); d != 40*time.Millisecond {
		t.Errorf("deadline in %v", d)
	}
	e.pass(39 * time.Millisecond)
	e.wantsNone(t)
	e.take(t, 5) // does not put it off
	e.pass(time.Millisecond)
	e.wantsAck(t, 5)
	e.wantsNone(t)
	if h, _, _ := Parse(e.Append(e.now, nil, []byte{1})); !h.HasAck || h.Ack != 5 {
		t.Errorf("told again on data: %+v", h)
	}
}

func TestAcknowledgementDoesNotWaitForLong(t *testing.T) {
	for _, tt := range []struct{ window, every int }{{0, 1}, {1, 1}, {4, 1}, {8, 2}, {16, 4}, {32, 8}, {64, 8}} {
		e := newEnd(Options{RecvWindow: tt.window})
		for seq := range uint32(tt.every - 1) {
			e.take(t, seq)
			e.wantsNone(t)
		}
		e.take(t, uint32(tt.every-1))
		e.wantsAck(t, uint32(tt.every-1))
	}
}

func TestAcknowledgementsAreFewForAPeerThatSendsMany(t *testing.T) {
	e := newEnd(Options{RecvWindow: 64})
	var seq uint32
	takes := func(n int) {
		for range n {
			e.take(t, seq)
			seq++
		}
	}
	takes(20) // together: more than 8 are under way
	e.wantsAck(t, 19)
	takes(19)
	e.wantsNone(t)
	takes(41) // and never more than half the window waits
	e.wantsAck(t, 79)
	takes(31)
	e.wantsNone(t)
	takes(1)
	e.wantsAck(t, 111)
	takes(5) // its window has shrunk
	e.wantsNone(t)
	e.pass(defaultAckDelay)
	e.wantsAck(t, 116)
	takes(8)
	e.wantsAck(t, 124)
	takes(73) // far more than the window: it does not wait
	e.wantsAck(t, 197)
	takes(1000)
	e.wantsNone(t)
	e.pass(defaultAckDelay)
	e.wantsAck(t, 1197)
	takes(1000)
	if h, _, _ := Parse(e.Append(e.now, nil, []byte{1})); !h.HasAck || h.Ack != 2197 {
		t.Errorf("riding: %+v", h)
	}
	takes(3) // it may wait again
	e.pass(defaultAckDelay)
	e.wantsAck(t, 2200)
	takes(8)
	e.wantsAck(t, 2208)
}

// A window that is full is not one that is disregarded.
func TestAcknowledgementsOfAFullWindow(t *testing.T) {
	for _, window := range []int{1, 2, 3, 4, 7, 64} {
		e := newEnd(Options{RecvWindow: window})
		var seq uint32
		for range 3 {
			for range window + spare { // some may go past it
				e.take(t, seq)
				seq++
			}
			e.wantsAck(t, seq-1)
		}
	}
}

// While our own window is closed there are no data for an acknowledgement to ride
// on: where both windows are small, each end would else wait for the other's.
func TestAcknowledgementDoesNotWaitForDataThatMustNotGo(t *testing.T) {
	e := newEnd(Options{Windowing: true, SendWindow: 1, RecvWindow: 64})
	e.take(t, 0)
	e.wantsNone(t)
	if h, _, _ := Parse(e.Append(e.now, nil, []byte{1})); !h.HasAck || h.Ack != 0 {
		t.Errorf("riding: %+v", h)
	}
	e.wantsNone(t) // nothing came
	for seq := range uint32(3) {
		e.take(t, 1+seq)
		e.wantsAck(t, 1+seq)
		e.wantsNone(t)
	}
	if _, err := e.Receive(e.now, Header{HasAck: true}.Append(nil, nil), e.deliver); err != nil || !e.Ready() {
		t.Fatal("its acknowledgement opens no window", err)
	}
	e.take(t, 4)
	e.wantsNone(t)
	e.pass(defaultAckDelay)
	e.wantsAck(t, 4)
}

// A modem's pace is told by its acknowledgements, however many come together.
func TestDelayedAcknowledgementsStayOften(t *testing.T) {
	e := newEnd(Options{DelayAck: true, RecvWindow: 8})
	for seq := range uint32(8) {
		e.take(t, seq)
	}
	e.Release(e.now, 4)
	e.wantsAck(t, 3)
	e.Release(e.now, 2)
	e.wantsAck(t, 5)
}

func TestHeldIsNotAcknowledged(t *testing.T) {
	e := newEnd(Options{})
	e.take(t, 0)
	e.wantsAck(t, 0)
	e.take(t, 2)
	e.wantsNone(t)
	e.pass(time.Minute) // 1 is lost: §4.3 acknowledges past it
	e.wantsAck(t, 2)
	e.take(t, 1)
	e.wantsNone(t)
}

func TestDelayedAcknowledgement(t *testing.T) {
	e := newEnd(Options{DelayAck: true, RecvWindow: 2})
	e.take(t, 10)
	e.take(t, 11)
	e.pass(time.Hour)
	e.wantsNone(t)
	e.Release(e.now, 1)
	e.wantsAck(t, 10)
	e.Release(e.now, 1)
	e.wantsAck(t, 11)
	e.Release(e.now, 5) // more than there is
	e.wantsNone(t)
	// After a loss the number leaves as many under way as we hold.
	e.take(t, 12)
	e.take(t, 15)
	e.pass(time.Hour)
	e.wantsAck(t, 13)
	e.Release(e.now, 2)
	e.wantsAck(t, 15)
}

func TestProbe(t *testing.T) {
	b := newEnd(Options{})
	p := Header{CallID: 9}.Append(nil, nil)
	if len(p) != 8 || p[7] != 9 {
		t.Errorf("% x", p)
	}
	if d, err := b.Receive(b.now, p, b.deliver); d != Probe || err != nil {
		t.Errorf("%v, %v", d, err)
	}
	b.wantsNone(t)
	b.wants(t)
}

func TestDispositionsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for d := range Dispositions {
		if s := d.String(); s == "" || s == "unknown" || seen[s] {
			t.Errorf("%d: %q", d, s)
		}
		seen[d.String()] = true
	}
	if Dispositions.String() != "unknown" {
		t.Error(Dispositions.String())
	}
}

func TestBatchReusesItsBuffers(t *testing.T) {
	var b Batch
	b.Add(append(b.Next(), 1, 2))
	b.Add(b.Next()) // nothing was due
	b.Add(append(b.Next(), 3))
	p := b.Take()
	if len(p) != 2 || p[0][1] != 2 || p[1][0] != 3 {
		t.Errorf("%v", p)
	}
	if len(b.Take()) != 0 {
		t.Error("taken twice")
	}
	first := &p[0][0]
	b.Add(append(b.Next(), 4))
	if q := b.Take(); len(q) != 1 || &q[0][0] != first {
		t.Error("a new buffer")
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	now := time.Unix(1, 0)
	a := NewSession(Options{Windowing: true, SendWindow: 64}, now)
	b := NewSession(Options{Windowing: true, SendWindow: 64, RecvWindow: 64}, now)
	frame := make([]byte, 1400)
	var batch Batch
	deliver := func([]byte) {}
	step := func() {
		now = now.Add(100 * time.Microsecond)
		batch.Add(a.Append(now, batch.Next(), frame))
		batch.Add(a.Append(now, batch.Next(), frame))
		p := batch.Take()
		p[0], p[1] = p[1], p[0] // one overtakes
		for _, p := range p {
			if _, err := b.Receive(now, p, deliver); err != nil {
				t.Fatal(err)
			}
		}
		b.Expire(now, deliver)
		batch.Add(b.Append(now, batch.Next(), frame))
		batch.Add(b.AppendAck(now, batch.Next()))
		for _, p := range batch.Take() {
			if _, err := a.Receive(now, p, deliver); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = a.Deadline(), b.Deadline()
	}
	for range 100 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
	if st := b.Stats(); st.Received[Held] == 0 || st.Lost != 0 {
		t.Errorf("%+v", st)
	}
}
