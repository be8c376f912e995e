package session

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"carrier/pns/internal/guard"
	"carrier/pns/internal/users"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// proving are the methods that prove something here.
var proving = []auth.Method{auth.PAP, auth.CHAPMD5, auth.MSCHAP, auth.MSCHAPv2, auth.EAPMD5, auth.EAPMSCHAPv2}

// An attempt is a call that ended because of its login.
type attempt struct {
	record record.Call
	told   string   // the caller's machine
	frames [][]byte // that it got
	took   time.Duration
}

// attempt has somebody log in by a method, and waits for the end of the call.
// Both ends draw the same numbers each time.
func (p *place) attempt(t *testing.T, m auth.Method, name, password, number string) attempt {
	t.Helper()
	p.opt = func(o *Options) {
		o.Link.Ask = []auth.Method{m}
		o.Link.Rand = rand.NewChaCha8([32]byte{1})
		o.Source = guard.From(netip.MustParseAddr("192.0.2.1"), number)
	}
	v := p.call()
	who := sara(name, password, m)
	who.Rand = rand.NewChaCha8([32]byte{2})
	c := v.dial(who)
	stop := time.AfterFunc(5*time.Minute, v.cancel) // where she is let in after all
	defer stop.Stop()
	r, took := v.over(t)
	said := c.hangUp()
	return attempt{r, heard(t, said, link.LoginRefused).Text, c.got, took}
}

// has tells that a frame has the text.
func (a attempt) has(text string) bool {
	for _, f := range a.frames {
		if bytes.Contains(f, []byte(text)) {
			return true
		}
	}
	return false
}

// differs names the first difference that a caller can see.
func (a attempt) differs(b attempt) string {
	if a.took != b.took {
		return fmt.Sprintf("one took %v, the other %v", a.took, b.took)
	}
	for i := range max(len(a.frames), len(b.frames)) {
		if i >= len(a.frames) || i >= len(b.frames) {
			return fmt.Sprintf("%d frames, the other %d", len(a.frames), len(b.frames))
		}
		if !bytes.Equal(a.frames[i], b.frames[i]) {
			return fmt.Sprintf("frame %d is\n%x %q, the other\n%x %q", i, a.frames[i], a.frames[i], b.frames[i], b.frames[i])
		}
	}
	return ""
}

// Who guesses cannot tell a name that is there from one that is not: the answers
// to both are the same octets at the same times, by every method, from the
// first to the one that finds the guesser locked out.
func TestAnUnknownNameLooksLikeAWrongPassword(t *testing.T) {
	for _, m := range proving {
		t.Run(m.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace(t, addresses, saran(nil))
				p.guard.Use(guard.Policy{Attempts: 5, Window: time.Hour, Time: time.Hour})
				for n := range 7 {
					known := p.attempt(t, m, "saran", "guess", "1")
					unknown := p.attempt(t, m, "nobod", "guess", "2")
					if d := known.differs(unknown); d != "" {
						t.Errorf("guess %d: %s", n+1, d)
					}
					if locked := strings.HasPrefix(known.told, "too many wrong passwords"); locked != (n >= 5) {
						t.Errorf("guess %d: the caller is told %q", n+1, known.told)
					}
				}
			})
		})
	}
}

// Who is locked out is refused, right or wrong, by octets that do not tell which;
// her machine says why. From another number she gets in, a little later than
// usual.
func TestLockedOut(t *testing.T) {
	codes := map[auth.Method]string{auth.MSCHAP: "E=647 R=0 ", auth.MSCHAPv2: "E=647 R=0 ", auth.EAPMSCHAPv2: "E=647 R=0 "}
	for _, m := range proving {
		t.Run(m.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace(t, addresses, saran(nil))
				p.guard.Use(guard.Policy{Attempts: 2, Window: time.Hour, Time: time.Hour})
				for range 2 {
					p.attempt(t, m, "saran", "guess", "1")
				}
				right, wrong := p.attempt(t, m, "saran", "secret", "1"), p.attempt(t, m, "saran", "guess", "1")
				if d := right.differs(wrong); d != "" {
					t.Error(d)
				}
				if want := "too many wrong passwords: try again in 60 minutes"; right.told != want || !right.has(want) {
					t.Errorf("the caller is told %q", right.told)
				}
				if code := codes[m]; !right.has(code) {
					t.Errorf("no %q in %q", code, right.frames)
				}
				if r := right.record; r.Reason != record.AuthFailed || !strings.HasPrefix(r.Text, "this user is locked out from 1@192.0.2.1 for 59m") {
					t.Errorf("%+v", r)
				}
				equal(t, "authentications", p.auths(), []string{m.String() + " wrong-password 2", m.String() + " locked 2"})
				began := time.Now()
				p.opt = func(o *Options) {
					o.Link.Ask, o.Source = []auth.Method{m}, guard.From(netip.MustParseAddr("192.0.2.1"), "2")
				}
				v := p.call()
				c := v.dial(sara("saran", "secret", m))
				time.Sleep(6 * time.Second)
				if r := v.s.Record(); r.Stage != record.Online || r.Up.Sub(began) < 2*time.Second {
					t.Errorf("from another number: %v after %v", r.Stage, r.Up.Sub(began))
				}
				v.cancel()
				v.over(t)
				c.hangUp()
			})
		})
	}
}

