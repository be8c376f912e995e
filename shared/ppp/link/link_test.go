package link

import (
	"math/rand/v2"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/lcp"
)

const (
	serverUp = "link up, claimed saran, authenticated, network up IPCP"
	clientUp = "link up, authenticated, logged in, network up IPCP"
)

func TestOpensByEachMethod(t *testing.T) {
	for _, m := range allMethods {
		p := newPair(t, server(m), client()).up()
		p.run(time.Second)
		p.want(p.a, serverUp)
		p.want(p.b, clientUp)
		p.wantPhases(Network, Network)
		if p.a.claim.Method != m {
			t.Errorf("claimed by %v, not %v", p.a.claim.Method, m)
		}
		if l := p.b.LCP(); l.Theirs.MRU != 1400 || !l.Ours.PFC || l.Theirs.PFC || string(l.Theirs.Auth) != string(m.Option()) {
			t.Errorf("%+v", l)
		}
		if got := p.b.ip.Agreed().Local.String(); got != "2.1.1.129" {
			t.Errorf("the client got %s", got)
		}
		if d := p.a.Deadline(); !d.IsZero() {
			t.Errorf("a deadline %v after the last thing to do", d.Sub(p.now))
		}
	}
}

func TestOpensWithoutAuthentication(t *testing.T) {
	p := newPair(t, server(), client()).up()
	p.run(time.Second)
	p.want(p.a, "link up, authenticated, network up IPCP")
	p.want(p.b, "link up, authenticated, network up IPCP")
}

func TestBothAuthenticate(t *testing.T) {
	for _, m := range allMethods {
		a, b := server(m), client()
		a.Login = auth.Login{Name: "denver", Secret: auth.NewPassword(password)}
		b.Ask, b.Name = []auth.Method{auth.CHAPMD5}, "sara's"
		p := newPair(t, a, b).up()
		p.run(time.Second)
		p.wantPhases(Network, Network)
		if p.a.claim.Name != "saran" || p.b.claim.Name != "denver" {
			t.Errorf("%v: %v and %v", m, p.a.claim, p.b.claim)
		}
	}
}

// Frames get lost and overtake each other: either both ends open, or both
// finish.
func TestLossAndReordering(t *testing.T) {
	opened := 0
	const seeds = 200
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := allMethods[seed%4]
		p := newPair(t, server(m), client())
		p.a.lose = func() bool { return r.IntN(100) < 15 }
		p.b.lose = p.a.lose
		if seed%2 == 1 {
			p.mix = r
		}
		p.up()
		p.run(3 * time.Minute)
		switch a, b := p.a.Phase(), p.b.Phase(); {
		case a == Network && b == Network:
			opened++
		case !p.a.finished || !p.b.finished:
			t.Errorf("seed %d, %v: %v and %v: %s; %s", seed, m, a, b, p.a.story(), p.b.story())
		}
		if p.a.frames+p.b.frames > 500 {
			t.Errorf("seed %d: %d frames", seed, p.a.frames+p.b.frames)
		}
	}
	if opened < seeds*99/100 {
		t.Errorf("only %d of %d opened", opened, seeds)
	}
}

func TestLCPTimeout(t *testing.T) {
	p := newPair(t, server(auth.PAP), client())
	p.a.Up(p.now)
	p.run(30*time.Second - 1)
	p.want(p.a, "")
	p.run(1)
	p.want(p.a, `finished: LCP time-out ""`)
	if p.a.frames != 10 {
		t.Errorf("%d requests", p.a.frames)
	}
	p.run(time.Hour)
	p.want(p.a, "")
}

func TestCloseTellsTheText(t *testing.T) {
	p := newPair(t, server(auth.CHAPMD5), client()).up()
	p.run(time.Second)
	p.a.story()
	p.b.story()
	p.a.Close(p.now, "idle too long")
	p.run(10 * time.Second)
	p.want(p.a, `network down IPCP, link down, finished: closed "idle too long"`)
	p.want(p.b, `network down IPCP, link down, finished: terminated by the peer "idle too long"`)
	p.a.Close(p.now, "again")
	p.a.Down(p.now)
	p.run(time.Second)
	p.want(p.a, "")
	p.wantPhases(Dead, Terminate)
}

func TestCloseIsBounded(t *testing.T) {
	for _, when := range []time.Duration{0, time.Second} { // in Establish, in Network
		p := newPair(t, server(auth.CHAPMD5), client())
		p.a.Up(p.now)
		if when > 0 {
			p.b.Up(p.now)
			p.run(when)
		}
		p.a.lose = func() bool { return true }
		began := p.now
		p.a.Close(p.now, "")
		p.run(6*time.Second - 1)
		if p.a.finished {
			t.Errorf("finished before its second request could be answered")
		}
		p.run(1)
		if !p.a.finished {
			t.Errorf("not finished after %v", p.now.Sub(began))
		}
	}
}

func TestCloseAndDownBeforeUp(t *testing.T) {
	p := newPair(t, server(), client())
	p.a.Close(p.now, "never mind")
	p.b.Down(p.now)
	p.up()
	p.run(time.Minute)
	p.want(p.a, `finished: closed "never mind"`)
	p.want(p.b, `finished: lower layer down ""`)
	if p.a.frames+p.b.frames != 0 {
		t.Error("they spoke")
	}
}

