package session

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/pool"
	"carrier/pns/internal/users"
	"carrier/shared/peer"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

const addresses = "2.1.1.129-2.1.1.131"

func saran(with func(*users.User)) users.User {
	u := users.User{Name: "saran", Secret: auth.NewPassword("secret"), Address: ip("2.1.1.129")}
	if with != nil {
		with(&u)
	}
	return u
}

func TestAWholeCallByEachMethod(t *testing.T) {
	for _, m := range []auth.Method{auth.PAP, auth.CHAPMD5, auth.MSCHAP, auth.MSCHAPv2} {
		t.Run(m.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace(t, addresses, saran(nil))
				v := p.call()
				c := v.dial(sara(`CORP\Saran`, "secret", m))
				time.Sleep(5 * time.Second)
				r := v.s.Record()
				if r.Stage != record.Online || r.Address != ip("2.1.1.129") || r.User != `CORP\Saran` || r.Method != m.String() || r.Rate != 28800 {
					t.Errorf("%+v", r)
				}
				equal(t, "the fakes", v.log.take(), []string{"link info 000a0000 00000000", "network true 2.1.1.129 1400", "attach 2.1.1.129 1400"})
				equal(t, "authentications", p.auths(), []string{m.String() + " accepted 1"})
				if s, fixed := p.addresses(); fixed != 1 || s.Free != 2 {
					t.Errorf("%+v", s)
				}
				if a := c.ip.Agreed(); a.Local != ip("2.1.1.129") || a.Remote != ip("2.1.1.60") || len(a.DNS) != 1 || a.DNS[0] != ip("2.1.1.53") {
					t.Errorf("the caller has %+v", a)
				}
				c.says(func(now time.Time) { c.link.Close(now, "good bye") })
				r, _ = v.over(t)
				if r.Reason != record.CallerHungUp || r.Text != "good bye" || r.Stage != record.Online || r.Ended.Before(r.Up) {
					t.Errorf("%+v", r)
				}
				equal(t, "the fakes", v.log.take(), []string{"detach 2.1.1.129", "network false invalid IP 0", "clear"})
				if s, fixed := p.addresses(); fixed != 0 {
					t.Errorf("%+v", s)
				}
				c.hangUp()
			})
		})
	}
}

// Frames that came together, before the call was connected even, are all
// answered: the bell is rung once for them.
func TestFramesThatCameTogether(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := newPlace(t, addresses, saran(nil)).call()
		for id := range byte(3) {
			v.data.bring([]byte{0xFF, 3, 0xC0, 0x21, 1, id, 0, 4})
		}
		v.connect()
		synctest.Wait()
		var acked []byte
		for len(v.data.down) > 0 {
			if f := <-v.data.down; f[4] == 2 {
				acked = append(acked, f[5])
			}
		}
		if !bytes.Equal(acked, []byte{0, 1, 2}) {
			t.Errorf("the Configure-Requests %v were acknowledged, want 0 to 2", acked)
		}
		v.cancel()
		v.over(t)
	})
}

func TestRefusalsAreReadable(t *testing.T) {
	full := func(p *place) {
		for {
			if _, err := p.reserve(); err != nil {
				return
			}
		}
	}
	taken := func(p *place) { _, _ = p.pool.ReserveFixed(ip("2.1.1.129")) }
	const wrong = "wrong user name or password"
	for _, tt := range []struct {
		name, user, password string
		with                 func(*users.User)
		before               func(*place)
		said                 string // to the caller
		reason               record.EndReason
		text, counted        string
	}{
		{"unknown", "nobody", "secret", nil, nil, wrong, record.AuthFailed, "no user has this name", "unknown-user"},
		{"wrong password", "saran", "Secret", nil, nil, wrong, record.AuthFailed, "wrong password", "wrong-password"},
		{"pool full", "saran", "secret", func(u *users.User) { u.Address = netip.Addr{} }, full,
			"no address is free", record.NoAddress, "no address is free", "no-address"},
		{"address taken", "saran", "secret", nil, taken, "the address is in use", record.AddressInUse, "the address is in use", "in-use"},
	} {
		for _, m := range []auth.Method{auth.PAP, auth.CHAPMD5, auth.MSCHAP, auth.MSCHAPv2} {
			t.Run(tt.name+" "+m.String(), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					p := newPlace(t, addresses, saran(tt.with))
					if tt.before != nil {
						tt.before(p)
					}
					v := p.call()
					c := v.dial(sara(tt.user, tt.password, m))
					r, took := v.over(t)
					if r.Reason != tt.reason || r.Text != tt.text || r.Stage != record.Authenticating || r.User != tt.user {
						t.Errorf("%+v", r)
					}
					if took > 10*time.Second {
						t.Errorf("it took %v", took)
					}
					said := c.hangUp()
					if e := heard(t, said, link.LoginRefused); e.Text != tt.said {
						t.Errorf("the caller was told %q", e.Text)
					}
					equal(t, "authentications", p.auths(), []string{m.String() + " " + tt.counted + " 1"})
				})
			})
		}
	}
}

