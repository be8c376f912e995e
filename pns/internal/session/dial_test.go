package session

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/pns/internal/users"
	"carrier/shared/peer"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/ipv6cp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/mppe"
	"carrier/shared/record"
)

// A server is who we call: a link of its own at the other end of the frames.
type server struct {
	v       *visit
	link    *link.Link
	ccp     *ccp.CCP
	mppe    *ccp.MPPE          // of ccp
	secret  auth.Secret        // of our user there
	bring   func(frame []byte) // to the session
	do      chan func(time.Time)
	quit    chan struct{}
	stopped chan struct{}
}

// calls opens a call to a server that demands one of some methods, and that is changed
// before it speaks.
func (p *place) calls(d Dial, with func(*Options), change func(*server), ask ...auth.Method) (*visit, *server) {
	p.dials(d, with)
	v := p.call()
	return v, v.answers(change, ask...)
}

// dials has the place open calls, whose options may be changed.
func (p *place) dials(d Dial, with func(*Options)) {
	p.opt = func(o *Options) {
		o.Dial, o.Connected = &d, true
		o.Link.Ask, o.Link.Login = nil, auth.Login{Name: "boston", Secret: auth.NewPassword("blue moon"), Allow: []auth.Method{auth.MSCHAPv2}}
		o.Users, o.Pools, o.Online, o.Guard = nil, nil, nil, nil
		o.Coding = Coding{Encryption: Required, MPPE: mppe.Key128 | mppe.Stateless}
		if d.Proof.Name != "" {
			o.Link.Ask = []auth.Method{auth.CHAPMD5}
		}
		if with != nil {
			with(o)
		}
	}
}

// answers has a server speak on a call that we opened.
func (v *visit) answers(change func(*server), ask ...auth.Method) *server {
	s := &server{v: v, secret: auth.NewPassword("blue moon"), do: make(chan func(time.Time)), quit: make(chan struct{}), stopped: make(chan struct{}),
		link: link.New(&link.Options{LCP: lcp.Options{MRU: 1400, Magic: true}, Ask: ask, TLS: v.serves, Name: "denver", Login: auth.Login{Name: "denver", Secret: auth.NewPassword("red sun")}})}
	s.bring = func(f []byte) {
		v.data.with(func() { v.data.received++ })
		v.data.bring(f)
	}
	now := time.Now()
	s.link.Network(now, ppp.IPCP, ipcp.New(ipcp.Options{Local: ip("10.2.0.1"), Remote: ip("10.9.0.2")}))
	s.link.Network(now, ppp.IPV6CP, ipv6cp.New(ipv6cp.Options{Local: ipv6cp.Identifier{7: 1}}, nil))
	s.mppe = &ccp.MPPE{Can: mppe.Key128 | mppe.Stateless}
	m := []ccp.Method{s.mppe}
	s.ccp = ccp.New(ccp.Options{Receive: m, Send: m})
	s.link.Network(now, ppp.CCP, s.ccp)
	s.link.Up(now)
	if change != nil {
		change(s)
	}
	go s.run()
	return s
}

func (s *server) run() {
	defer close(s.stopped)
	for {
		for _, e := range s.link.Events() {
			switch e.Kind {
			case link.Claimed:
				s.link.Answer(time.Now(), e.Claim.Check(s.secret))
			case link.Authenticated:
				keys, _ := s.link.Keys()
				s.mppe.Keys = ccp.KeysOf(keys, mppe.Server)
			}
		}
		for _, f := range s.link.Take() {
			s.bring(f)
		}
		var due <-chan time.Time
		if d := s.link.Deadline(); !d.IsZero() {
			due = time.After(time.Until(d))
		}
		select {
		case f := <-s.v.data.down:
			s.link.Receive(time.Now(), f)
		case <-due:
			s.link.Expire(time.Now())
		case f := <-s.do:
			f(time.Now())
		case <-s.quit:
			return
		}
	}
}

// ends waits for the call's end, and then ends the server.
func (s *server) ends(t *testing.T) record.Call {
	t.Helper()
	r, _ := s.v.over(t)
	close(s.quit)
	<-s.stopped
	return r
}

