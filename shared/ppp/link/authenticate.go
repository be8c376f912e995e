package link

import (
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
)

// authentication is the state of the phase, and what stays of it afterwards to
// answer repeats and new Challenges.
type authentication struct {
	server  *auth.Server // nil: nothing is demanded of the peer
	client  *auth.Client // nil: the peer demands nothing
	peerOK  bool         // the peer is accepted, or need not be
	weOK    bool         // so are we
	claimed bool         // a Claim waits for the owner's Answer
	refusal string       // what the Answer said, if it was no
	until   time.Time    // AuthTimeout's end; zero: it does not run
	again   time.Time    // when the peer is asked again; zero: not
	heard   bool         // a packet of a network control protocol: the peer knows that it is accepted
}

// Deadline is when expireAuth is due; zero: not.
func (a *authentication) Deadline() time.Time {
	d := earlier(a.until, a.again)
	if a.server != nil {
		d = earlier(d, a.server.Deadline())
	}
	if a.client != nil {
		d = earlier(d, a.client.Deadline())
	}
	return d
}

// authenticate begins: each side answers the other's demand.
func (l *Link) authenticate(now time.Time) {
	a := &l.auth
	agreed := l.lcp.Agreed()
	a.until = now.Add(l.opt.authTimeout())
	if m, err := auth.ParseOption(agreed.Ours.Auth); err == nil {
		a.server = auth.NewServer(m, auth.ServerOptions{Name: l.opt.Name, Rand: l.opt.Rand,
			LM: l.opt.LM, EAP: l.opt.Ask, TLS: l.opt.TLS, HoldTLS: l.opt.HoldTLS, MRU: int(agreed.Theirs.MRU)})
		a.server.Start(now, &l.out)
	} else {
		a.peerOK = true
		l.tell(Event{Kind: Authenticated})
	}
	if m, err := auth.ParseOption(agreed.Theirs.Auth); err == nil {
		a.client = auth.NewClient(m, auth.ClientOptions{Login: l.opt.Login, Rand: l.opt.Rand, MRU: int(agreed.Theirs.MRU)})
		a.client.Start(now, &l.out)
	} else {
		a.weOK = true
	}
	l.authenticated(now)
}

// authenticated goes on to callback, or to the Network-Layer Protocol phase, when
// both sides are satisfied.
func (l *Link) authenticated(now time.Time) {
	if l.phase == Authenticate && l.auth.peerOK && l.auth.weOK {
		l.auth.until = time.Time{}
		l.enterCallback(now)
	}
}

// reflected is what a peer reads that would have us prove for it who it is.
const reflected = "our own challenge came back"

// receiveAuth gives a packet to both roles: each knows its own. An open link
// still answers repeats and new Challenges.
func (l *Link) receiveAuth(now time.Time, p ppp.Protocol, info []byte) {
	a := &l.auth
	if a.server != nil {
		if a.server.Reflects(p, info) { // answering it would answer for the peer
			if a.client != nil {
				l.close(now, AuthRefused, reflected)
			}
			return
		}
		if c := a.server.Receive(now, p, info, &l.out); c != nil {
			a.claimed, a.until = true, now.Add(l.opt.authTimeout())
			if l.opt.NameOnly {
				a.until = time.Time{}
			}
			l.tell(Event{Kind: Claimed, Claim: c})
		}
		l.judged(now)
	}
	if a.client == nil {
		return
	}
	switch r := a.client.Receive(now, p, info, &l.out); {
	case r.Outcome == auth.Success && !a.weOK:
		a.weOK = true
		l.tell(Event{Kind: LoggedIn, Text: r.Text})
		l.authenticated(now)
	case r.Outcome == auth.Failure:
		l.tell(Event{Kind: LoginRefused, Text: r.Text})
		l.close(now, RefusedLogin, r.Text)
	}
}

// Answer gives the verdict on the last Claim. A refusal is sent, then the link
// closes with the same text, unless the verdict lets the peer try again; inside
// EAP the peer may have to answer first. Without a Claim that waits it does
// nothing: told is false.
func (l *Link) Answer(now time.Time, v auth.Verdict) (told bool) {
	a := &l.auth
	if !a.claimed {
		return false
	}
	a.claimed, a.refusal = false, ""
	if !v.OK {
		a.refusal = v.Message
	}
	a.server.Answer(now, v, &l.out)
	a.until = now.Add(l.opt.authTimeout())
	l.judged(now)
	if l.phase == Network || l.phase == Callback {
		a.until = time.Time{}
	}
	if every := l.opt.Rechallenge; v.OK && every > 0 && l.auth.server != nil {
		a.again = now.Add(every)
	}
	return true
}

// judged follows what the peer was told in the end, which may come after our
// verdict: the words of some methods have an answer.
func (l *Link) judged(now time.Time) {
	a := &l.auth
	switch a.server.Outcome() {
	case auth.Failure:
		if c := a.server.Unproven(); c != nil && a.refusal == "" && l.cause == 0 {
			a.refusal = printable(a.server.Err().Error())
			l.tell(Event{Kind: Unproven, Claim: c, Text: a.refusal})
		}
		l.close(now, AuthRefused, a.refusal)
	case auth.Success:
		if !a.peerOK && l.phase == Authenticate {
			a.peerOK = true
			l.tell(Event{Kind: Authenticated})
			l.authenticated(now)
		}
	}
}

// Keys is the keying material of both directions' authentication: the server's
// is left by the peer's login, the client's by ours. They are zero before.
func (l *Link) Keys() (server, client auth.Keys) {
	if l.auth.server != nil {
		server = l.auth.server.Keys()
	}
	if l.auth.client != nil {
		client = l.auth.client.Keys()
	}
	return server, client
}

// Method is how we log in, as far as the peer has asked: of EAP the method inside, once
// one has begun; none where it demands nothing.
func (l *Link) Method() auth.Method {
	if l.auth.client == nil {
		return 0
	}
	return l.auth.client.Method()
}

// end gives up what EAP holds.
func (a *authentication) end() {
	if a.server != nil {
		a.server.End()
	}
	if a.client != nil {
		a.client.End()
	}
}

func (l *Link) expireAuth(now time.Time) {
	a := &l.auth
	if !a.again.IsZero() && !now.Before(a.again) {
		a.again = time.Time{} // until the answer is accepted
		a.server.Rechallenge(now, &l.out)
	}
	switch {
	case a.server != nil && a.server.Expire(now, &l.out):
		l.close(now, AuthTimeout, "you did not say who you are")
	case a.client != nil && a.client.Expire(now, &l.out):
		l.close(now, AuthTimeout, "no answer to our authentication")
	case !a.until.IsZero() && !now.Before(a.until):
		l.close(now, AuthTimeout, "authentication took too long")
	case a.server != nil:
		l.judged(now)
	}
}
