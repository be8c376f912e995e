package session

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/users"
	"carrier/shared/peer"
	"carrier/shared/ppp/link"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// online brings a call as far as it gets.
func online(t *testing.T, p *place) (*visit, *caller) {
	t.Helper()
	v := p.call()
	c := v.dial(sara("saran", "secret"))
	time.Sleep(time.Second)
	if r := v.s.Record(); r.Stage != record.Online {
		t.Fatalf("not online: %+v", r)
	}
	v.log.take()
	return v, c
}

func TestGREThatDoesNotPass(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := newPlace(t, addresses, saran(nil)).call()
		v.connect() // and nobody speaks
		r, took := v.over(t)
		if r.Reason != record.GREBlocked || !strings.Contains(r.Text, "GRE does not pass") || r.Stage != record.Establishing {
			t.Errorf("%+v", r)
		}
		if took < 30*time.Second || took > 31*time.Second { // RFC 1661 §4.6: 10 requests, 3 s apart
			t.Errorf("it took %v", took)
		}
	})
}

func TestACallerWhoSpeaksNoPPP(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := newPlace(t, addresses, saran(nil)).call()
		v.connect()
		v.data.with(func() { v.data.received++ }) // the PAC's probe
		v.data.bring([]byte("\xff\x03\xc0\x21what?"))
		if r, _ := v.over(t); r.Reason != record.LinkFailed {
			t.Errorf("%+v", r)
		}
	})
}

func TestACallerWhoAnswersNoEcho(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v, c := online(t, newPlace(t, addresses, saran(nil)))
		c.says(func(time.Time) { c.mute = true })
		r, took := v.over(t)
		if r.Reason != record.LinkFailed || r.Text == "" {
			t.Errorf("%+v", r)
		}
		if took < 90*time.Second || took > 130*time.Second { // three echoes, 30 s apart, then Terminate-Requests
			t.Errorf("it took %v", took)
		}
		c.hangUp()
	})
}

func TestAnIdleCallEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(func(u *users.User) { u.Idle = 10 * time.Minute }))
		p.opt = func(o *Options) { o.Idle = time.Minute } // the user's own counts
		v, c := online(t, p)
		time.Sleep(9 * time.Minute)
		v.data.Deliver(nil)
		time.Sleep(9 * time.Minute)
		if r := v.s.Record(); r.Reason != record.Running {
			t.Fatalf("%+v", r)
		}
		r, took := v.over(t)
		if r.Reason != record.IdleTimeout || r.Text != "no data for 10m0s" || took < 59*time.Second || took > 62*time.Second {
			t.Errorf("after %v: %+v", took, r)
		}
		if e := heard(t, c.hangUp(), link.Finished); e.Text != r.Text {
			t.Errorf("the caller was told %q", e.Text)
		}
	})
}

func TestASessionEndsAtItsLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(func(u *users.User) { u.Session = time.Hour }))
		p.opt = func(o *Options) { o.Limit, o.Idle = 8*time.Hour, 45*time.Minute }
		v, c := online(t, p)
		for range 11 {
			time.Sleep(5 * time.Minute)
			v.data.Deliver(nil)
		}
		r, took := v.over(t)
		if r.Reason != record.SessionTimeout || took < 4*time.Minute || took > 5*time.Minute {
			t.Errorf("after %v: %+v", took, r)
		}
		if e := heard(t, c.hangUp(), link.Finished); e.Text != "the time limit of this session is over" {
			t.Errorf("the caller was told %q", e.Text)
		}
	})
}

func TestOperatorAndShutdown(t *testing.T) {
	for _, mute := range []bool{false, true} {
		for reason, end := range map[record.EndReason]func(*visit){
			record.Operator: func(v *visit) { v.s.End(record.Operator, "ended by the operator"); v.s.End(record.Replaced, "late") },
			record.Shutdown: func(v *visit) { v.cancel() },
		} {
			bubble(t, func(t *testing.T) {
				v, c := online(t, newPlace(t, addresses, saran(nil)))
				c.says(func(time.Time) { c.mute = mute })
				end(v)
				r, took := v.over(t)
				if r.Reason != reason || r.Text == "" {
					t.Errorf("%+v", r)
				}
				if took > 7*time.Second { // two Terminate-Requests, 3 s apart, and the PAC's answer
					t.Errorf("mute %v: it took %v", mute, took)
				}
				equal(t, "the fakes", v.log.take(), []string{"detach 2.1.1.129", "network false invalid IP 0", "clear"})
				if e := heard(t, c.hangUp(), link.Finished); e.Text != r.Text {
					t.Errorf("the caller was told %q", e.Text)
				}
			})
		}
	}
}

// A program that ends does not wait for a PAC that is gone as the RFC's
// wait_disconnect does, a minute.
func TestShutdownWithoutThePAC(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v, c := online(t, newPlace(t, addresses, saran(nil)))
		v.call.gone = true
		v.cancel()
		r, took := v.over(t)
		if r.Reason != record.Shutdown || r.Text == "" || took != farewell {
			t.Errorf("after %v: %+v", took, r)
		}
		equal(t, "the fakes", v.log.take(), []string{"detach 2.1.1.129", "network false invalid IP 0", "clear"})
		c.hangUp()
	})
}

