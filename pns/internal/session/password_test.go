package session

import (
	"os"
	"strings"
	"testing"
	"time"

	"carrier/pns/internal/users"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// stale is a user whose password must be changed.
func stale(u *users.User) { u.Expired = true }

// changing is a caller's options who has another password ready.
func changing(password, next string, m auth.Method) link.Options {
	o := sara("saran", password, m)
	o.Login.Next = auth.NewPassword(next)
	return o
}

// goesOn is one more call, whose caller gets online or not; it is over when
// goesOn returns what there is to remember.
func (p *place) goesOn(t *testing.T, o link.Options) (r record.Call, said []link.Event) {
	t.Helper()
	v := p.call()
	c := v.dial(o, func(c *caller) { c.can = strong })
	time.Sleep(10 * time.Second)
	v.cancel()
	r, _ = v.over(t)
	return r, c.hangUp()
}

// The new password lets her in with the same call, encrypted with its keys, and
// from then on alone.
func TestAnExpiredPasswordIsChanged(t *testing.T) {
	for _, m := range []auth.Method{auth.MSCHAPv2, auth.EAPMSCHAPv2} {
		bubble(t, func(t *testing.T) {
			p := newPlace(t, addresses, saran(stale))
			p.opt = func(o *Options) {
				o.Link.Ask, o.Coding = []auth.Method{m, auth.PAP}, Coding{Encryption: Optional, MPPE: strong}
			}
			r, said := p.goesOn(t, changing("secret", "blue moon", m))
			heard(t, said, link.LoggedIn)
			if r.Stage != record.Online || r.Reason != record.Shutdown || r.Address != ip("2.1.1.129") {
				t.Errorf("%v: %+v", m, r)
			}
			equal(t, "authentications", p.auths(), []string{m.String() + " accepted 1", m.String() + " expired 1"})
			if r, _ := p.goesOn(t, sara("saran", "secret", m)); r.Reason != record.AuthFailed || r.Text != "wrong password" {
				t.Errorf("%v, the old password: %+v", m, r)
			}
			for _, by := range []auth.Method{m, auth.PAP} {
				if r, _ := p.goesOn(t, sara("saran", "blue moon", by)); r.Stage != record.Online {
					t.Errorf("%v, the new password: %+v", by, r)
				}
			}
		})
	}
}

func TestPasswordsThatAreNotChanged(t *testing.T) {
	const why = "the password has expired"
	full := func(p *place) { _, _ = p.pool.ReserveFixed(ip("2.1.1.129")) }
	gone := func(p *place) { // the folder
		if err := os.RemoveAll(p.state); err != nil {
			p.t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name           string
		by             auth.Method
		password, next string
		before         func(*place)
		said, text     string // to the caller, in the record
		counted        string
	}{
		{"no new one", auth.MSCHAPv2, "secret", "", nil, why, "the password has expired, and the caller did not change it", "expired"},
		{"no new one, inside EAP", auth.EAPMSCHAPv2, "secret", "", nil, why, why, "expired"},
		{"wrong before", auth.MSCHAPv2, "Secret", "new", nil, "wrong user name or password", "wrong password", "wrong-password"},
		{"by PAP", auth.PAP, "secret", "new", nil, why, why + ", and pap cannot change it", "expired"},
		{"by CHAP", auth.CHAPMD5, "secret", "new", nil, why, why + ", and chap-md5 cannot change it", "expired"},
		{"by MS-CHAP", auth.MSCHAP, "secret", "new", nil, why, why + ", and mschap cannot change it", "expired"},
		{"to the same", auth.MSCHAPv2, "secret", "secret", nil, "the new password is the old one", "the password was not changed: the new password is the old one", "not-changed"},
		{"to the same, inside EAP", auth.EAPMSCHAPv2, "secret", "secret", nil, "the new password is the old one", "the password was not changed: the new password is the old one", "not-changed"},
		{"no folder", auth.MSCHAPv2, "secret", "new", gone, "the password could not be changed", "the password was not changed: state: open ", "not-changed"},
		{"no address", auth.MSCHAPv2, "secret", "new", full, "the address is in use", "the address is in use", "in-use"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace(t, addresses, saran(stale))
				p.opt = func(o *Options) { o.Link.Ask = []auth.Method{tt.by} }
				if tt.before != nil {
					tt.before(p)
				}
				o := changing(tt.password, tt.next, tt.by)
				if tt.next == "" {
					o.Login.Next = auth.Secret{}
				}
				r, said := p.goesOn(t, o)
				if r.Reason != record.AuthFailed && r.Reason != record.AddressInUse || !strings.HasPrefix(r.Text, tt.text) || !r.Up.IsZero() {
					t.Errorf("%+v", r)
				}
				if e := heard(t, said, link.LoginRefused); e.Text != tt.said {
					t.Errorf("the caller was told %q", e.Text)
				}
				if got := strings.Join(p.auths(), " "); !strings.Contains(got, tt.by.String()+" "+tt.counted+" 1") || strings.Contains(got, "accepted") {
					t.Errorf("authentications: %s", got)
				}
				if u, _ := p.users.Lookup("saran"); !u.Expired {
					t.Error("the password was changed all the same")
				}
			})
		})
	}
}

// A certificate lets her in whatever becomes of her password, before and after
// it is changed.
func TestACertificateBesideAnExpiredPassword(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newAuthority(t)
		p := newPlace(t, addresses, saran(func(u *users.User) { u.Expired, u.Secret = true, u.Secret.OrCertificate() }))
		p.certified(t, a, nil)
		hers := holder("saran", a.issue(t, "saran", nil), a)
		for _, o := range []link.Options{hers, changing("secret", "new", auth.MSCHAPv2), hers} {
			if r, _ := p.goesOn(t, o); r.Stage != record.Online {
				t.Errorf("%+v", r)
			}
		}
	})
}