// A source that is locked out has one of MS-CHAP's codes too, another one: it
// is not the account's fault.
func TestALockedOutSource(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		p.guard.Use(guard.Policy{Attempts: 1, Window: time.Hour, Time: time.Minute})
		for n := range 4 {
			p.attempt(t, auth.MSCHAPv2, fmt.Sprint("user", n), "guess", "1")
		}
		a := p.attempt(t, auth.MSCHAPv2, "saran", "secret", "1")
		if !a.has("E=691 R=0 ") || a.told != "too many wrong passwords: try again in 1 minutes" ||
			!strings.HasPrefix(a.record.Text, "1@192.0.2.1 is locked out for ") {
			t.Errorf("told %q, recorded %q: %q", a.told, a.record.Text, a.frames)
		}
	})
}

// A caller who negotiates LCP anew while her answer is held back gets no answer
// to the old question, and gains no time: the next one is held back as well.
func TestNobodyGetsAroundTheDelay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		p.guard.Use(guard.Policy{Attempts: 100, Window: time.Hour, Time: time.Hour})
		for range 10 {
			p.attempt(t, auth.MSCHAPv2, "saran", "guess", "1")
		}
		p.opt = func(*Options) {}
		v := p.call()
		began := time.Now()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
		time.Sleep(7 * time.Second)
		c.says(func(now time.Time) { c.link.Restart(now) })
		time.Sleep(5 * time.Second)
		if r := v.s.Record(); r.Stage != record.Authenticating {
			t.Errorf("%v after %v, of which the last question is open for 5 s", r.Stage, time.Since(began))
		}
		time.Sleep(7 * time.Second)
		if r := v.s.Record(); r.Stage != record.Online || r.Up.Sub(began) < 15*time.Second {
			t.Errorf("%v after %v", r.Stage, r.Up.Sub(began))
		}
		c.says(func(now time.Time) { c.link.Close(now, "") })
		v.over(t)
		c.hangUp()
		v = p.call() // and one who is gone meanwhile gets none either
		c = v.dial(sara("saran", "guess", auth.MSCHAPv2))
		time.Sleep(time.Second)
		c.says(func(now time.Time) { c.link.Close(now, "good bye") })
		if r, _ := v.over(t); r.Reason != record.CallerHungUp || r.Text != "good bye" {
			t.Errorf("%+v", r)
		}
		c.hangUp()
	})
}

// Users whom the administrator keeps out are told why, by MS-CHAP's codes or in
// words, once they have shown that they are who they say; who has not learns
// nothing.
func TestUsersWhoMayNotLogIn(t *testing.T) {
	within := func(h users.Hours) func(*users.User) { return func(u *users.User) { u.Hours = h } }
	for _, tt := range []struct {
		name string
		with func(*users.User)
		code string
		text string
	}{
		{"disabled", func(u *users.User) { u.Disabled = true }, "E=647 R=0 ", "the account is disabled"},
		{"dial-in", func(u *users.User) { u.NoDialIn = true }, "E=649 R=0 ", "the account has no permission to dial in"},
		{"hours", within(users.Hours{From: 8 * time.Hour, To: 9 * time.Hour}), "E=646 R=0 ", "the account is not allowed to log on at this hour"},
	} {
		for _, m := range proving {
			t.Run(tt.name+" "+m.String(), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					time.Sleep(time.Until(time.Date(2026, 9, 1, 9, 0, 0, 0, time.Local)))
					p := newPlace(t, addresses, saran(tt.with))
					a := p.attempt(t, m, "saran", "secret", "1")
					microsoft := m == auth.MSCHAP || m == auth.MSCHAPv2 || m == auth.EAPMSCHAPv2
					if a.told != tt.text || a.has(tt.code) != microsoft {
						t.Errorf("told %q: %q", a.told, a.frames)
					}
					if r := a.record; r.Reason != record.AuthFailed || r.Text != tt.text {
						t.Errorf("%+v", r)
					}
					equal(t, "authentications", p.auths(), []string{m.String() + " not-permitted 1"})
					if d := p.attempt(t, m, "saran", "guess", "1").differs(p.attempt(t, m, "nobod", "guess", "1")); d != "" {
						t.Error(d)
					}
					if s, fixed := p.addresses(); fixed != 0 {
						t.Errorf("an address is taken: %+v", s)
					}
				})
			})
		}
	}
}

