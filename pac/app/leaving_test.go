package app

import (
	"strings"
	"testing"
	"time"
)

// Calls of a PNS that reloads take away and bring back end when the first limit
// is over that one of them gave while it was away, and with no other.
func TestLeaving(t *testing.T) {
	began := time.Now()
	at := func(d time.Duration) time.Time { return began.Add(d) }
	type reload struct {
		known string
		until time.Duration // of the others; 0: no limit
	}
	const m = time.Minute
	for _, tt := range []struct {
		reloads []reload
		over    map[string]time.Duration // those who are not there have no limit
	}{
		{[]reload{{"macon", m}}, map[string]time.Duration{"atlanta": m}},
		{[]reload{{"macon", m}, {"atlanta macon", 2 * m}}, nil},
		{[]reload{{"macon", m}, {"atlanta macon", 2 * m}, {"macon", 3 * m}}, map[string]time.Duration{"atlanta": 3 * m}},
		{[]reload{{"macon", m}, {"atlanta macon", 2 * m}, {"macon", 0}}, nil},
		{[]reload{{"macon", m}, {"", 2 * m}}, map[string]time.Duration{"atlanta": m, "macon": 2 * m}},
		{[]reload{{"macon", 2 * m}, {"", m}}, map[string]time.Duration{"atlanta": m, "macon": m}},
		{[]reload{{"macon", m}, {"", 0}}, map[string]time.Duration{"atlanta": m}},
	} {
		l := leaving{}
		for _, r := range tt.reloads {
			known := strings.Fields(r.known)
			l.stay(known)
			if r.until > 0 {
				l.leave([]string{"atlanta", "macon"}, known, at(r.until))
			}
		}
		for _, name := range []string{"atlanta", "macon"} {
			end, ends := tt.over[name]
			switch {
			case !ends && l.over(name, at(time.Hour)):
				t.Errorf("%v: the time of %s is over", tt.reloads, name)
			case ends && (l.over(name, at(end-1)) || !l.over(name, at(end))):
				t.Errorf("%v: the time of %s is not over at %v", tt.reloads, name, end)
			}
		}
	}
}
