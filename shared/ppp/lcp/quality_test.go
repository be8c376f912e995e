package lcp

import (
	"testing"
	"time"

	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/lqr"
)

func TestQualityIsAgreed(t *testing.T) {
	for _, tt := range []struct {
		what         string
		code         cp.Code
		answer, then string
		period       time.Duration // agreed; 0: none
	}{
		{"as asked", cp.ConfigureAck, "", "", 30 * time.Second},
		{"less often", cp.ConfigureNak, "04 08 c0 25 00 00 17 70", "04 08 c0 25 00 00 17 70", time.Minute},
		{"more often", cp.ConfigureNak, "04 08 c0 25 00 00 00 64", "", 0},
		{"another protocol", cp.ConfigureNak, "04 04 c0 27", "", 0},
		{"none", cp.ConfigureReject, "04 08 c0 25 00 00 0b b8", "", 0},
	} {
		r := newRig(t, Options{ACCM: noMap, Quality: &lqr.Option{Period: 30 * time.Second}, Reports: true}, Echo{})
		r.start()
		ours := r.want(cp.ConfigureRequest, "04 08 c0 25 00 00 0b b8")
		if tt.code != cp.ConfigureAck {
			r.recv(tt.code, ours.ID, octets(t, tt.answer)...)
			ours = r.want(cp.ConfigureRequest, tt.then)
		}
		r.recv(cp.ConfigureRequest, 1, octets(t, "04 08 c0 25 00 00 03 e8")...)
		r.recv(cp.ConfigureAck, ours.ID, ours.Data...)
		a := r.Agreed()
		if a.Theirs.Quality == nil || a.Theirs.Quality.Period != 10*time.Second {
			t.Errorf("%s: theirs is %+v", tt.what, a.Theirs.Quality)
		}
		if q := a.Ours.Quality; (q != nil) != (tt.period != 0) || q != nil && q.Period != tt.period {
			t.Errorf("%s: ours is %+v", tt.what, q)
		}
	}
}