// A caller who must prove herself again does so unseen; when she cannot any more
// her call ends, and she reads why.
func TestACallerIsAskedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		var now theUsers
		now.Store(&p.users)
		p.opt = func(o *Options) { o.Link.Rechallenge, o.Users = 5*time.Minute, &now }
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
		time.Sleep(11 * time.Minute)
		equal(t, "authentications", p.auths(), []string{"mschap-v2 accepted 3"})
		if r := v.s.Record(); r.Stage != record.Online || r.Reason != record.Running {
			t.Errorf("%+v", r)
		}
		now.Store(&newPlace(t, addresses, saran(func(u *users.User) { u.Secret = auth.NewPassword("changed") })).users)
		r, _ := v.over(t)
		if r.Reason != record.AuthFailed || r.Text != "wrong password" || r.Ended.Sub(r.Started) > 16*time.Minute {
			t.Errorf("%+v", r)
		}
		if e := heard(t, c.hangUp(), link.LoginRefused); e.Text != "wrong user name or password" {
			t.Errorf("told %q", e.Text)
		}
	})
}

// A lock that others bring about, who look like a caller, ends no call of hers:
// each time that she is asked again she proves herself, at once, by the right
// password. It lasts as long as without her, and lets in nobody else: not who
// only dials with that password, nor her call in another's name.
func TestALockEndsNoCall(t *testing.T) {
	for _, tt := range []struct {
		name           string
		guessed        []string // by others, one time each
		then, password string   // who she says she is in the end, or her password from then on
		text           string   // of her call's record
	}{
		{"user", []string{"saran", "saran"}, "saran", "guess", "this user is locked out from 1@192.0.2.1 for "},
		{"source", []string{"a", "b", "c", "d", "e", "f", "g", "h"}, "bob", "secret", "1@192.0.2.1 is locked out for "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace(t, addresses, saran(func(u *users.User) { u.Simultaneous = users.Unlimited }),
					users.User{Name: "bob", Secret: auth.NewPassword("secret")})
				p.guard.Use(guard.Policy{Attempts: 2, Window: time.Hour, Time: time.Hour})
				p.opt = func(o *Options) {
					o.Link.Rechallenge, o.Source = 5*time.Minute, guard.From(netip.MustParseAddr("192.0.2.1"), "1")
				}
				v := p.call()
				c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
				time.Sleep(time.Minute)
				for _, name := range tt.guessed {
					p.attempt(t, auth.MSCHAP, name, "guess", "1")
				}
				locks := p.guard.Locks(time.Now())
				time.Sleep(5 * time.Minute)
				if !v.s.Renegotiate() {
					t.Fatal("her call is over")
				}
				time.Sleep(time.Second)
				if r := v.s.Record(); r.Stage != record.Online || r.Reason != record.Running {
					t.Fatalf("%+v", r)
				}
				if a := p.attempt(t, auth.MSCHAP, "saran", "secret", "1"); !strings.HasPrefix(a.told, "too many wrong passwords") {
					t.Errorf("one with her password, who has no call, is told %q", a.told)
				}
				if now := p.guard.Locks(time.Now()); len(now) != 1 || now[0] != locks[0] {
					t.Errorf("locked are %+v, and were %+v", now, locks)
				}
				c.says(func(now time.Time) { c.start(now, sara(tt.then, tt.password, auth.MSCHAPv2)) })
				r, _ := v.over(t)
				if r.Reason != record.AuthFailed || !strings.HasPrefix(r.Text, tt.text) {
					t.Errorf("%+v", r)
				}
				c.hangUp()
			})
		})
	}
}

// A wrong password in a call counts as any other.
func TestAWrongPasswordInACallCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		p.guard.Use(guard.Policy{Attempts: 1, Window: time.Hour, Time: time.Hour})
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
		time.Sleep(time.Minute)
		c.says(func(now time.Time) { c.start(now, sara("saran", "guess", auth.MSCHAPv2)) })
		if r, _ := v.over(t); r.Reason != record.AuthFailed || r.Text != "wrong password" {
			t.Errorf("%+v", r)
		}
		c.hangUp()
		if locks := p.guard.Locks(time.Now()); len(locks) != 1 || locks[0].User != "saran" {
			t.Errorf("locked are %+v", locks)
		}
	})
}

// The end of the hours in which she may log in ends no call, however often she
// must prove herself.
func TestHoursEndNoCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		clock := func(at time.Time) time.Duration {
			return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
		}
		now := time.Now()
		p := newPlace(t, addresses, saran(func(u *users.User) {
			u.Hours = users.Hours{From: clock(now.Add(-time.Hour)), To: clock(now.Add(7 * time.Minute))}
		}))
		p.opt = func(o *Options) { o.Link.Rechallenge = 5 * time.Minute }
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
		time.Sleep(11 * time.Minute)
		equal(t, "authentications", p.auths(), []string{"mschap-v2 accepted 3"})
		if r := v.s.Record(); r.Stage != record.Online || r.Reason != record.Running {
			t.Errorf("%+v", r)
		}
		v.cancel()
		v.over(t)
		c.hangUp()
	})
}

// theUsers are those of the moment: a reload brings others.
type theUsers struct{ atomic.Pointer[people] }

func (t *theUsers) Lookup(name string) (users.User, bool) { return t.Load().Lookup(name) }

func (t *theUsers) Change(u users.User, next auth.Secret) error { return t.Load().Change(u, next) }
