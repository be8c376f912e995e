package relay

import (
	"testing"
	"time"
)

// A modem is one on a port: what it is given waits in the port, and the line
// takes so many octets a second of it.
type modem struct {
	rate   float64
	unsent float64
	now    time.Time
}

func (m *modem) pass(d time.Duration) {
	m.now = m.now.Add(d)
	m.unsent = max(0, m.unsent-m.rate*d.Seconds())
}

// run writes frames to the modem as a drain wants it, for so long, and is how
// many octets the line took a second and the most that lay in the port.
func (m *modem) run(d *drain, frame int, known bool, last time.Duration) (carried, most float64) {
	total, began := 0, m.now
	for m.now.Sub(began) < last {
		m.unsent += float64(frame)
		total += frame
		most = max(most, m.unsent)
		d.wrote(m.now, m.now, frame, known)
		for {
			unsent := 0
			if known {
				unsent = int(m.unsent)
				d.look(m.now, unsent)
			}
			wait := d.wait(m.now, unsent)
			if wait == 0 {
				break
			}
			m.pass(wait)
		}
	}
	return (float64(total) - m.unsent) / last.Seconds(), most
}

func TestDrainKeepsTheLineBusyAndLittleBeforeIt(t *testing.T) {
	const frame = 1400
	for _, tt := range []struct {
		name           string
		connect        int // octets a second
		rate           float64
		follows, known bool
		carried        float64 // octets a second at least
		most           float64 // octets before the line
	}{
		{"as CONNECT says", 3600, 3600, false, false, 3550, frame + 100},
		{"as CONNECT says, and the port tells", 3600, 3600, false, true, 3550, frame + 100},
		{"slower, and the port tells", 3600, 2880, false, true, 2800, frame + 200},
		{"stopped by the modem, compressing", 3600, 9000, true, true, 8500, frame + 300},
		{"stopped by the modem, slower", 3600, 2000, true, true, 1950, frame + 100},
	} {
		m := &modem{rate: tt.rate, now: time.Unix(1000, 0)}
		d := newDrain(tt.connect, tt.follows)
		carried, most := m.run(d, frame, tt.known, time.Minute)
		if carried < tt.carried || most > tt.most {
			t.Errorf("%s: %.0f octets/s of %.0f, up to %.0f before the line", tt.name, carried, tt.rate, most)
		}
	}
}

func TestDrainMeasures(t *testing.T) {
	for _, tt := range []struct {
		name     string
		rate     float64
		min, max int
	}{
		{"the line", 6000, 5800, 6200},
		{"no more than V.42bis makes of it", 1e6, 3600, 14400},
		{"nor a line that is stuck", 10, 450, 450},
	} {
		m := &modem{rate: tt.rate, now: time.Unix(1000, 0)}
		d := newDrain(3600, true)
		m.run(d, 3000, true, 5*time.Minute)
		if d.rate < tt.min || d.rate > tt.max {
			t.Errorf("%s: %d octets/s of %.0f", tt.name, d.rate, tt.rate)
		}
	}
	d := &drain{} // a rate that nobody told, of a port that lets us wait
	now := time.Unix(1000, 0)
	for range 20 {
		d.wrote(now, now.Add(100*time.Millisecond), 500, false)
		now = now.Add(100 * time.Millisecond)
	}
	if d.rate != 5000 || d.wait(now, 0) != 0 {
		t.Errorf("%d octets/s, want 5000 and no wait", d.rate)
	}
}
