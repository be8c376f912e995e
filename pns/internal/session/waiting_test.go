package session

import (
	"testing"
	"time"

	"carrier/pns/internal/users"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/record"
)

// listens6 is a caller who acknowledges what IPV6CP and IPCP ask of her, and whose own
// requests never come: she never gives up, and neither opens.
func listens6(c *caller) {
	speaks6(c)
	c.loses = func(p ppp.Protocol, info []byte) bool {
		return (p == ppp.IPCP || p == ppp.IPV6CP) && cp.Code(info[0]) == cp.ConfigureRequest
	}
}

// A caller who has logged in and brings no network up loses her call, also after LCP
// was negotiated afresh: no other limit holds for her.
func TestACallWithoutANetworkEnds(t *testing.T) {
	for _, anew := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			p := newPlace6(t, saran(func(u *users.User) { u.Session, u.Idle = 10*time.Hour, time.Minute }))
			six := p.opt
			p.opt = func(o *Options) { // nothing else happens at the time
				six(o)
				o.Link.Restart, o.Link.Echo.Interval = 7*time.Second, time.Hour
			}
			v := p.call()
			o := sara("saran", "secret", auth.MSCHAPv2)
			o.MaxConfigure = 1000
			listening := listens6
			stage := record.Configuring
			if anew {
				listening, stage = speaks6, record.Online
			}
			c := v.dial(o, listening)
			if anew {
				time.Sleep(10 * time.Second)
				c.says(func(time.Time) { listens6(c) })
				v.s.Renegotiate()
			}
			time.Sleep(networkTime - time.Second)
			if r := v.s.Record(); r.Stage != stage || r.Reason != record.Running {
				t.Errorf("before the time: %+v", r)
			}
			time.Sleep(2 * time.Second)
			if r := v.s.Record(); r.Reason == record.Running {
				t.Errorf("after the time: %+v", r)
			}
			r, _ := v.over(t)
			if r.Reason != record.NetworkFailed || r.Text != "no network protocol opened in 2m0s" {
				t.Errorf("%+v", r)
			}
			if used, _ := p.networks6(); used != 0 {
				t.Errorf("%d networks are used", used)
			}
			c.hangUp()
		})
	}
}

// An honest caller on a line that loses much has the time that CCP and IPCP may
// take, one after the other.
func TestASlowCallerComesOnline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		p.opt = func(o *Options) { o.Coding = Coding{Encryption: Required, MPPE: strong} }
		v := p.call()
		o := sara("saran", "secret", auth.MSCHAPv2)
		o.MaxConfigure = 1000
		c := v.dial(o, func(c *caller) { c.can, c.loses = strong, loses(ppp.CCP) })
		time.Sleep(26 * time.Second)
		c.says(func(time.Time) { c.loses = loses(ppp.IPCP) })
		time.Sleep(27 * time.Second)
		if r := v.s.Record(); r.Stage != record.Configuring {
			t.Errorf("while the line loses all of it: %+v", r)
		}
		c.says(func(time.Time) { c.loses = nil })
		time.Sleep(networkTime)
		if r := v.s.Record(); r.Stage != record.Online || r.Reason != record.Running {
			t.Errorf("at last: %+v", r)
		}
		v.cancel()
		v.over(t)
		c.hangUp()
	})
}
