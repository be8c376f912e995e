package relay

import (
	"testing"
	"time"
)

// A server is a terminal server, and a modem that sends so many octets a second of
// what the server holds. When that is full it takes nothing until it has room for
// a quantum.
type server struct {
	rate          float64
	room, quantum float64
	full          bool
	blocks        bool // the port tells nothing, but lets us wait
	now           time.Time
	port, holds   float64
	sent          float64
	mute          time.Duration // for so long the modem sends nothing
}

func (s *server) pass(d time.Duration) {
	const step = time.Millisecond
	for ; d > 0; d -= step {
		s.now = s.now.Add(step)
		if s.mute -= step; s.mute < 0 {
			n := min(s.holds, s.rate*step.Seconds())
			s.holds, s.sent = s.holds-n, s.sent+n
		}
		if s.full = s.full && s.room-s.holds < s.quantum; !s.full {
			n := min(s.room-s.holds, s.port)
			s.holds, s.port = s.holds+n, s.port-n
			s.full = s.port > 0
		}
	}
}

// run has a drain give it frames for so long, and is what the line sent a second
// and the most that the server held.
func (s *server) run(d *drain, last time.Duration) (carried, most float64) {
	const frame = 585
	began, sent := s.now, s.sent
	for s.now.Sub(began) < last {
		from := s.now
		s.port += frame
		for s.pass(time.Millisecond); s.blocks && s.port > 0; {
			s.pass(time.Millisecond)
		}
		d.wrote(from, s.now, frame, !s.blocks)
		for {
			if !s.blocks {
				d.look(s.now, int(s.port))
			}
			wait := d.wait(s.now, int(s.port))
			if wait == 0 {
				break
			}
			s.pass(wait)
			most = max(most, s.holds+s.port)
		}
	}
	return (s.sent - sent) / s.now.Sub(began).Seconds(), most
}

func newServer(room, rate float64) *server {
	return &server{rate: rate, room: room, quantum: 1300, now: time.Unix(1000, 0)}
}

// A terminal server that is full once is not filled again, and its line goes on
// without a pause.
func TestDrainEmptiesTheFarEnd(t *testing.T) {
	const first = 4200
	for _, tt := range []struct {
		name          string
		room, quantum float64
		rate          float64
		blocks        bool
		settle        time.Duration
	}{
		{"in large pieces", 4096, 1300, 3600, false, 30 * time.Second},
		{"in small ones", 4096, 64, 3600, false, 30 * time.Second},
		{"the port tells nothing", 4096, 3072, 3600, true, 30 * time.Second},
		{"half of what is assumed", 4096, 1300, 1800, false, time.Minute},
		{"2400 bit/s", 4096, 1300, 300, false, 2 * time.Minute},
		{"much room", 64 << 10, 1300, 3000, false, 2 * time.Minute},
	} {
		s := newServer(tt.room, tt.rate)
		s.quantum, s.blocks = tt.quantum, tt.blocks
		d := newDrain(first, false)
		s.run(d, tt.settle)
		carried, most := s.run(d, time.Minute)
		if carried < 0.96*tt.rate || float64(d.rate) > 0.99*tt.rate || most > 585+0.1*tt.rate+tt.room/16 {
			t.Errorf("%s: %.0f octets/s of %.0f, up to %.0f in the far end; %d octets/s by the drain", tt.name, carried, tt.rate, most, d.rate)
		}
	}
}

// No port that never pushes back makes more of the rate, or less.
func TestDrainKeepsToWhatIsAssumed(t *testing.T) {
	for name, rate := range map[string]float64{"a slow line": 2400, "a fast one": 14400} {
		s := newServer(1e9, rate)
		d := newDrain(4200, false)
		began := s.now
		s.run(d, 10*time.Minute)
		if got := float64(d.written) / s.now.Sub(began).Seconds(); d.rate != 4200 || got < 4150 || got > 4210 {
			t.Errorf("%s: %d octets/s, and %.0f were written; want 4200", name, d.rate, got)
		}
	}
	// A device without flow control sends everything at its own speed.
	s := newServer(12, 11520)
	s.quantum = 0
	d := newDrain(4200, false)
	s.run(d, time.Minute)
	if d.rate != 4200 {
		t.Errorf("%d octets/s of a device that nobody stops; want 4200", d.rate)
	}
}

// Modems that train anew are silent for a while, and may be faster afterwards.
func TestDrainAfterATraining(t *testing.T) {
	s := newServer(4096, 3600)
	d := newDrain(4200, false)
	s.run(d, time.Minute)
	for _, silent := range []time.Duration{2 * time.Second, 8 * time.Second, 30 * time.Second} {
		s.mute = silent
		s.run(d, time.Minute)
		if d.rate < 3450 || d.rate > 3600 {
			t.Errorf("after %v without a carrier %d octets/s are reckoned with, want 3600", silent, d.rate)
		}
	}
	for range 2 { // and soon again, which alone looks like a slow line
		s.mute = 4 * time.Second
		s.run(d, 9*time.Second)
	}
	s.run(d, time.Minute)
	if d.rate < 3450 {
		t.Errorf("after two trainings %d octets/s are reckoned with, want 3600", d.rate)
	}
	s.rate = 2400
	s.run(d, time.Minute)
	if d.rate < 2300 || d.rate > 2400 {
		t.Errorf("on a line of 2400 octets/s %d are reckoned with", d.rate)
	}
	s.rate = 4200
	s.run(d, believed)
	if carried, _ := s.run(d, time.Minute); carried < 4100 {
		t.Errorf("%.0f octets/s on a line of 4200", carried)
	}
}

// A line that grows slower late is not left idle, as if it had been slow from the
// beginning.
func TestDrainOfALineThatGrowsSlower(t *testing.T) {
	for name, silent := range map[string]time.Duration{"at once": 0, "after a training": 7 * time.Second} {
		s := newServer(4096, 3600)
		d := newDrain(3600, false)
		s.run(d, 6*time.Minute)
		s.rate, s.mute = 3300, silent
		sent := s.sent
		s.run(d, time.Minute)
		if carried := (s.sent - sent) / (time.Minute - silent).Seconds(); carried < 3200 {
			t.Errorf("%s: %.0f octets/s of 3300", name, carried)
		}
		if _, most := s.run(d, time.Minute); most > 2000 {
			t.Errorf("%s: up to %.0f octets in the far end", name, most)
		}
	}
}

// What a line leaves behind when it stands still for a moment is gone after a while,
// though nobody sees it, and the line is used all the same.
func TestDrainCatchesUp(t *testing.T) {
	s := newServer(64<<10, 3600)
	d := newDrain(3600, false)
	s.run(d, 10*time.Second)
	s.mute = time.Second
	if _, most := s.run(d, 2*time.Second); most < 3000 {
		t.Fatalf("%.0f octets were held back: the line did not stand still", most)
	}
	s.run(d, 3*time.Minute)
	carried, most := s.run(d, time.Minute)
	if most > 1300 || carried < 3600*0.985 {
		t.Errorf("%.0f octets/s of 3600, up to %.0f before the line", carried, most)
	}
}