func TestTheTerminateRequestCarriesTheReason(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(func(u *users.User) { u.Address = netip.Addr{} }))
		for range 3 {
			if _, err := p.reserve(); err != nil {
				t.Fatal(err)
			}
		}
		v := p.call()
		v.connect()
		c := &caller{v: v}
		c.start(time.Now(), sara("saran", "secret"))
		// By hand, so that what the tunnel carries can be read.
		var texts []string
		for range 100 {
			for _, f := range c.link.Take() {
				v.data.bring(f)
			}
			synctest.Wait()
			for more := true; more; {
				select {
				case f := <-v.data.down:
					if f[2] == 0xC0 && f[3] == 0x21 && f[4] == 5 {
						texts = append(texts, string(f[8:]))
					}
					c.link.Receive(time.Now(), f)
				default:
					more = false
				}
			}
		}
		v.over(t)
		if len(texts) != 1 || texts[0] != "no address is free" {
			t.Errorf("%q", texts)
		}
	})
}

func TestOnlyAnNTHashCannotDoCHAP(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(func(u *users.User) { u.Secret = auth.NewNTHash(auth.NTHash("secret")) }))
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.CHAPMD5))
		r, _ := v.over(t)
		if r.Reason != record.AuthFailed || r.Text != "of this user only nt_hash is known, which chap-md5 cannot be checked against" {
			t.Errorf("%+v", r)
		}
		c.hangUp()
		equal(t, "authentications", p.auths(), []string{"chap-md5 unverifiable 1"})
	})
}

func TestASecondCallIsRefused(t *testing.T) {
	for _, u := range []users.User{saran(nil), saran(func(u *users.User) { u.Address, u.Simultaneous = netip.Addr{}, users.Refuse })} {
		bubble(t, func(t *testing.T) {
			p := newPlace(t, addresses, u)
			first := p.call()
			c1 := first.dial(sara("saran", "secret"))
			time.Sleep(time.Second)
			second := p.call()
			c2 := second.dial(sara("SARAN", "secret"))
			r, _ := second.over(t)
			if r.Reason != record.AddressInUse || r.Text != "saran is connected already" {
				t.Errorf("%+v", r)
			}
			if e := heard(t, c2.hangUp(), link.LoginRefused); e.Text != "saran is connected already" {
				t.Errorf("the caller was told %q", e.Text)
			}
			if r := first.s.Record(); r.Stage != record.Online || r.Reason != record.Running {
				t.Errorf("the first call: %+v", r)
			}
			first.s.End(record.Operator, "enough")
			first.over(t)
			c1.hangUp()
			third := p.call() // her seat is free again
			c3 := third.dial(sara("saran", "secret"))
			time.Sleep(time.Second)
			if r := third.s.Record(); r.Stage != record.Online {
				t.Errorf("the third call: %+v", r)
			}
			third.cancel()
			third.over(t)
			c3.hangUp()
		})
	}
}

