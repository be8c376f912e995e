package session

import (
	"testing"
	"time"

	"carrier/pns/internal/users"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cbcp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

var (
	atHome   = users.Callback{Kind: users.ToNumber, Numbers: []string{"5551212"}, Required: true}
	anywhere = users.Callback{Kind: users.ToCaller, Numbers: []string{"555*"}}
	either   = users.Callback{Kind: users.ToList, Numbers: []string{"5551212", "5551213"}, Required: true}
)

// callbackPlace is a PNS that calls back, and Sara is called back so.
func callbackPlace(t *testing.T, c users.Callback) *place {
	p := newPlace(t, addresses, saran(func(u *users.User) { u.Callback = c }))
	p.opt = func(o *Options) { o.Link.LCP.CallsBack = true }
	return p
}

// wants is Sara's machine, which asks to be called back; operation 6 is CBCP.
func wants(op lcp.Operation, number string) link.Options {
	o := sara("saran", "secret", auth.MSCHAPv2)
	o.LCP.Callback = &lcp.Callback{Operation: op}
	if op != lcp.ByCBCP {
		o.LCP.Callback.Message = []byte(number)
	}
	o.Callback = cbcp.Want{Number: number, Delay: 12 * time.Second}
	return o
}

func TestCallback(t *testing.T) {
	for _, tt := range []struct {
		what   string
		user   users.Callback
		op     lcp.Operation
		number string
		want   Owed // the zero value: she is online
		text   string
	}{
		{"the number that is set", atHome, lcp.ByCBCP, "", Owed{"saran", "5551212", 12 * time.Second}, "at 5551212"},
		{"by pppd, which wants to say one", atHome, lcp.ByCBCP, "030555", Owed{"saran", "5551212", 12 * time.Second}, "at 5551212"},
		{"one of a list", either, lcp.ByCBCP, "5551213", Owed{"saran", "5551213", 12 * time.Second}, "at 5551213"},
		{"hers", anywhere, lcp.ByCBCP, "555-1234", Owed{"saran", "5551234", 12 * time.Second}, "at 5551234"},
		{"without CBCP, the number that is set", atHome, lcp.ByUser, "", Owed{"saran", "5551212", 0}, "at 5551212"},
		{"without CBCP, hers", anywhere, lcp.E164, "5551234", Owed{"saran", "5551234", 0}, "at 5551234"},
		{"none of hers", anywhere, lcp.ByCBCP, "", Owed{}, ""},
		{"none for her", users.Callback{}, lcp.ByCBCP, "5551234", Owed{}, ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := callbackPlace(t, tt.user)
				v := p.call()
				c := v.dial(wants(tt.op, tt.number))
				if tt.want == (Owed{}) {
					time.Sleep(8 * time.Second)
					if r := v.s.Record(); r.Stage != record.Online {
						t.Errorf("%+v", r)
					}
					v.cancel()
					v.over(t)
					c.hangUp()
					if o := v.s.Owed(); o != (Owed{}) {
						t.Errorf("owed %+v", o)
					}
					return
				}
				defer time.AfterFunc(time.Minute, v.cancel).Stop() // else she might stay
				r, took := v.over(t)
				if r.Reason != record.CalledBack || r.Text != tt.text || r.Stage == record.Online || r.User != "saran" || took > 10*time.Second {
					t.Errorf("after %v: %+v", took, r)
				}
				if o := v.s.Owed(); o != tt.want {
					t.Errorf("owed %+v, want %+v", o, tt.want)
				}
				if _, fixed := p.addresses(); fixed != 0 {
					t.Error("her address is not free for the call that comes")
				}
				equal(t, "the fakes", v.log.take(), []string{"link info 000a0000 00000000", "clear"})
				c.hangUp()
			})
		})
	}
}

