package session

import (
	"bytes"
	"testing"
	"time"

	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

// reflected are the methods by which a mirror could get in: what we answer to a
// challenge is what we would take for an answer to ours.
var reflected = []auth.Method{auth.CHAPMD5, auth.MSCHAP, auth.MSCHAPv2, auth.EAPMD5, auth.EAPMSCHAPv2}

// mirror demands of us what we demand of it, and says word for word what we say: our
// challenges for us to answer, our answers as its own, and that they are right.
func mirror(m auth.Method) func(*rogue) {
	return func(r *rogue) {
		o := m.Option()
		r.asks = string(append([]byte{3, byte(2 + len(o))}, o...))
		r.heard = r.send
	}
}

// Where each end must log in at the other, by one name and one password, a mirror at
// the other end gets no answer out of us: the call ends at once, and the record says
// why. It is so in calls that we open, whose server has a password of its own here, and
// in callers' calls.
func TestAMirrorDoesNotGetIn(t *testing.T) {
	for _, m := range reflected {
		for _, dials := range []bool{true, false} {
			t.Run(m.String(), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					p := newPlace(t, addresses, saran(nil))
					p.opt = func(o *Options) {
						o.Link.Ask = []auth.Method{m}
						o.Link.Login = auth.Login{Name: "saran", Secret: auth.NewPassword("secret"), Allow: []auth.Method{m}}
						if dials {
							o.Dial, o.Connected = &Dial{Proof: o.Link.Login}, true
							o.Users, o.Pools, o.Online, o.Guard = nil, nil, nil, nil
						}
					}
					r := &rogue{v: p.call()}
					mirror(m)(r)
					c := r.run(t)
					const why = "our own challenge came back"
					if c.Reason != record.AuthFailed || c.Text != why || r.ended != why || !c.Up.IsZero() || c.Address.IsValid() {
						t.Errorf("dials %v: it was told %q; %+v", dials, r.ended, c)
					}
					if took := c.Ended.Sub(c.Started); took > 10*time.Second {
						t.Errorf("dials %v: it took %v", dials, took)
					}
					for _, f := range r.got {
						if bytes.HasPrefix(f, []byte{0xC2, 0x23, 2}) || bytes.HasPrefix(f, []byte{0xC2, 0x27, 2}) && f[6] > 3 {
							t.Errorf("dials %v: we answered % x", dials, f)
						}
					}
					r.outside(t)
				})
			})
		}
	}
}

// A caller's machine may ask who we are; as she is known by what we ask, nothing comes
// of it but that.
func TestBothLogIn(t *testing.T) {
	for password, online := range map[string]bool{"red sun": true, "green sea": false} {
		bubble(t, func(t *testing.T) {
			p := newPlace(t, addresses, saran(nil))
			p.opt = func(o *Options) { o.Link.Login = auth.Login{Name: "denver", Secret: auth.NewPassword(password)} }
			v := p.call()
			o := sara("saran", "secret", auth.MSCHAPv2)
			o.Ask = []auth.Method{auth.MSCHAPv2}
			c := v.dial(o, func(c *caller) { c.knows = auth.NewPassword("red sun") })
			time.Sleep(5 * time.Second)
			if r := v.s.Record(); (r.Stage == record.Online) != online || (r.Text == "wrong user name or password") == online {
				t.Errorf("%+v", r)
			}
			v.cancel()
			v.over(t)
			c.hangUp()
		})
	}
}