func TestEndsFromThePAC(t *testing.T) {
	for _, tt := range []struct {
		err    error
		reason record.EndReason
		text   string
	}{
		{&peer.DisconnectError{Result: pptp.LostCarrier}, record.CarrierLost, "disconnected by the peer: "},
		{&peer.DisconnectError{Result: pptp.AdminShutdown}, record.ClearedByPAC, "disconnected by the peer: "},
		{&peer.DisconnectError{Result: pptp.AdminShutdown, Statistics: "operator; up 3 frames"}, record.ClearedByPAC, "disconnected by the peer: Admin Shutdown (operator; up 3 frames)"},
		{&peer.DisconnectError{Result: pptp.DisconnectGeneralError, Statistics: "gre-blocked; up 3 frames"}, record.GREBlocked, "GRE does not pass: "},
		{nil, record.ClearedByPAC, "the PAC ended the call"},
		{errors.New("connection reset"), record.ControlLost, "connection reset"},
	} {
		bubble(t, func(t *testing.T) {
			p := newPlace(t, addresses, saran(nil))
			v, c := online(t, p)
			v.call.end(tt.err)
			r, took := v.over(t)
			if r.Reason != tt.reason || !strings.HasPrefix(r.Text, tt.text) || took > 0 {
				t.Errorf("%v: after %v %+v", tt.err, took, r)
			}
			equal(t, "the fakes", v.log.take(), []string{"detach 2.1.1.129", "network false invalid IP 0"})
			if s, fixed := p.addresses(); fixed != 0 {
				t.Errorf("%+v", s)
			}
			c.hangUp()
		})
	}
}

// The caller's Terminate-Request and the PAC's notification come at once.
func TestTheCallersWordBeforeThePACs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v, c := online(t, newPlace(t, addresses, saran(nil)))
		c.says(func(now time.Time) {
			c.link.Close(now, "good bye")
			for _, f := range c.link.Take() {
				c.send(f)
			}
			v.call.end(&peer.DisconnectError{Result: pptp.LostCarrier})
		})
		if r, _ := v.over(t); r.Reason != record.CallerHungUp || r.Text != "good bye" {
			t.Errorf("%+v", r)
		}
		c.hangUp()
	})
}

func TestNegotiatingAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil), users.User{Name: "eve", Secret: saran(nil).Secret})
		v, c := online(t, p)
		c.says(func(now time.Time) { c.start(now, sara("saran", "secret")) })
		time.Sleep(5 * time.Second)
		equal(t, "the fakes", v.log.take(), []string{
			"detach 2.1.1.129", "network false invalid IP 0", "link info ffffffff ffffffff",
			"link info 000a0000 00000000", "network true 2.1.1.129 1400", "attach 2.1.1.129 1400"})
		if r := v.s.Record(); r.Stage != record.Online || r.Reason != record.Running {
			t.Errorf("%+v", r)
		}
		c.says(func(now time.Time) { c.start(now, sara("eve", "secret")) })
		r, _ := v.over(t)
		if r.Reason != record.AuthFailed || r.Text != "logged in as saran before" {
			t.Errorf("%+v", r)
		}
		c.hangUp()
	})
}

func TestTheLANRefusesTheAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		p.lanErr = errors.New("no route")
		v := p.call()
		c := v.dial(sara("saran", "secret"))
		r, _ := v.over(t)
		if r.Reason != record.NetworkFailed || r.Text != "no route" || r.Stage != record.Configuring {
			t.Errorf("%+v", r)
		}
		c.hangUp()
	})
}

func TestErrorsOfTheCallersLine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v, c := online(t, newPlace(t, addresses, saran(nil)))
		for n := range uint32(3) { // cumulative
			v.call.events <- peer.Event{Kind: peer.Errors, Message: pptp.WANErrorNotify{CRCErrors: n, FramingErrors: 2 * n, AlignmentErrors: 1}}
		}
		synctest.Wait()
		if r := v.s.Record(); r.Traffic.Errors != 7 {
			t.Errorf("%+v", r.Traffic)
		}
		v.cancel()
		v.over(t)
		c.hangUp()
	})
}

func TestNobodyGetsInWithoutAName(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		p.opt = func(o *Options) { o.Link.Ask = nil }
		v := p.call()
		c := v.dial(sara("saran", "secret"))
		if r, _ := v.over(t); r.Reason != record.AuthFailed || r.Text != "nobody has logged in" {
			t.Errorf("%+v", r)
		}
		c.hangUp()
	})
}

func TestEveryCauseHasAReason(t *testing.T) {
	v := newPlace(t, addresses, saran(nil))
	s := New(Options{Common: &Common{Users: v.users}}, record.Call{})
	for c := link.Closed; c.String() != "unknown"; c++ {
		if c == link.LowerDown {
			continue // the call's end has its own reasons
		}
		reason, text := s.why(link.Event{Cause: c})
		if reason == record.Running || reason == record.ProtocolError || text != c.String() {
			t.Errorf("%v: %v, %q", c, reason, text)
		}
	}
	if reason, _ := s.why(link.Event{Cause: 99, Text: "?"}); reason != record.ProtocolError {
		t.Errorf("an unknown cause is %v", reason)
	}
}

// A client who says why she ends PPP may clear her call at once: her words count.
func TestAClientSaysWhyAndClearsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		p.opt = func(o *Options) { o.Connected = true }
		v := p.call()
		c := v.dial(sara("saran", "secret"))
		time.Sleep(5 * time.Second)
		c.says(func(now time.Time) { c.link.Close(now, "good night") })
		synctest.Wait()
		v.call.events <- peer.Event{Kind: peer.Cleared}
		if r, took := v.over(t); r.Reason != record.CallerHungUp || r.Text != "good night" || took > time.Second {
			t.Errorf("after %v: %+v", took, r)
		}
		c.hangUp()
	})
}