var errTaken = errors.New("a part of it is taken")

var branch = Dial{Routes: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/24"), netip.MustParsePrefix("2001:db8:2::/48"), netip.MustParsePrefix("10.3.0.0/16")}}

// We log in at a server, get an address there, and send it what is for its networks,
// encrypted; of that no host address is attached here. The server may bring what comes
// from there. Negotiated afresh it is the same call.
func TestADialledCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v, s := newPlace(t, addresses).calls(branch, nil, nil, auth.MSCHAPv2)
		time.Sleep(5 * time.Second)
		r := v.s.Record()
		if r.Stage != record.Online || r.Address != ip("10.9.0.2") || r.Method != "mschap-v2" {
			t.Errorf("%+v", r)
		}
		up := []string{"coding out true in true sealed true shut false", "network true 10.2.0.1 1396", "delegate 10.2.0.0/24 1396", "delegate 10.3.0.0/16 1396",
			"network6 true invalid Prefix 1396", "delegate 2001:db8:2::/48 1396"}
		lines := v.log.take()
		if n := slices.Index(lines, up[0]); n < 0 || !same(lines[n:], up) {
			t.Errorf("the fakes did %q, want among it %q", lines, up)
		}
		if n := v.data.network; !slices.Equal(n.Behind, of4(branch.Routes)) {
			t.Errorf("let in is %v", n.Behind)
		}
		if !v.s.Renegotiate() {
			t.Fatal("not online")
		}
		time.Sleep(10 * time.Second)
		lines = v.log.take()
		if n := slices.Index(lines, up[0]); n < 0 || !same(lines[n:], up) || !slices.Contains(lines[:n], "withdraw 10.3.0.0/16") || !slices.Contains(lines[:n], "withdraw 2001:db8:2::/48") {
			t.Errorf("negotiated afresh the fakes did %q", lines)
		}
		s.do <- func(now time.Time) { s.link.Close(now, "closed for today") }
		r = s.ends(t)
		if r.Reason != record.ClearedByPAC || r.Text != "closed for today" {
			t.Errorf("%+v", r)
		}
		if lines = v.log.take(); !slices.Contains(lines, "withdraw 10.2.0.0/24") || !slices.Contains(lines, "clear") {
			t.Errorf("at the end the fakes did %q", lines)
		}
	})
}

// same tells whether two lists have the same lines, in any order: which of IPCP and
// IPV6CP opens first does not matter.
func same(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// What a dialled call ends by, before it comes to anything.
func TestWhatADialledCallFailsBy(t *testing.T) {
	denver := func(password string) Dial {
		return Dial{Proof: auth.Login{Name: "denver", Secret: auth.NewPassword(password)}}
	}
	for _, tt := range []struct {
		name   string
		dial   Dial
		with   func(*Options)
		server func(*server)
		ask    []auth.Method
		reason record.EndReason
		text   string // part of it
	}{
		{name: "the password is wrong", server: func(s *server) { s.secret = auth.NewPassword("green sea") }, ask: []auth.Method{auth.MSCHAPv2}, reason: record.AuthFailed, text: "wrong user name or password"},
		{name: "the server asks for nothing", reason: record.AuthFailed, text: "the server asks for no password"},
		{name: "the server asks by a method that proves nothing", ask: []auth.Method{auth.PAP}, reason: record.ClearedByPAC, text: "peer refuses to authenticate"},
		{name: "the server is another", dial: denver("green sea"), ask: []auth.Method{auth.MSCHAPv2}, reason: record.AuthFailed, text: "the server does not prove to be denver"},
		{name: "the server does not encrypt", server: func(s *server) { s.mppe.Can = 0 }, ask: []auth.Method{auth.MSCHAPv2}, reason: record.NotEncrypted, text: "encryption is required"},
		{name: "no keys", with: func(o *Options) { o.Link.Login.Allow = nil }, ask: []auth.Method{auth.PAP}, reason: record.NotEncrypted, text: "pap leaves no keys"},
		{name: "the control connection is lost", server: func(s *server) { s.v.call.end(peer.ErrPeerClosed) }, ask: []auth.Method{auth.MSCHAPv2}, reason: record.ControlLost, text: "closed by the peer"},
		{name: "the program ends", server: func(s *server) { s.v.cancel() }, ask: []auth.Method{auth.MSCHAPv2}, reason: record.Shutdown, text: "the client is shutting down"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				_, s := newPlace(t, addresses).calls(tt.dial, tt.with, tt.server, tt.ask...)
				if r := s.ends(t); r.Reason != tt.reason || !strings.Contains(r.Text, tt.text) || !r.Up.IsZero() {
					t.Errorf("%+v", r)
				}
			})
		})
	}
}

