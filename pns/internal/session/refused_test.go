package session

import (
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/eap"
	"carrier/shared/record"
)

// A caller who is refused inside EAP and negotiates anew, before she has heard
// the end of it, is not asked a second time.
func TestARefusedCallerBeginsAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		p.opt = func(o *Options) { o.Link.Ask = []auth.Method{auth.EAPMD5} }
		v := p.call()
		v.connect()
		c := &caller{v: v}
		c.start(time.Now(), sara("saran", "Secret"))
		anew, began := false, time.Now()
		for range 100 {
			for _, f := range c.link.Take() {
				v.data.bring(f)
			}
			synctest.Wait()
			for len(v.data.down) > 0 {
				f := <-v.data.down
				words := f[2] == 0xC2 && f[3] == 0x27 && f[4] == byte(eap.Request) && f[8] == byte(eap.Notification)
				if words && !anew {
					anew = true
					c.start(time.Now(), sara("saran", "secret"))
					break
				}
				c.link.Receive(time.Now(), f)
			}
		}
		r, _ := v.over(t)
		if took := r.Ended.Sub(began); !anew || took > 10*time.Second || r.Reason != record.AuthFailed || r.Text != "wrong password" {
			t.Errorf("after %v: %+v", took, r)
		}
		equal(t, "authentications", p.auths(), []string{"eap-md5 wrong-password 1"})
	})
}