func TestDown(t *testing.T) {
	p := newPair(t, server(auth.PAP), client()).up()
	p.run(time.Second)
	p.a.story()
	p.a.Down(p.now)
	p.run(time.Second)
	p.want(p.a, `network down IPCP, link down, finished: lower layer down ""`)
	if d := p.a.Deadline(); !d.IsZero() || p.a.Phase() != Dead {
		t.Errorf("phase %v, deadline %v", p.a.Phase(), d)
	}
}

// Text from outside is made fit for a terminal.
func TestPeersTextIsPrintable(t *testing.T) {
	p := newPair(t, server(auth.PAP), client()).up()
	p.run(time.Second)
	p.a.story()
	p.answered("Terminate-Request", p.say(ppp.LCP, packet(cp.TerminateRequest, 9, "by\x1b[2Je \xff\u009b")...), "ff 03 c0 21 06 09 00 04")
	p.run(3 * time.Second)
	p.want(p.a, `network down IPCP, link down, finished: terminated by the peer "by.[2Je .."`)
	p.answered("a late Terminate-Request", p.say(ppp.LCP, packet(cp.TerminateRequest, 10, "")...), "ff 03 c0 21 06 0a 00 04")
	p.answered("a late Configure-Request", p.say(ppp.LCP, packet(cp.ConfigureRequest, 11, "")...), "ff 03 c0 21 06 0b 00 04")
}

func TestPeerThatTerminatesWhileNegotiating(t *testing.T) {
	p := newPair(t, server(auth.PAP), client())
	p.a.Up(p.now)
	p.settle()
	p.answered("Terminate-Request", p.say(ppp.LCP, packet(cp.TerminateRequest, 9, "no more lines")...), "ff 03 c0 21 06 09 00 04")
	p.run(time.Minute)
	p.want(p.a, `finished: terminated by the peer "no more lines"`)
}

func TestEchoFindsADeadPeer(t *testing.T) {
	o := server(auth.CHAPMD5)
	o.Echo = EchoOptions{Interval: 10 * time.Second, Failures: 3}
	p := newPair(t, o, client()).up()
	p.run(10 * time.Minute)
	p.want(p.a, serverUp)
	p.b.lose = func() bool { return true }
	p.run(time.Minute)
	p.want(p.a, `network down IPCP, link down, finished: no echo "no answer to our echo requests"`)
}

// echoing makes a line that sends back what it gets.
func (p *pair) echoing(e *end, d time.Duration) {
	for until := p.now.Add(d); p.now.Before(until); p.now = p.now.Add(time.Second) {
		for f := e.Take(); len(f) > 0; f = e.Take() {
			for _, f := range f {
				e.Receive(p.now, f)
			}
		}
		e.Expire(p.now)
	}
	e.log = append(e.log, e.Events()...)
}

func TestLoopback(t *testing.T) {
	o := server(auth.CHAPMD5)
	p := newPair(t, o, client())
	p.a.Up(p.now)
	p.echoing(p.a, time.Minute)
	p.want(p.a, `finished: loopback "the line is looped back"`)

	o.Echo = EchoOptions{Interval: 5 * time.Second}
	p = newPair(t, o, client()).up()
	p.run(time.Second)
	p.a.story()
	p.echoing(p.a, time.Minute) // the modem fell back to command mode
	p.want(p.a, `network down IPCP, link down, finished: loopback "our echo requests come back"`)
}

// A peer that begins anew goes through everything again.
func TestRenegotiation(t *testing.T) {
	p := newPair(t, server(auth.CHAPMD5), client()).up()
	p.run(time.Second)
	before := p.a.LCP()
	p.a.story()
	p.b.story()
	p.b.Restart(p.now)
	p.run(time.Second)
	p.want(p.a, "network down IPCP, link down, "+serverUp)
	p.want(p.b, "network down IPCP, link down, "+clientUp)
	if after := p.a.LCP(); after.Ours.Magic == before.Ours.Magic || after.Theirs.Magic == before.Theirs.Magic {
		t.Error("the same Magic-Numbers")
	}
	p.b.Close(p.now, "")
	p.run(10 * time.Second)
	p.b.Restart(p.now)
	p.run(time.Second)
	if f := p.b.Take(); len(f) > 0 {
		t.Errorf("restarted after its end: % x", f)
	}
}

func TestLastRequest(t *testing.T) {
	p := newPair(t, server(auth.PAP), Options{LCP: lcp.Options{ACCM: 0xA0000, Magic: true}, Login: client().Login, Rand: counting{}})
	if p.a.LastRequest() != nil {
		t.Error("a request before the link is up")
	}
	p.up()
	p.run(time.Second)
	want := "\xff\x03\xc0\x21\x01\x44\x00\x10\x02\x06\x00\x0a\x00\x00\x05\x06\x40\x41\x42\x43"
	if got := p.a.LastRequest(); string(got) != want {
		t.Errorf("% x", got)
	}
}

// counting is a random source that is none.
type counting struct{}

func (counting) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(0x40 + i)
	}
	return len(b), nil
}
