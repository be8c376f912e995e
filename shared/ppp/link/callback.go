package link

import (
	"time"

	"carrier/shared/ppp/cbcp"
	"carrier/shared/ppp/lcp"
)

// callback is the state of the phase of that name, and what stays of it to
// acknowledge a choice that comes again.
type callback struct {
	offer  cbcp.Offer
	server *cbcp.Server // nil: the peer does not ask by CBCP
	client *cbcp.Client // nil: we do not
	asked  *cbcp.Choice // that waits for AnswerCallback
	until  time.Time    // when the phase must be over, or the peer have hung up; zero: it does not run
	agreed bool         // one end will be called back: the link is to close
}

// farewell is how long a peer that is to be called back has to hang up itself: in
// this time an acknowledgement that was lost can come again.
const farewell = 5 * time.Second

// callbackTime is how long the phase may last: ten Requests, and an owner that
// takes its time.
const callbackTime = 60 * time.Second

// calling is the callback of the link, which most have none of.
func (l *Link) calling() *callback {
	if l.back == nil {
		l.back = new(callback)
	}
	return l.back
}

// end forgets all but the offer, which is the owner's.
func (c *callback) end() {
	if c != nil {
		*c = callback{offer: c.offer}
	}
}

func (c *callback) Deadline() time.Time {
	if c == nil {
		return time.Time{}
	}
	d := c.until
	if c.server != nil {
		d = earlier(d, c.server.Deadline())
	}
	if c.client != nil {
		d = earlier(d, c.client.Deadline())
	}
	return d
}

// byCBCP tells that LCP agreed on CBCP.
func (l *Link) byCBCP() bool {
	agreed := l.lcp.Agreed()
	by := func(c *lcp.Callback) bool { return c != nil && c.Operation == lcp.ByCBCP }
	return by(agreed.Theirs.Callback) || by(agreed.Ours.Callback)
}

// OfferCallback says what a peer that wants to be called back may choose from;
// without it, not to be called back. It comes before the Answer that accepts the
// peer.
func (l *Link) OfferCallback(o cbcp.Offer) { l.calling().offer = o }

// enterCallback begins the phase where LCP agreed on callback; else the
// Network-Layer Protocol phase. RFC 1570 §2.3 has nothing to negotiate: what the
// peer wants is known.
func (l *Link) enterCallback(now time.Time) {
	agreed := l.lcp.Agreed()
	theirs, ours := agreed.Theirs.Callback, agreed.Ours.Callback
	if theirs == nil && ours == nil {
		l.enterNetwork(now)
		return
	}
	c := l.calling()
	l.phase, c.until = Callback, now.Add(callbackTime)
	switch {
	case theirs != nil && theirs.Operation == lcp.ByCBCP:
		c.server = cbcp.NewServer(c.offer)
		c.server.Start(now, &l.out)
	case theirs != nil:
		choice := cbcp.Choice{Type: cbcp.Fixed, Number: theirs.Number()}
		if choice.Number != "" {
			choice.Type = cbcp.Caller
		}
		c.asked = &choice
		l.tell(Event{Kind: CallbackAsked, Choice: choice})
	}
	if ours != nil && ours.Operation == lcp.ByCBCP {
		c.client = cbcp.NewClient(l.opt.Callback)
	}
}

// receiveCallback gives a packet to both roles: each knows its own. Before the phase
// there is neither; the other end will send it again.
func (l *Link) receiveCallback(now time.Time, info []byte) {
	c := l.calling()
	if c.server != nil {
		switch choice, err := c.server.Receive(info, &l.out); {
		case err != nil:
			l.tell(Event{Kind: CallbackCheated, Text: err.Error()})
			l.close(now, CallbackRefused, err.Error())
		case choice != nil:
			c.asked = choice
			l.tell(Event{Kind: CallbackAsked, Choice: *choice})
		}
	}
	if c.client == nil || l.phase != Callback {
		return
	}
	switch choice, err := c.client.Receive(now, info, &l.out); {
	case err != nil:
		l.close(now, CallbackFailed, err.Error())
	case choice != nil:
		l.tell(Event{Kind: CallbackAgreed, Choice: *choice})
		if choice.Type == cbcp.None {
			l.leaveCallback(now)
			return
		}
		c.agreed = true
		l.close(now, CalledBack, "call me back")
	}
}

// AnswerCallback is the verdict on what the peer chose. One that is to be called back
// is told so, and has five seconds to hang up; then the link closes. Else the link goes
// on. A refusal closes it, and text tells the peer why. Without a choice that waits it
// does nothing.
func (l *Link) AnswerCallback(now time.Time, ok bool, text string) {
	c := l.calling()
	if c.asked == nil || l.phase != Callback {
		return
	}
	choice := c.asked
	c.asked = nil
	switch {
	case !ok:
		l.close(now, CallbackRefused, text)
	case c.server == nil: // RFC 1570 §2.3: the link is terminated at once
		l.close(now, CalledBack, text)
	default:
		c.server.Answer(&l.out)
		if choice.Type == cbcp.None {
			l.leaveCallback(now)
			return
		}
		c.agreed, c.until = true, now.Add(farewell)
	}
}

// leaveCallback goes on where nobody is to be called back.
func (l *Link) leaveCallback(now time.Time) {
	l.calling().until = time.Time{}
	l.enterNetwork(now)
}

func (l *Link) expireCallback(now time.Time) {
	c := l.back
	if c == nil {
		return
	}
	switch {
	case c.server != nil && c.server.Expire(now, &l.out):
		l.close(now, CallbackFailed, "you asked for callback, and did not say how")
	case c.client != nil && c.client.Expire(now, &l.out):
		l.close(now, CallbackFailed, "no answer to our choice of callback")
	case c.until.IsZero() || now.Before(c.until):
	case c.agreed:
		c.until = time.Time{}
		l.close(now, CalledBack, "you are called back")
	default:
		c.until = time.Time{}
		l.close(now, CallbackFailed, "callback took too long")
	}
}
