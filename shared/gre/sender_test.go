package gre

import (
	"math"
	"testing"
	"time"
)

// fill sends until the window is closed and returns how many that were.
func (e *end) fill() int {
	n := 0
	for e.Ready() && n < 1000 {
		e.Append(e.now, nil, []byte{1})
		n++
	}
	return n
}

// ack hands the session an acknowledgement alone.
func (e *end) ack(t *testing.T, n uint32) {
	t.Helper()
	if d, err := e.Receive(e.now, Header{HasAck: true, Ack: n}.Append(nil, nil), e.deliver); d != AckOnly || err != nil {
		t.Fatalf("%v, %v", d, err)
	}
}

func TestInitialWindow(t *testing.T) {
	for _, tt := range []struct{ advertised, want int }{
		{0, 1}, {1, 1}, {2, 1}, {3, 2}, {16, 8}, {64, 32}, {128, 64}, {65535, 64}, {-1, 1},
	} {
		e := newEnd(Options{Windowing: true, SendWindow: tt.advertised})
		if n := e.fill(); n != tt.want {
			t.Errorf("%d advertised: %d sent, want %d", tt.advertised, n, tt.want)
		}
	}
}

func TestWindowOpensByOneForEachWindowful(t *testing.T) {
	e := newEnd(Options{Windowing: true, SendWindow: 5})
	sent := uint32(0)
	for _, want := range []int{3, 4, 5, 5} {
		n := e.fill()
		if n != want {
			t.Fatalf("%d sent, want %d", n, want)
		}
		sent += uint32(n)
		e.now = e.now.Add(10 * time.Millisecond)
		e.ack(t, sent-1) // all with one (§4.2.5)
	}
	e.fill()
	e.ack(t, sent) // one of five: one more may go
	if n := e.fill(); n != 1 {
		t.Errorf("%d sent after one acknowledgement", n)
	}
}

func TestTimeOutHalvesTheWindowAndOpensIt(t *testing.T) {
	e := newEnd(Options{Windowing: true, SendWindow: 5, MinTimeOut: time.Second})
	sent := 0
	for _, want := range []int{3, 2, 1, 1} { // half of 5, of 3, of 2, of 1, rounded up
		n := e.fill()
		if n != want {
			t.Fatalf("%d sent, want %d", n, want)
		}
		sent += n
		if d := e.Deadline().Sub(e.now); d != time.Second {
			t.Fatalf("deadline in %v", d)
		}
		e.pass(999 * time.Millisecond)
		if e.Ready() {
			t.Fatal("open before the time-out")
		}
		e.pass(time.Millisecond)
	}
	e.ack(t, uint32(sent-1)) // too late: grants nothing
	if st := e.Stats(); st.TimeOuts != 4 || st.AcksIgnored != 0 || st.UnderWay != 0 || st.Window != 1 {
		t.Errorf("%+v", st)
	}
	e.fill()
	e.ack(t, uint32(sent))
	if n := e.fill(); n != 2 {
		t.Errorf("window of %d after one was digested, want 2", n)
	}
}

func TestAcknowledgementsThatAreIgnored(t *testing.T) {
	e := newEnd(Options{Windowing: true, SendWindow: 8})
	e.ack(t, 0) // nothing was sent
	e.fill()    // 0 to 3
	for _, n := range []uint32{4, 5, 1000, 0x7FFFFFFF} {
		e.ack(t, n)
	}
	if st := e.Stats(); st.AcksIgnored != 5 || st.Acked != 0 || st.UnderWay != 4 || e.Ready() {
		t.Errorf("%+v", st)
	}
	e.ack(t, 0xFFFFFFFF) // long ago: harmless
	e.ack(t, 3)
	e.ack(t, 3)
	e.ack(t, 1)
	if st := e.Stats(); st.AcksIgnored != 5 || st.Acked != 4 || st.UnderWay != 0 {
		t.Errorf("%+v", st)
	}
}

func TestSequenceNumbersWrap(t *testing.T) {
	a, b := newEnd(Options{Windowing: true, SendWindow: 4}), newEnd(Options{})
	a.send.next, a.send.oldest, a.send.unheard = 0xFFFFFFF0, 0xFFFFFFF0, 0xFFFFFFF0
	for range 64 {
		if !a.Ready() {
			t.Fatalf("closed at %d: %+v", a.send.next, a.Stats())
		}
		if d, err := b.Receive(b.now, a.Append(a.now, nil, []byte("x")), b.deliver); d != InOrder || err != nil {
			t.Fatalf("%v, %v", d, err)
		}
		if d, err := a.Receive(a.now, b.AppendAck(b.now, nil), a.deliver); d != AckOnly || err != nil {
			t.Fatalf("%v, %v", d, err)
		}
	}
	if a.send.next != 48 || len(b.got) != 64 || a.Stats().Window != 4 {
		t.Errorf("next %d, %d delivered, %+v", a.send.next, len(b.got), a.Stats())
	}
}

