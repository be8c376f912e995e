package session

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/lqr"
	"carrier/shared/record"
)

func TestReportsAsLCPAgreed(t *testing.T) {
	ten, half := &lqr.Option{Period: 10 * time.Second}, &lqr.Option{Period: 30 * time.Second}
	for name, tt := range map[string]struct {
		ours, theirs lcp.Options
		want         []string // of the first ninety seconds
	}{
		"off":              {lcp.Options{}, lcp.Options{Quality: ten}, nil},
		"answered":         {lcp.Options{Reports: true}, lcp.Options{Quality: ten}, []string{"quality each 10s sends true", "report", "report"}},
		"demanded":         {lcp.Options{Reports: true, Quality: half}, lcp.Options{Reports: true}, []string{"quality each 0s sends false"}},
		"demanded in vain": {lcp.Options{Reports: true, Quality: half}, lcp.Options{}, nil},
		"both":             {lcp.Options{Reports: true, Quality: half}, lcp.Options{Reports: true, Quality: ten}, []string{"quality each 10s sends true", "report", "report"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace(t, addresses, saran(nil))
				p.opt = func(o *Options) { o.Link.LCP = tt.ours }
				v := p.call()
				o := sara("saran", "secret")
				o.LCP = tt.theirs
				c := v.dial(o)
				time.Sleep(90 * time.Second)
				lines := slices.DeleteFunc(v.log.take(), func(l string) bool { return l[0] != 'q' && l[0] != 'r' })
				equal(t, "the fakes", lines, tt.want)
				c.says(func(now time.Time) { c.link.Close(now, "good bye") })
				v.over(t)
				time.Sleep(time.Hour)
				if lines := v.log.take(); slices.Contains(lines, "report") {
					t.Errorf("after the end: %q", lines)
				}
				c.hangUp()
			})
		})
	}
}

// A line that loses more than the bound is counted, either way; all are shown.
func TestALineThatLosesMuch(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		p.opt = func(o *Options) { o.Lossy = 10 }
		v, c := online(t, p)
		way := func(sent, arrived uint32) lqr.Way {
			return lqr.Way{Known: true, Sent: lqr.Sum{Packets: sent}, Arrived: lqr.Sum{Packets: arrived}}
		}
		for _, tt := range []struct {
			q        lqr.Quality
			up, down string
			lossy    uint64
		}{
			{lqr.Quality{}, "unknown", "unknown", 0},
			{lqr.Quality{In: way(100, 90)}, "10 of 100", "unknown", 0},
			{lqr.Quality{In: way(100, 89)}, "11 of 100", "unknown", 1},
			{lqr.Quality{In: way(10, 12), Out: way(20, 5)}, "0 of 10", "15 of 20", 2},
			{lqr.Quality{In: way(0, 0), Out: way(7, 7)}, "0 of 0", "0 of 7", 2},
		} {
			v.data.with(func() { v.data.quality, v.data.fresh = tt.q, true })
			v.s.ring()
			synctest.Wait()
			q := v.s.Record().Quality
			if q == nil || q.Up.String() != tt.up || q.Down.String() != tt.down || p.stats.Lossy.Load() != tt.lossy {
				t.Errorf("%+v is shown as %+v, and %d are lossy", tt.q, q, p.stats.Lossy.Load())
			}
		}
		if r := v.s.Record(); r.Reason != record.Running {
			t.Errorf("%+v", r)
		}
		c.says(func(now time.Time) { c.link.Close(now, "good bye") })
		v.over(t)
		c.hangUp()
	})
}
