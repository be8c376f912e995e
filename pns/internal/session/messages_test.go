package session

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/users"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
)

func TestWhatTheCallersMachineSaysThatItIs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		v, c := online(t, p)
		for _, tt := range []struct{ says, want string }{
			{"", ""},
			{"MSRASV5.20", "MSRASV5.20"},
			{"MSRASV5.20", "MSRASV5.20"},
			{"MSRAS-0-\x1b[2JSARA\u202e", "MSRASV5.20; MSRAS-0-.[2JSARA."},
			{"three", "MSRASV5.20; MSRAS-0-.[2JSARA.; three"},
			{"four", "MSRASV5.20; MSRAS-0-.[2JSARA.; three; four"},
			{"five", "MSRASV5.20; MSRAS-0-.[2JSARA.; three; four"},
		} {
			c.says(func(time.Time) { c.link.Identify(tt.says) })
			synctest.Wait()
			if got := v.s.Record().Machine; got != tt.want {
				t.Errorf("after %q: %q", tt.says, got)
			}
		}
		c.says(func(time.Time) { c.link.TellRemaining(lcp.Forever, "") })
		c.says(func(time.Time) { c.link.TellRemaining(time.Minute, "lunch") })
		c.says(func(now time.Time) { c.link.Close(now, "good bye") })
		if r, _ := v.over(t); r.Text != "good bye" || r.Machine == "" {
			t.Errorf("%+v", r)
		}
		c.hangUp()
	})
}

// We say what we are only if that is wanted, and only to who has logged in.
func TestWhatWeSayThatWeAre(t *testing.T) {
	for _, password := range []string{"secret", "wrong"} {
		for _, identify := range []string{"", "pns denver"} {
			bubble(t, func(t *testing.T) {
				p := newPlace(t, addresses, saran(nil))
				p.opt = func(o *Options) { o.Identify = identify }
				v := p.call()
				c := v.dial(sara("saran", password, auth.CHAPMD5))
				time.Sleep(5 * time.Second)
				v.cancel()
				v.over(t)
				got := ""
				for _, e := range c.hangUp() {
					if e.Kind == link.Identified {
						got += e.Text
					}
				}
				want := ""
				if password == "secret" {
					want = identify
				}
				if got != want {
					t.Errorf("with the password %s and %q the caller heard %q", password, identify, got)
				}
			})
		}
	}
}

// The caller's machine hears how long she may stay when she comes and near the
// end, and again when all was negotiated anew.
func TestTheTimeThatRemains(t *testing.T) {
	for limit, want := range map[time.Duration][]time.Duration{
		0:                {},
		time.Hour:        {time.Hour, time.Hour - 5*time.Second, 15 * time.Minute, 5 * time.Minute, time.Minute},
		10 * time.Minute: {10 * time.Minute, 10*time.Minute - 5*time.Second, 5 * time.Minute, time.Minute},
		30 * time.Second: {30 * time.Second, 25 * time.Second},
	} {
		bubble(t, func(t *testing.T) {
			p := newPlace(t, addresses, saran(func(u *users.User) { u.Session = limit }))
			v, c := online(t, p)
			began := time.Now()
			if limit == 0 {
				time.Sleep(time.Hour)
				c.says(func(now time.Time) { c.link.Close(now, "good bye") })
			} else {
				time.Sleep(time.Until(v.s.Record().Up.Add(5 * time.Second)))
				c.says(func(now time.Time) { c.link.Restart(now) })
			}
			v.over(t)
			var got []time.Duration
			for _, e := range c.hangUp() {
				if e.Kind == link.Remaining {
					got = append(got, e.Remaining)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("of %v, after %v, heard %v, want %v", limit, time.Since(began), got, want)
			}
		})
	}
}
