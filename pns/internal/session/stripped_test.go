package session

import (
	"testing"
	"time"

	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// Who has logged in and negotiates all anew, without what was demanded of her, is not
// let on a second time.
func TestNobodyStripsAnythingLater(t *testing.T) {
	for name, tt := range map[string]struct {
		again  func(c *caller, now time.Time)
		reason record.EndReason
	}{
		"no authentication": {func(c *caller, now time.Time) {
			c.start(now, link.Options{LCP: lcp.Options{MRU: 1500, Magic: true}})
		}, record.AuthFailed},
		"a weaker method": {func(c *caller, now time.Time) {
			c.start(now, sara("saran", "secret", auth.PAP))
		}, record.AuthFailed},
		"no encryption": {func(c *caller, now time.Time) {
			c.can = 0
			c.start(now, sara("saran", "secret", auth.MSCHAPv2))
		}, record.NotEncrypted},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace6(t, saran(nil))
				six := p.opt
				p.opt = func(o *Options) {
					six(o)
					o.Link.Ask = []auth.Method{auth.MSCHAPv2}
					o.Coding = Coding{Encryption: Required, MPPE: strong}
				}
				v := p.call()
				c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6, func(c *caller) { c.can = strong })
				time.Sleep(5 * time.Second)
				if r := v.s.Record(); r.Stage != record.Online {
					t.Fatalf("she is not online: %+v", r)
				}
				v.log.take()
				c.says(func(now time.Time) { tt.again(c, now) })
				time.Sleep(5 * time.Minute)
				v.cancel()
				r, _ := v.over(t)
				if r.Reason != tt.reason {
					t.Errorf("the call ended by %v %q", r.Reason, r.Text)
				}
				if on := only(v.log.take(), "network true", "network6 true", "attach"); len(on) > 0 {
					t.Errorf("she was let on: %q", on)
				}
				c.hangUp()
			})
		})
	}
}
