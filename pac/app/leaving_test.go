package app

import (
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/pac/internal/config"
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
			known := func(name string) bool { return slices.Contains(strings.Fields(r.known), name) }
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

// A PNS or a host that reloads only write otherwise is configured still, as the
// calls know it too that run there since before.
func TestKnownInOtherWords(t *testing.T) {
	const denver = "tunnel = ['192.0.2.60']\n[[pns]]\nname = 'denver'\nat = '192.0.2.60'\n"
	for _, tt := range []struct {
		name    string // as a call has it, that began with the first
		reloads []string
		known   bool
	}{
		{"192.0.2.1", []string{"tunnel = ['192.0.2.1']", "tunnel = ['192.0.2.1:1723']"}, true},
		{"192.0.2.1", []string{"tunnel = ['192.0.2.1']", "tunnel = ['192.0.2.1:1724']"}, false},
		{"192.0.2.1", []string{"tunnel = ['192.0.2.1']", "tunnel = ['192.0.2.2']", "tunnel = ['192.0.2.1:1723']"}, true},
		{"PNS.example", []string{"tunnel = ['PNS.example']", "tunnel = ['pns.example']"}, true},
		{"192.0.2.60", []string{"tunnel = ['192.0.2.60']", denver}, true},
		{"denver", []string{denver, "tunnel = ['192.0.2.60:1723']"}, true},
		{"denver", []string{denver, strings.ReplaceAll(denver, "denver", "boulder"), "tunnel = ['192.0.2.60']"}, true},
		{"denver", []string{denver, "tunnel = ['192.0.2.61']"}, false},
		{"tcp://localhost:23", []string{"host = 'tcp://localhost:23'", "host = 'tcp://127.0.0.1:23'"}, true},
		{"tcp://localhost:23", []string{"host = 'tcp://localhost:23'", "host = 'tcp://127.0.0.1:24'"}, false},
		{"", []string{denver, "tunnel = ['192.0.2.61']"}, false},
	} {
		p := &Program{where: map[string]string{}}
		for _, to := range tt.reloads {
			c, err := config.Parse("pac.toml", []byte("name = 'a'\n[[bank]]\nname = 'b'\nports = ['unix:///nowhere']\n[default]\n"+to))
			if err != nil {
				t.Fatal(err)
			}
			p.follow(c)
		}
		if p.known()(tt.name) != tt.known {
			t.Errorf("%q after %q: known is %v", tt.name, tt.reloads, !tt.known)
		}
	}
}
