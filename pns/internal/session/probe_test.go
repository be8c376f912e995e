package session

import (
	"net/netip"
	"testing"
	"time"

	"carrier/pns/internal/users"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// A fakeProber answers after a while who has an address.
type fakeProber struct {
	owners map[netip.Addr]string
	asked  *log
}

func (p fakeProber) Probe(a netip.Addr) <-chan string {
	p.asked.add("%v", a)
	c := make(chan string, 1)
	time.AfterFunc(250*time.Millisecond, func() { c <- p.owners[a] })
	return c
}

// An address that a host of the LAN has is not given out; the caller gets the
// next one.
func TestAnAddressInUseOnTheLANIsPassedOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(func(u *users.User) { u.Address = netip.Addr{} }))
		p.pool.Avoid = time.Minute
		asked := &log{}
		p.opt = func(o *Options) {
			o.Prober = fakeProber{map[netip.Addr]string{ip("2.1.1.129"): "02:00:00:00:00:09"}, asked}
		}
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
		time.Sleep(5 * time.Second)
		if r := v.s.Record(); r.Stage != record.Online || r.Address != ip("2.1.1.130") || r.Up.Sub(r.Started) > time.Second {
			t.Errorf("%+v", r)
		}
		equal(t, "asked about", asked.take(), []string{"2.1.1.129", "2.1.1.130"})
		if s, _ := p.addresses(); s.Avoided != 1 || s.Used != 1 || p.stats.Clashes.Load() != 1 {
			t.Errorf("%+v, %d clashes", s, p.stats.Clashes.Load())
		}
		equal(t, "authentications", p.auths(), []string{"mschap-v2 accepted 1"})
		c.says(func(now time.Time) { c.link.Close(now, "") })
		v.over(t)
		c.hangUp()
	})
}

// A user whose own address a host of the LAN has is told so. One who hangs up
// while the LAN is asked leaves nothing behind.
func TestAUsersAddressInUseOnTheLAN(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		p.opt = func(o *Options) {
			o.Prober = fakeProber{map[netip.Addr]string{ip("2.1.1.129"): "02:00:00:00:00:09"}, &log{}}
		}
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.PAP))
		r, _ := v.over(t)
		if r.Reason != record.AddressInUse || r.Text != "2.1.1.129 is in use on the LAN, by 02:00:00:00:00:09" {
			t.Errorf("%+v", r)
		}
		if e := heard(t, c.hangUp(), link.LoginRefused); e.Text != "2.1.1.129 is in use on the LAN" {
			t.Errorf("the caller was told %q", e.Text)
		}
		v = p.call()
		c = v.dial(sara("saran", "secret", auth.PAP))
		time.Sleep(100 * time.Millisecond) // the LAN is being asked
		v.s.End(record.Operator, "hung up")
		if r, _ := v.over(t); r.Reason != record.Operator {
			t.Errorf("%+v", r)
		}
		c.hangUp()
		if _, fixed := p.addresses(); fixed != 0 {
			t.Errorf("%d fixed addresses are taken", fixed)
		}
		time.Sleep(time.Second)
	})
}
