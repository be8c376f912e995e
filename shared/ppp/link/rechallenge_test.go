package link

import (
	"bytes"
	"testing"
	"time"

	"carrier/shared/ppp/auth"
)

const every = 5 * time.Minute

// rechallenged is a pair whose first end asks again.
func rechallenged(t *testing.T, m auth.Method) *pair {
	o := server(m)
	o.Rechallenge = every
	p := newPair(t, o, client(m)).up()
	p.run(time.Second)
	p.want(p.a, serverUp)
	return p
}

// again has the peer asked, and returns the Challenge.
func (p *pair) again(t *testing.T) []byte {
	t.Helper()
	p.run(p.a.Deadline().Sub(p.now) - 1)
	p.now = p.now.Add(1)
	p.a.Expire(p.now)
	frames := p.a.Take()
	if len(frames) != 1 || !bytes.HasPrefix(frames[0], []byte{0xFF, 3, 0xC2, 0x23, 1}) {
		t.Fatalf("not one Challenge: % x", frames)
	}
	return frames[0]
}

// A peer that was accepted by CHAP is asked again and again, with another
// Identifier and value each time; the link goes on, and its keys stay.
func TestRechallenge(t *testing.T) {
	for _, m := range []auth.Method{auth.CHAPMD5, auth.MSCHAP, auth.MSCHAPv2} {
		p := rechallenged(t, m)
		keys, _ := p.a.Keys()
		began, ids, values := p.now, map[byte]bool{}, map[string]bool{}
		for n := range 20 {
			q := p.again(t)
			ids[q[5]], values[string(q[9:9+q[8]])] = true, true
			p.b.Receive(p.now, q)
			response := p.b.Take()
			if len(response) != 1 || len(ids) != n+1 || len(values) != n+1 {
				t.Fatalf("%v: %d identifiers, %d values, answered by % x", m, len(ids), len(values), response)
			}
			p.a.Receive(p.now, response[0])
			p.settle()
			p.a.Receive(p.now, response[0]) // its Success was lost
			if got := p.a.Take(); len(got) != 1 || !bytes.HasPrefix(got[0], []byte{0xFF, 3, 0xC2, 0x23, 3, q[5]}) {
				t.Errorf("%v: the repeated Response is answered by % x", m, got)
			}
			p.want(p.a, "claimed saran")
		}
		if took := p.now.Sub(began); took < 20*every-time.Minute || took > 20*every+time.Minute {
			t.Errorf("%v: asked twenty times in %v", m, took)
		}
		p.wantPhases(Network, Network)
		if now, _ := p.a.Keys(); now != keys {
			t.Errorf("%v: the keys have changed", m)
		}
	}
}

// A wrong answer ends the link, with words; so does none.
func TestAFailedRechallenge(t *testing.T) {
	for _, m := range []auth.Method{auth.CHAPMD5, auth.MSCHAP, auth.MSCHAPv2} {
		p := rechallenged(t, m)
		p.a.wait = true
		p.run(every)
		p.want(p.a, "claimed saran")
		p.a.Answer(p.now, p.a.claim.Check(auth.NewPassword("another")))
		p.run(10 * time.Second)
		p.want(p.a, `network down IPCP, link down, finished: peer refused "wrong user name or password"`)

		p = rechallenged(t, m)
		p.b.lose = func() bool { return true }
		p.run(every + 46*time.Second)
		p.want(p.a, `network down IPCP, link down`)
		p.run(10 * time.Second)
		p.want(p.a, `finished: authentication time-out "you did not say who you are"`)
	}
}

// What is not asked for is not done; PAP and EAP cannot.
func TestNoRechallenge(t *testing.T) {
	for _, m := range []auth.Method{auth.PAP, auth.EAPMD5} {
		p := rechallenged(t, m)
		p.run(10 * every)
		p.want(p.a, "")
		p.wantPhases(Network, Network)
	}
	p := newPair(t, server(auth.CHAPMD5), client(auth.CHAPMD5)).up()
	p.run(10 * every)
	p.want(p.a, serverUp)
}
