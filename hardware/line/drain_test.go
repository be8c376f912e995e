package line

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A leaking line has octets that leave it with time.
type leaking struct {
	Line
	began  time.Time
	octets int
	rate   int // octets/s
	known  bool
	lost   chan struct{}
}

func (l leaking) Unsent() (int, bool) {
	return max(0, l.octets-int(time.Since(l.began).Seconds()*float64(l.rate))), l.known
}

func (l leaking) Lost() <-chan struct{} { return l.lost }

func TestDrain(t *testing.T) {
	for what, tt := range map[string]struct {
		l    leaking
		lose time.Duration // when the carrier goes
		want time.Duration
	}{
		"nothing left":      {leaking{known: true}, 0, linger},
		"some":              {leaking{known: true, octets: 2400, rate: 240}, 0, 10*time.Second + linger},
		"nobody knows":      {leaking{octets: 2400}, 0, linger},
		"the line is stuck": {leaking{known: true, octets: 2400}, 0, drainStuck},
		"carrier lost":      {leaking{known: true, octets: 2400, rate: 240}, time.Second, time.Second},
		"never done":        {leaking{known: true, octets: 24000, rate: 240}, 0, 30 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			tt.l.began, tt.l.lost = time.Now(), make(chan struct{})
			if tt.lose > 0 {
				time.AfterFunc(tt.lose, func() { close(tt.l.lost) })
			}
			ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
			defer stop()
			Drain(ctx, tt.l)
			if took := time.Since(tt.l.began); took < tt.want || took > tt.want+drainEvery {
				t.Errorf("%s: took %v, want %v", what, took, tt.want)
			}
		})
	}
}
