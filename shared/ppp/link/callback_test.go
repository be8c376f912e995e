package link

import (
	"math/rand/v2"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cbcp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/lcp"
)

// called is a server that calls back, calling a client that wants that.
func called(method auth.Method) Options {
	o := server(method)
	o.LCP.CallsBack = true
	return o
}

func calling(number string) Options {
	o := client()
	o.LCP.Callback = &lcp.Callback{Operation: lcp.ByCBCP}
	o.Callback = cbcp.Want{Number: number, Delay: 7 * time.Second}
	return o
}

const (
	serverIn = "link up, claimed saran, authenticated, "
	clientIn = "link up, authenticated, logged in, "
)

// The caller is told that she is called back, and hangs up.
func TestCallback(t *testing.T) {
	for _, m := range allMethods {
		p := newPair(t, called(m), calling("5551212"))
		p.a.OfferCallback(cbcp.Offer{Caller: true})
		p.up().run(10 * time.Second)
		p.want(p.a, serverIn+`callback asked the caller's number "5551212" 7s, link down, finished: terminated by the peer "call me back"`)
		p.want(p.b, clientIn+`callback agreed the caller's number "5551212" 7s, link down, finished: to be called back "call me back"`)
		if !p.a.Deadline().IsZero() || !p.b.Deadline().IsZero() {
			t.Errorf("%v: a timer runs", m)
		}
	}
}

func TestNoCallbackGoesOn(t *testing.T) {
	const none = `callback asked none "" 0s, network up IPCP`
	p := newPair(t, called(auth.CHAPMD5), calling("5551212")).up() // nothing is offered
	p.run(10 * time.Second)
	p.want(p.a, serverIn+none)
	p.want(p.b, clientIn+`callback agreed none "" 0s, network up IPCP`)
	p.wantPhases(Network, Network)

	p.answered("a Response that comes again", p.say(ppp.CBCP, 2, 1, 0, 6, 1, 2), "ff 03 c0 29 03 01 00 06 01 02")
	p.answered("another choice, afterwards", p.say(ppp.CBCP, 2, 1, 0, 7, 3, 3, 5))
	p.want(p.a, "")

	p.a.Restart(p.now) // all of it comes again
	p.run(10 * time.Second)
	p.want(p.a, "network down IPCP, link down, "+serverIn+none)
	p.wantPhases(Network, Network)
}

// Who does not call back rejects the option, and the call is one as any other.
func TestCallbackIsRejectedWhereNobodyCallsBack(t *testing.T) {
	p := newPair(t, server(auth.PAP), calling("5551212")).up()
	p.a.OfferCallback(cbcp.Offer{Fixed: true})
	p.run(10 * time.Second)
	p.want(p.a, serverUp)
	p.want(p.b, clientUp)
	got := p.say(ppp.CBCP, 2, 1, 0, 7, 3, 3, 5)
	if len(got) != 1 || got[0][4] != byte(lcp.ProtocolReject) {
		t.Errorf("CBCP that was not agreed on is answered % x", got)
	}
}

// RFC 1570 §2.3 without CBCP: the link is terminated once the peer is
// authenticated.
func TestCallbackWithoutCBCP(t *testing.T) {
	for _, tt := range []struct {
		c    lcp.Callback
		want string
	}{
		{lcp.Callback{Operation: lcp.ByUser}, `the number set for her ""`},
		{lcp.Callback{Operation: lcp.E164, Message: []byte("+49305551212")}, `the caller's number "+49305551212"`},
		{lcp.Callback{Operation: lcp.DialString, Message: []byte("9,5551212")}, `the caller's number "9,5551212"`},
	} {
		for _, refuse := range []string{"", "you may not"} {
			o := calling("")
			o.LCP.Callback = &tt.c
			p := newPair(t, called(auth.MSCHAPv2), o)
			p.a.refuse = refuse
			p.up().run(10 * time.Second)
			text, cause := "you are called back", "to be called back"
			if refuse != "" {
				text, cause = refuse, "callback refused"
			}
			p.want(p.a, serverIn+"callback asked "+tt.want+` 0s, link down, finished: `+cause+` "`+text+`"`)
			p.want(p.b, clientIn+`link down, finished: terminated by the peer "`+text+`"`)
		}
	}
}