// Whatever a caller tries, she is not let in, nobody is rung, and her machine is told
// why.
func TestCallbackIsNotCheated(t *testing.T) {
	plain := sara("saran", "secret", auth.MSCHAPv2)
	for _, tt := range []struct {
		what       string
		user       users.Callback
		machine    link.Options
		changes    string // what her Response becomes, from the Type on; "": nothing
		text, said string
	}{
		{"does not ask", atHome, plain, "",
			"this user must be called back, and her machine does not ask for it", "you must be called back, and your machine does not ask for it"},
		{"says none", atHome, wants(lcp.ByCBCP, ""), "\x01\x02", "none: not offered", "none: not offered"},
		{"says none, as pppd", atHome, wants(lcp.ByCBCP, ""), "\x01\x03\x00", "none: not offered", "none: not offered"},
		{"another number for the one that is set", atHome, wants(lcp.ByCBCP, ""), "\x03\x08\x05\x01666\x00",
			"the number set for her: another number than was offered", "the number set for her: another number than was offered"},
		{"hers for the one that is set", atHome, wants(lcp.ByCBCP, ""), "\x02\x08\x05\x01666\x00",
			"the caller's number: not offered", "the caller's number: not offered"},
		{"hers for the one that is set, without CBCP", atHome, wants(lcp.E164, "030666"), "",
			"you are not called back at 030666", "you are not called back at 030666"},
		{"not in the list", either, wants(lcp.ByCBCP, ""), "\x04\x08\x05\x01666\x00",
			"one of a list: another number than was offered", "one of a list: another number than was offered"},
		{"not permitted", anywhere, wants(lcp.ByCBCP, "0900666"), "", "you are not called back at 0900666", "you are not called back at 0900666"},
		{"dials on", anywhere, wants(lcp.ByCBCP, "555W0900666"), "", "you are not called back at 555W0900666", "you are not called back at 555W0900666"},
		{"nothing is set for her", anywhere, wants(lcp.ByUser, ""), "", "no number is set for you: say one", "no number is set for you: say one"},
		{"she has no callback, without CBCP", users.Callback{}, wants(lcp.E164, "5551212"), "", "you are not called back", "you are not called back"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := callbackPlace(t, tt.user)
				v := p.call()
				c := v.dial(tt.machine, func(c *caller) {
					c.loses = func(proto ppp.Protocol, info []byte) bool {
						if proto != ppp.CBCP || tt.changes == "" {
							return false
						}
						c.send(ppp.Append(nil, ppp.CBCP, append([]byte{info[0], info[1], 0, byte(4 + len(tt.changes))}, tt.changes...)))
						return true
					}
				})
				defer time.AfterFunc(time.Minute, v.cancel).Stop() // else she might stay
				r, took := v.over(t)
				if r.Reason != record.NoCallback || r.Text != tt.text || !r.Up.IsZero() || took > 10*time.Second {
					t.Errorf("after %v: %+v", took, r)
				}
				if e := heard(t, c.hangUp(), link.Finished); e.Text != tt.said {
					t.Errorf("she was told %q by %v", e.Text, e.Cause)
				}
				if o := v.s.Owed(); o != (Owed{}) {
					t.Errorf("owed %+v", o)
				}
				if _, fixed := p.addresses(); fixed != 0 {
					t.Error("she has kept her address")
				}
			})
		})
	}
}

// A call that we have made is the callback: she need not ask for another, and cannot
// where LCP has none.
func TestWhoIsRungIsNotCalledBackAgain(t *testing.T) {
	for _, machine := range []link.Options{sara("saran", "secret", auth.PAP), wants(lcp.ByCBCP, "5551212")} {
		bubble(t, func(t *testing.T) {
			p := callbackPlace(t, atHome)
			p.dialled = true
			v := p.call()
			c := v.dial(machine)
			time.Sleep(8 * time.Second)
			if r := v.s.Record(); r.Stage != record.Online {
				t.Errorf("%+v", r)
			}
			v.cancel()
			v.over(t)
			c.hangUp()
		})
	}
}

// Who negotiates anew instead of hanging up is hung up on, and is called back all the
// same.
func TestAnewInsteadOfHangingUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := callbackPlace(t, atHome)
		v := p.call()
		kept := make(chan struct{}, 8) // her Terminate-Requests
		c := v.dial(wants(lcp.ByCBCP, ""), func(c *caller) {
			c.loses = func(proto ppp.Protocol, info []byte) bool {
				terminate := proto == ppp.LCP && info[0] == 5
				if terminate {
					kept <- struct{}{}
				}
				return terminate
			}
		})
		defer time.AfterFunc(time.Minute, v.cancel).Stop()
		began := time.Now()
		<-kept
		c.says(func(now time.Time) { c.start(now, sara("saran", "secret", auth.MSCHAPv2)) })
		r, _ := v.over(t)
		if took := r.Ended.Sub(began); r.Reason != record.CalledBack || took > 15*time.Second || v.s.Owed().Number != "5551212" {
			t.Errorf("after %v: %+v", took, r)
		}
		c.hangUp()
	})
}

// Who asked for callback, and negotiates anew without it where she was to choose, is
// not let in either.
func TestCallbackIsNotNegotiatedAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := callbackPlace(t, atHome)
		v := p.call()
		chose := make(chan struct{}, 16)
		c := v.dial(wants(lcp.ByCBCP, ""), func(c *caller) {
			c.loses = func(proto ppp.Protocol, _ []byte) bool {
				if proto == ppp.CBCP {
					chose <- struct{}{}
				}
				return proto == ppp.CBCP
			}
		})
		defer time.AfterFunc(time.Minute, v.cancel).Stop()
		<-chose
		c.says(func(now time.Time) { c.start(now, sara("saran", "secret", auth.MSCHAPv2)) })
		r, took := v.over(t)
		if r.Reason != record.NoCallback || !r.Up.IsZero() || took > 15*time.Second || v.s.Owed() != (Owed{}) {
			t.Errorf("after %v: %+v, owed %+v", took, r, v.s.Owed())
		}
		if e := heard(t, c.hangUp(), link.LoginRefused); e.Text != "you must be called back, and your machine does not ask for it" {
			t.Errorf("she was told %q", e.Text)
		}
	})
}