func TestASecondCallReplacesTheFirst(t *testing.T) {
	for _, mute := range []bool{false, true} { // whether the first caller still answers
		bubble(t, func(t *testing.T) {
			p := newPlace(t, addresses, saran(func(u *users.User) { u.Simultaneous = users.Replace }))
			first := p.call()
			c1 := first.dial(sara("saran", "secret"))
			time.Sleep(time.Second)
			c1.says(func(time.Time) { c1.mute = mute })
			second := p.call()
			c2 := second.dial(sara("saran", "secret"))
			time.Sleep(time.Second)
			if r := second.s.Record(); r.Stage != record.Online || r.Address != ip("2.1.1.129") {
				t.Errorf("the second call: %+v", r)
			}
			r, _ := first.over(t)
			if r.Reason != record.Replaced || r.Text != "a newer call of saran took over" {
				t.Errorf("%+v", r)
			}
			if e := heard(t, c1.hangUp(), link.Finished); e.Cause != link.PeerTerminated || e.Text != r.Text {
				t.Errorf("the first caller saw %+v", e)
			}
			second.cancel()
			second.over(t)
			c2.hangUp()
		})
	}
}

// An older call that does not let go, and a caller who negotiates LCP again
// while she waits.
func TestASeatThatIsNotLeft(t *testing.T) {
	for _, again := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			p := newPlace(t, addresses, saran(func(u *users.User) { u.Simultaneous = users.Replace }))
			p.online.enter("saran", &Session{left: make(chan struct{})})
			v := p.call()
			c := v.dial(sara("saran", "secret"))
			time.Sleep(4900 * time.Millisecond)
			if again {
				c.says(func(now time.Time) { c.start(now, sara("saran", "secret")); c.mute = true })
				c.says(func(now time.Time) { v.data.bring([]byte{0xFF, 3, 0xC0, 0x21, 1, 77, 0, 4}) })
			}
			r, took := v.over(t)
			if r.Reason != record.AddressInUse || r.Text != "saran is connected already" || took > 7*time.Second {
				t.Errorf("after %v: %+v", took, r)
			}
			c.hangUp()
		})
	}
}

func TestTheNameIsTold(t *testing.T) {
	for name, want := range map[string]string{`CORP\SARAN`: "saran", "nobody": "nobody", strings.Repeat("x", 200): strings.Repeat("x", 64) + "…"} {
		bubble(t, func(t *testing.T) {
			p := newPlace(t, addresses, saran(nil))
			told := &namer{}
			p.opt = func(o *Options) { o.Namer = told }
			v := p.call()
			c := v.dial(sara(name, "wrong"))
			v.over(t)
			c.hangUp()
			if *told != (namer{"atlanta/1", want, "atlanta"}) {
				t.Errorf("%s: %v", name, *told)
			}
		})
	}
}

type namer struct{ call, user, peer string }

func (n *namer) Name(call, user, peer string) { *n = namer{call, user, peer} }

func TestPooledUsersMayCallTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(func(u *users.User) { u.Address = netip.Addr{} }))
		a, b := p.call(), p.call()
		ca, cb := a.dial(sara("saran", "secret")), b.dial(sara("saran", "secret"))
		time.Sleep(time.Second)
		if x, y := a.s.Record(), b.s.Record(); x.Stage != record.Online || y.Stage != record.Online || x.Address == y.Address {
			t.Errorf("%+v\n%+v", x, y)
		}
		if s, _ := p.addresses(); s != (pool.Stats{Free: 1, Used: 2}) {
			t.Errorf("%+v", s)
		}
		a.cancel()
		b.cancel()
		a.over(t)
		b.over(t)
		ca.hangUp()
		cb.hangUp()
	})
}

func TestBeforeTheCallIsConnected(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		v := p.call()
		time.Sleep(time.Second)
		v.call.end(&peer.DisconnectError{Result: pptp.LostCarrier})
		r, _ := v.over(t)
		if r.Reason != record.CarrierLost || r.Stage != record.Incoming {
			t.Errorf("%+v", r)
		}
		v = p.call()
		v.s.End(record.Operator, "not today")
		if r, _ = v.over(t); r.Reason != record.Operator || r.Text != "not today" {
			t.Errorf("%+v", r)
		}
		equal(t, "the fakes", v.log.take(), []string{"clear"})
	})
}