// A number that the owner refuses ends the link, and is not acknowledged.
func TestNumberRefused(t *testing.T) {
	p := newPair(t, called(auth.PAP), calling("0900666"))
	p.a.OfferCallback(cbcp.Offer{Caller: true})
	p.a.refuse = "0900666 is not permitted"
	p.up().run(10 * time.Second)
	p.want(p.a, serverIn+`callback asked the caller's number "0900666" 7s, link down, finished: callback refused "0900666 is not permitted"`)
	p.want(p.b, clientIn+`link down, finished: terminated by the peer "0900666 is not permitted"`)
}

// atCallback is a server that has asked its peer how it is to be called back.
func atCallback(t *testing.T, o cbcp.Offer) *pair {
	t.Helper()
	p := newPair(t, called(auth.PAP), client())
	p.a.OfferCallback(o)
	p.a.Up(p.now)
	ours, _ := cp.Parse(p.a.Take()[0][4:])
	p.say(ppp.LCP, packet(cp.ConfigureRequest, 7, "\x0d\x03\x06")...)
	ours.Code = cp.ConfigureAck
	p.say(ppp.LCP, ours.Append(nil)...)
	p.hears(ppp.PAP, packet(1, 1, "\x05saran\x06secret")...)
	p.want(p.a, "link up, claimed saran, authenticated")
	p.wantPhases(Callback, Dead)
	return p
}

// hears is say, with a's owner at work.
func (p *pair) hears(proto ppp.Protocol, info ...byte) [][]byte {
	p.a.Receive(p.now, ppp.Append(nil, proto, info))
	p.collect(p.a, p.b)
	answers := p.b.in
	p.b.in = nil
	return answers
}

// What was demanded cannot be left out, whichever way.
func TestCheats(t *testing.T) {
	for _, tt := range []struct{ what, response, text string }{
		{"no callback", "\x01\x02", "none: not offered"},
		{"a number of her own", "\x02\x09\x05\x016666\x00", "the caller's number: not offered"},
		{"another for the one that is set", "\x03\x09\x05\x016666\x00", "the number set for her: another number than was offered"},
	} {
		p := atCallback(t, cbcp.Offer{Fixed: true})
		p.say(ppp.CBCP, packet(cbcp.Response, 1, tt.response)...)
		p.run(10 * time.Second)
		p.want(p.a, `callback cheated "`+tt.text+`", link down, finished: callback refused "`+tt.text+`"`)
	}
}

// Nothing of the network is spoken in the phase, as little as before it.
func TestNetworkWaitsForCallback(t *testing.T) {
	p := atCallback(t, cbcp.Offer{Fixed: true})
	p.answered("IPCP", p.say(ppp.IPCP, packet(cp.ConfigureRequest, 1, "")...))
	p.answered("IPv4", p.say(ppp.IPv4, 0x45))
	p.answered("a protocol that we do not speak", p.say(ppp.IPXCP, packet(cp.ConfigureRequest, 1, "")...))
	p.hears(ppp.CBCP, packet(cbcp.Response, 1, "\x03\x03\x05")...)
	p.answered("IPCP after the Ack", p.say(ppp.IPCP, packet(cp.ConfigureRequest, 1, "")...))
	p.answered("the Response again", p.say(ppp.CBCP, packet(cbcp.Response, 1, "\x03\x03\x05")...), "ff 03 c0 29 03 01 00 07 03 03 05")
	p.wantPhases(Callback, Dead)
}

