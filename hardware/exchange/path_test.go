package exchange

import (
	"bytes"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
	"time"
)

func newTestPath(octet, delay time.Duration) *path {
	p := &path{octet: octet, delay: delay, ends: [2]waker{make(waker, 1), make(waker, 1)}}
	p.noise.random = rand.New(rand.NewPCG(1, 2))
	p.noise.set(0)
	return p
}

// pump sends data through p on a clock of its own, as fast as p lets it, and
// says what arrived and when the first and the last of it did. Held is the most
// that was in the path.
func pump(t *testing.T, p *path, data []byte) (got []byte, first, last time.Duration, held int) {
	t.Helper()
	start := time.Unix(1000, 0)
	now := start
	buf := make([]byte, chunk)
	for rest := data; len(got) < len(data); {
		var next time.Time
		if n, again := p.room(now); n > 0 && len(rest) > 0 {
			n = min(n, len(rest))
			p.write(now, rest[:n])
			rest = rest[n:]
			held = max(held, len(p.octets))
			continue
		} else if len(rest) > 0 {
			next = again
		}
		n, again := p.read(now, buf)
		if n > 0 {
			if len(got) == 0 {
				first = now.Sub(start)
			}
			got, last = append(got, buf[:n]...), now.Sub(start)
			continue
		}
		if next.IsZero() || !again.IsZero() && again.Before(next) {
			next = again
		}
		if !next.After(now) {
			t.Fatalf("stuck at %v with %d of %d octets", now.Sub(start), len(got), len(data))
		}
		now = next
	}
	return got, first, last, held
}

func TestPathPace(t *testing.T) {
	data := make([]byte, 10_000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	for _, tt := range []struct {
		name  string
		c     Conditions
		octet time.Duration
		total time.Duration
	}{
		{"28800 with LAPM", Conditions{Rate: 28800}, 277777, 2777777 * time.Microsecond},
		{"28800 without", Conditions{Rate: 28800, NoLAPM: true}, 347222, 3472222 * time.Microsecond},
		{"300", Conditions{Rate: 300}, 26666666, 266666666 * time.Microsecond},
		{"unpaced", Conditions{}, 0, 0},
		{"far away", Conditions{Rate: 28800, Delay: 700 * time.Millisecond}, 277777, 3477777 * time.Microsecond},
		{"unpaced and far", Conditions{Delay: time.Second}, 0, time.Second},
	} {
		if got := tt.c.octet(); got != tt.octet {
			t.Errorf("%s: an octet takes %v", tt.name, got)
		}
		input := data
		if tt.octet == 0 {
			input = data[:burst/2]
		}
		got, first, last, held := pump(t, newTestPath(tt.octet, tt.c.Delay), input)
		if !bytes.Equal(got, input) {
			t.Errorf("%s: the octets changed", tt.name)
		}
		if d := last - tt.total; d < -time.Millisecond || d > time.Millisecond {
			t.Errorf("%s: took %v, want %v", tt.name, last, tt.total)
		}
		if first < tt.octet+tt.c.Delay {
			t.Errorf("%s: the first octet came after %v", tt.name, first)
		}
		// Beside what the delay holds, under 100 ms of line time, or two octets.
		if tt.octet > 0 && held > int((tt.c.Delay+100*time.Millisecond)/tt.octet)+2 {
			t.Errorf("%s: held %d octets, %v", tt.name, held, time.Duration(held)*tt.octet)
		}
	}
}

// A reader that takes nothing stops the writer; the path stays bounded.
func TestPathBackPressure(t *testing.T) {
	for _, octet := range []time.Duration{0, 277777, 26666666} {
		p := newTestPath(octet, 50*time.Millisecond)
		now, taken := time.Unix(1000, 0), 0
		for range 10_000 {
			n, _ := p.room(now)
			p.write(now, make([]byte, min(n, chunk)))
			taken += min(n, chunk)
			now = now.Add(10 * time.Millisecond)
		}
		limit := burst
		if octet > 0 {
			limit = int(150*time.Millisecond/octet) + 4
		}
		if taken > limit || taken == 0 {
			t.Errorf("octet %v: took %d, want at most %d", octet, taken, limit)
		}
		select {
		case <-p.ends[0]:
		default:
		}
		p.read(now, make([]byte, chunk))
		if n, _ := p.room(now); n == 0 || len(p.ends[0]) != 1 {
			t.Errorf("octet %v: no room and no wake-up after reading", octet)
		}
	}
}

func TestPathEnds(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, lost := range []bool{false, true} {
		p := newTestPath(277777, time.Second)
		p.write(now, []byte("last words"))
		if lost {
			p.lose()
		} else {
			p.finish()
		}
		p.write(now, []byte("more"))
		if n, _ := p.room(now); n == 0 {
			t.Error("a closed path must take, and lose, what is sent")
		}
		buf := make([]byte, 100)
		n, _ := p.read(now.Add(2*time.Second), buf)
		if want := map[bool]string{false: "last words", true: ""}[lost]; string(buf[:n]) != want || !p.empty() {
			t.Errorf("lost %v: got %q, want %q", lost, buf[:n], want)
		}
	}
}

func TestNoise(t *testing.T) {
	for _, perBit := range []float64{0, 1e-5, 1e-3, 0.5, 1} {
		p := newTestPath(0, 0)
		p.setNoise(perBit)
		wrong, total := 0, 0
		buf := make([]byte, chunk)
		for range 2000 {
			p.write(time.Unix(1, 0), make([]byte, 1000))
			n, _ := p.read(time.Unix(1, 0), buf)
			total += n * 8
			for _, c := range buf[:n] {
				wrong += bits.OnesCount8(c)
			}
		}
		want := perBit * float64(total)
		deviation := math.Sqrt(want * (1 - perBit))
		if total != 16_000_000 || math.Abs(float64(wrong)-want) > 5*deviation {
			t.Errorf("%v: %d of %d bits wrong, want %.0f ± %.0f", perBit, wrong, total, want, deviation)
		}
	}
}
