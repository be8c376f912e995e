package queue

import (
	"testing"
	"time"
)

// TestCoDelEmptiesAStandingQueue has a sender that slows down when frames are
// dropped, as TCP does, on a slow line: the time in the queue settles near the
// target, and the line is never idle.
func TestCoDelEmptiesAStandingQueue(t *testing.T) {
	const octets, rate = 576, 3600
	q := Queue{MaxFrames: 200}
	q.SetRate(rate)
	frame := time.Duration(octets) * time.Second / rate
	sent := map[int]time.Time{}
	now, number, window := start, 0, 30.0
	var late time.Duration
	for i := range 2000 {
		for q.Len() < int(window) {
			q.Push(now, udp(1, number, octets))
			sent[number] = now
			number++
		}
		before := q.Stats().Early
		f := q.Pop(now)
		if f == nil {
			t.Fatalf("frame %d: nothing to send", i)
		}
		_, n := which(f)
		if i >= 1000 {
			late = max(late, now.Sub(sent[n]))
		}
		f.Free()
		if q.Stats().Early > before {
			window = max(window/2, 2)
		} else {
			window += 1 / window
		}
		now = now.Add(frame)
	}
	if limit := 10 * frame; late > limit {
		t.Errorf("in the queue for up to %v, want at most %v", late, limit)
	}
	if st := q.Stats(); st.Early < 10 || st.Early > 300 {
		t.Errorf("%d dropped of 2000", st.Early)
	}
}

func TestCoDelLeavesAShortQueue(t *testing.T) {
	q := Queue{MaxFrames: 200}
	q.SetRate(3600)
	now := start
	q.Push(now, udp(1, 0, 1400))
	for i := range 500 { // always one waiting while one is sent
		now = now.Add(390 * time.Millisecond)
		q.Push(now, udp(1, i+1, 1400))
		q.Pop(now).Free()
	}
	if st := q.Stats(); st.Early != 0 {
		t.Errorf("%d dropped", st.Early)
	}
}

func TestCoDelLeavesAWindow(t *testing.T) {
	for window, want := range []bool{true, true, true, true, false} {
		q := Queue{MaxFrames: 200, Window: window}
		q.SetRate(3600)
		now := start
		for i := range 200 { // always three waiting
			for q.Len() < 4 {
				q.Push(now, udp(1, i, 576))
			}
			q.Pop(now).Free()
			now = now.Add(160 * time.Millisecond)
		}
		if got := q.Stats().Early > 0; got != want {
			t.Errorf("a window of %d: dropped %v, want %v", window, got, want)
		}
	}
}

// TestCoDelLetsMostThrough has a sender who goes on whatever is dropped: of what
// TCP sends again most must get through.
func TestCoDelLetsMostThrough(t *testing.T) {
	const octets, rate, popped = 576, 3600, 400
	q := Queue{MaxFrames: 200, Window: 4}
	q.SetRate(rate)
	now := start
	for i := range popped {
		for q.Len() < 9 {
			q.Push(now, udp(1, i, octets))
		}
		q.Pop(now).Free()
		now = now.Add(octets * time.Second / rate)
	}
	const most = popped / between
	if early := q.Stats().Early; early < most*3/4 || early > most {
		t.Errorf("%d dropped beside %d sent, want at most %d, and nearly as many", early, popped, most)
	}
}

func TestCoDelTakesTheTargetFromTheLine(t *testing.T) {
	for _, tt := range []struct {
		rate, longest    int
		target, interval time.Duration
	}{
		{3600, 576, 240 * time.Millisecond, 480 * time.Millisecond},
		{3600, 1404, 585 * time.Millisecond, 1170 * time.Millisecond},
		{125_000, 1404, 16848 * time.Microsecond, 111848 * time.Microsecond},
		{125_000_000, 1404, 5 * time.Millisecond, 100 * time.Millisecond},
		{0, 1404, 150 * time.Millisecond, 300 * time.Millisecond},
	} {
		q := Queue{longest: tt.longest}
		if l := q.fit(tt.rate); l.target != tt.target || l.interval != tt.interval {
			t.Errorf("%d octets/s, %d octets: %v in %v, want %v in %v", tt.rate, tt.longest, l.target, l.interval, tt.target, tt.interval)
		}
	}
}