// Who does not hang up is hung up on; who does not choose is given up, and so is an
// owner that does not answer.
func TestCallbackIsBounded(t *testing.T) {
	p := atCallback(t, cbcp.Offer{Fixed: true})
	began := p.now
	p.hears(ppp.CBCP, packet(cbcp.Response, 1, "\x03\x03\x05")...)
	p.run(5*time.Second - 1)
	p.want(p.a, `callback asked the number set for her "" 5s`)
	p.run(1)
	p.want(p.a, "link down") // our Terminate-Request is on its way
	p.run(6 * time.Second)
	p.want(p.a, `finished: to be called back "you are called back"`)
	if d := p.now.Sub(began); d != 11*time.Second {
		t.Errorf("after %v", d)
	}

	p = atCallback(t, cbcp.Offer{Fixed: true})
	p.run(30*time.Second - 1)
	p.want(p.a, "")
	p.run(7 * time.Second)
	p.want(p.a, `link down, finished: no agreement on callback "you asked for callback, and did not say how"`)

	p = atCallback(t, cbcp.Offer{Fixed: true})
	p.say(ppp.CBCP, packet(cbcp.Response, 1, "\x03\x03\x05")...)
	p.a.log = nil
	p.a.Events() // nobody reads them
	p.run(67 * time.Second)
	p.want(p.a, `link down, finished: no agreement on callback "callback took too long"`)
	p.a.AnswerCallback(p.now, true, "")
	p.answered("nothing", p.a.Take())
}

func TestPeerRejectsCBCP(t *testing.T) {
	p := atCallback(t, cbcp.Offer{Fixed: true})
	p.say(ppp.LCP, packet(lcp.ProtocolReject, 1, "\xc0\x29\x01\x01")...)
	p.run(10 * time.Second)
	p.want(p.a, `link down, finished: no agreement on callback "peer rejects CBCP, for which it asked"`)
}

// LCP anew, where an answer was due, asks who the peer is and how it is to be called
// back once more.
func TestLCPAnewInCallback(t *testing.T) {
	p := newPair(t, called(auth.CHAPMD5), calling("5551212"))
	p.a.OfferCallback(cbcp.Offer{Caller: true})
	stuck := true
	p.b.lose = func() bool { return stuck && p.a.Phase() == Callback }
	p.up().run(time.Second)
	p.want(p.a, "link up, claimed saran, authenticated")
	stuck = false
	p.b.Restart(p.now)
	p.run(10 * time.Second)
	p.want(p.a, "link down, "+serverIn+`callback asked the caller's number "5551212" 7s, link down, finished: terminated by the peer "call me back"`)
}

// Frames get lost and overtake each other: the peer is called back only if it chose
// to be, and both links end.
func TestCallbackWithLossAndReordering(t *testing.T) {
	agreed := 0
	const seeds = 200
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 2))
		p := newPair(t, called(allMethods[seed%4]), calling("5551212"))
		p.a.OfferCallback(cbcp.Offer{Caller: true, Fixed: true})
		p.a.lose = func() bool { return r.IntN(100) < 15 }
		p.b.lose = p.a.lose
		if seed%2 == 1 {
			p.mix = r
		}
		p.up().run(3 * time.Minute)
		if !p.a.finished || !p.b.finished {
			t.Errorf("seed %d: %v and %v: %s; %s", seed, p.a.Phase(), p.b.Phase(), p.a.story(), p.b.story())
		}
		if c := p.a.chosen; c != nil {
			agreed++
			if *c != (cbcp.Choice{Type: cbcp.Caller, Number: "5551212", Delay: 7 * time.Second}) {
				t.Errorf("seed %d: %+v", seed, c)
			}
		}
		if p.a.frames+p.b.frames > 500 {
			t.Errorf("seed %d: %d frames", seed, p.a.frames+p.b.frames)
		}
	}
	if agreed < seeds*95/100 {
		t.Errorf("only %d of %d agreed", agreed, seeds)
	}
}