// A server that must log in with us does so by CHAP, and the keys are those of our own
// log-in.
func TestTheServerProvesWhoItIs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v, s := newPlace(t, addresses).calls(Dial{Proof: auth.Login{Name: "denver", Secret: auth.NewPassword("red sun")}}, nil, nil, auth.MSCHAPv2)
		time.Sleep(5 * time.Second)
		if r := v.s.Record(); r.Stage != record.Online {
			t.Errorf("%+v", r)
		}
		v.s.End(record.Operator, "enough")
		if r := s.ends(t); r.Reason != record.Operator {
			t.Errorf("%+v", r)
		}
	})
}

// What is behind a user is hers while she is online; what is somebody's already ends
// her call.
func TestRoutesOfAUser(t *testing.T) {
	routes := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/24"), netip.MustParsePrefix("2001:db8:7::/48"), netip.MustParsePrefix("10.7.0.0/16")}
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(func(u *users.User) { u.Routes, u.Address = routes, netip.Addr{} }))
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6)
		time.Sleep(5 * time.Second)
		lines := v.log.take()
		for _, want := range []string{"attach 2.1.1.129 1400", "delegate 10.1.0.0/24 1400", "delegate 10.7.0.0/16 1400", "delegate 2001:db8:7::/48 1400"} {
			if !slices.Contains(lines, want) {
				t.Errorf("no %q in %q", want, lines)
			}
		}
		if n := v.data.network; !slices.Equal(n.Behind, of4(routes)) {
			t.Errorf("let in is %v", n.Behind)
		}
		second := p.call()
		other := second.dial(sara("saran", "secret", auth.MSCHAPv2))
		time.Sleep(10 * time.Second)
		if r := second.s.Record(); r.Reason != record.AddressInUse {
			t.Errorf("a second call: %+v", r)
		}
		second.cancel()
		second.over(t)
		other.hangUp()
		v.cancel()
		v.over(t)
		lines = v.log.take()
		for _, want := range []string{"detach 2.1.1.129", "withdraw 10.1.0.0/24", "withdraw 10.7.0.0/16", "withdraw 2001:db8:7::/48"} {
			if !slices.Contains(lines, want) {
				t.Errorf("at the end no %q in %q", want, lines)
			}
		}
		c.hangUp()
	})
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(func(u *users.User) { u.Routes = routes[:1] }))
		p.behindErr = errTaken
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
		if r, _ := v.over(t); r.Reason != record.NetworkFailed || r.Text != errTaken.Error() {
			t.Errorf("%+v", r)
		}
		if lines := v.log.take(); !slices.Contains(lines, "detach 2.1.1.129") {
			t.Errorf("her address is left: %q", lines)
		}
		c.hangUp()
	})
}

// The address that the server gives is this host's own if the server speaks for it.
func TestTheAddressThatAServerGives(t *testing.T) {
	for routes, want := range map[string]string{"10.9.0.0/24": "own 10.9.0.2, released", "10.2.0.0/24": ""} {
		bubble(t, func(t *testing.T) {
			had := ""
			d := Dial{Routes: []netip.Prefix{netip.MustParsePrefix(routes)}, Own: func(a netip.Addr) (func(), error) {
				had += "own " + a.String()
				return func() { had += ", released" }, nil
			}}
			v, s := newPlace(t, addresses).calls(d, nil, nil, auth.MSCHAPv2)
			time.Sleep(5 * time.Second)
			v.s.End(record.Operator, "enough")
			if r := s.ends(t); r.Up.IsZero() || had != want {
				t.Errorf("%s: %q, want %q; %+v", routes, had, want, r)
			}
		})
	}
}