// TestAdaptiveTimeOut compares with the equations of §4.4.1 and §4.4.2, taken
// from the RFC in floating point: alpha 1/8, beta 1/4, chi 4, delta 2.
func TestAdaptiveTimeOut(t *testing.T) {
	const ppd, minimum, maximum = 0.8, 0.3, 6.0
	e := newEnd(Options{Windowing: true, SendWindow: 1,
		PeerDelay: 800 * time.Millisecond, MinTimeOut: 300 * time.Millisecond, MaxTimeOut: 6 * time.Second})
	rtt, dev := ppd, 0.0
	compare := func(what string) {
		t.Helper()
		ato := math.Max(minimum, math.Min(rtt+4*dev, maximum))
		st := e.Stats()
		for _, c := range []struct {
			name string
			got  time.Duration
			want float64
		}{{"RTT", st.RoundTrip, rtt}, {"DEV", st.Deviation, dev}, {"ATO", st.TimeOut, ato}} {
			if math.Abs(c.got.Seconds()-c.want) > 1e-6 {
				t.Fatalf("after %s: %s is %v, want %.6f s", what, c.name, c.got, c.want)
			}
		}
	}
	compare("the start")
	seq := uint32(0)
	for _, sample := range []float64{0.8, 0.1, 0.1, 0.05, 0.3, -1, 0.9, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, -1, -1, -1, -1, -1, -1, 0.2} {
		e.Append(e.now, nil, []byte{1})
		if sample < 0 {
			e.now = e.Deadline()
			e.Expire(e.now, e.deliver)
			rtt = math.Min(2*rtt, maximum)
			compare("a time-out")
		} else {
			e.now = e.now.Add(time.Duration(sample * float64(time.Second)))
			e.ack(t, seq)
			diff := sample - rtt
			dev += 0.25 * (math.Abs(diff) - dev)
			rtt += 0.125 * diff
			compare("a sample")
		}
		seq++
	}
}

func TestSampleIsOfTheHighestAcknowledged(t *testing.T) {
	e := newEnd(Options{Windowing: true, SendWindow: 8, PeerDelay: time.Second})
	for range 3 {
		e.Append(e.now, nil, []byte{1})
		e.now = e.now.Add(100 * time.Millisecond)
	}
	e.ack(t, 2) // sent 100 ms ago
	if got, want := e.Stats().RoundTrip, time.Second-900*time.Millisecond/8; got != want {
		t.Errorf("RTT %v, want %v", got, want)
	}
}

// Each packet that is under way tells the round trip, however many are; a call
// that never has many under way does not keep room for them.
func TestRemembersWhatIsUnderWay(t *testing.T) {
	e := newEnd(Options{Windowing: true, SendWindow: 100, PeerDelay: time.Second})
	e.send.next, e.send.oldest, e.send.unheard = math.MaxUint32-20, math.MaxUint32-20, math.MaxUint32-20
	rtt := time.Second
	for _, tt := range []struct{ many, room int }{{5, 8}, {8, 8}, {50, 64}, {3, 64}, {100, 128}, {100, 128}} {
		many, room := tt.many, tt.room
		var sent []time.Time
		first := e.send.next
		for range many {
			sent = append(sent, e.now)
			e.Append(e.now, nil, []byte{1})
			e.now = e.now.Add(10 * time.Millisecond)
		}
		for i, at := range sent {
			e.ack(t, first+uint32(i))
			rtt += (e.now.Sub(at) - rtt) / alphaDivisor
			if got := e.Stats().RoundTrip; got != rtt {
				t.Fatalf("packet %d of %d: RTT %v, want %v", i, many, got, rtt)
			}
		}
		if got := len(e.send.sentAt); got != room {
			t.Errorf("room for %d after %d", got, many)
		}
	}
}

// A slow peer that announced no delay is learnt from the acknowledgements that
// come after the time-out.
func TestTimeOutFindsASlowPeer(t *testing.T) {
	e := newEnd(Options{Windowing: true, SendWindow: 1})
	const slow = 800 * time.Millisecond
	type answer struct {
		at  time.Time
		ack uint32
	}
	var answers []answer
	before := uint64(0)
	for i := range 20_000 {
		if e.Ready() {
			h, _, _ := Parse(e.Append(e.now, nil, []byte{1}))
			answers = append(answers, answer{e.now.Add(slow), h.Seq})
		}
		e.pass(10 * time.Millisecond)
		if len(answers) > 0 && !e.now.Before(answers[0].at) {
			e.ack(t, answers[0].ack)
			answers = answers[1:]
		}
		if i == 10_000 {
			before = e.Stats().TimeOuts
		}
	}
	if st := e.Stats(); st.TimeOuts != before || st.TimeOuts > 20 || (st.RoundTrip-slow).Abs() > 20*time.Millisecond {
		t.Errorf("%d time-outs, then %d more; %+v", before, st.TimeOuts-before, st)
	}
}

func TestSentPastAClosedWindow(t *testing.T) {
	e := newEnd(Options{Windowing: true, SendWindow: 2})
	for range 100 {
		e.Append(e.now, nil, []byte{1})
	}
	if st := e.Stats(); st.UnderWay > minRemembered {
		t.Errorf("%d under way", st.UnderWay)
	}
	e.ack(t, 99)
	if !e.Ready() {
		t.Error("closed though all is acknowledged")
	}
}

// A few packets need not wait for a closed window, each time that it has moved.
func TestSpare(t *testing.T) {
	e := newEnd(Options{Windowing: true, SendWindow: 1})
	past := func(what string) {
		t.Helper()
		n := 0
		for e.fill(); e.Spare() && n < 100; n++ {
			e.Append(e.now, nil, []byte{1})
		}
		if n != spare {
			t.Errorf("%s: %d past the window", what, n)
		}
	}
	past("at first")
	e.ack(t, spare)
	past("acknowledged")
	e.now = e.Deadline()
	e.Expire(e.now, nil)
	past("timed out")
}

func TestWithoutWindowing(t *testing.T) {
	e := newEnd(Options{SendWindow: 1})
	if n := e.fill(); n != 1000 {
		t.Errorf("stopped after %d", n)
	}
	if d := e.Deadline(); !d.IsZero() {
		t.Errorf("deadline %v", d)
	}
	e.ack(t, 999)
	e.ack(t, 1000)
	if st := e.Stats(); st.AcksIgnored != 1 || st.Acked != 1000 || st.Window != 0 {
		t.Errorf("%+v", st)
	}
}
