package session

import (
	"context"
	"errors"
	"math"
	"time"

	"carrier/shared/peer"
	"carrier/shared/ppp"
	"carrier/shared/ppp/link"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// farewell bounds how long a session waits for the caller and for the PAC once
// the program ends: two Terminate-Requests take 6 s.
const farewell = 10 * time.Second

var errNoAnswer = errors.New("the PAC did not confirm the end of the call")

// Run serves the caller until the call is over. When ctx ends the caller is told
// so and the call is cleared: Run still waits for that, ten seconds at most.
//
// Between events a call is idle for hours, in here: what Run's frame holds, the
// memory of each call holds.
func (s *Session) Run(ctx context.Context) {
	timer := time.AfterFunc(never, s.ring)
	defer timer.Stop()
	done := ctx.Done()
	if s.o.Connected {
		s.connected(time.Now(), s.o.Rate)
		s.settle()
		s.rewind(timer)
	}
	for !s.over {
		select {
		case <-s.bell:
			s.look()
		case e, ok := <-s.o.Call.Events():
			s.called(e, ok)
		case <-s.login.wait:
			s.admit(time.Now())
		case owner := <-s.login.probe:
			s.probed(time.Now(), owner)
		case <-done:
			done = nil
			s.shutDown()
		}
		s.settle()
		s.rewind(timer)
	}
	s.finish()
}

// look takes what the bell was rung for: a control frame, an end or a negotiation
// that is asked for, a deadline.
func (s *Session) look() {
	if s.data != nil && s.read() {
		s.ring() // there may be another; events have their turn before it
	}
	s.answered(time.Now())
	if s.data != nil {
		s.appraise()
	}
	s.mu.Lock()
	asked, anew := s.asked, s.anew
	s.anew = false
	s.mu.Unlock()
	if asked != nil {
		s.close(time.Now(), asked.reason, asked.text)
	}
	if anew {
		s.renegotiate(time.Now())
	}
	s.expire(time.Now())
}

// read takes one control frame, if one waits.
func (s *Session) read() bool {
	f := s.data.Next()
	if f == nil {
		return false
	}
	switch p, info, err := ppp.Split(f.Octets); {
	case err == nil && p == ppp.IPv6 && s.six.cp != nil:
		s.hear(time.Now(), info)
	case err == nil && p == ppp.IPv4 && s.o.DHCP != nil:
		s.inform(info)
	default:
		s.link.Receive(time.Now(), f.Octets)
	}
	f.Free()
	return true
}

// shutDown ends the session because the program ends.
func (s *Session) shutDown() {
	s.until = time.Now().Add(farewell)
	text := "the server is shutting down"
	if s.o.Dial != nil {
		text = "the client is shutting down"
	}
	s.close(time.Now(), record.Shutdown, text)
}

// never is a deadline that no call lives to see.
const never = math.MaxInt64

// rewind sets the timer to the session's deadline.
func (s *Session) rewind(timer *time.Timer) {
	if d := s.deadline(); !d.IsZero() {
		timer.Reset(time.Until(d))
	} else {
		timer.Stop()
	}
}

// settle does what the link's events ask for, then sends its frames: what an
// event changes is in force before the frame that tells the caller.
func (s *Session) settle() {
	now := time.Now()
	for events := s.link.Events(); len(events) > 0; events = s.link.Events() {
		for _, e := range events {
			s.happened(now, e)
		}
	}
	for _, f := range s.link.Take() {
		if s.data != nil {
			s.data.SendControl(f)
		}
	}
}

// called takes an event of the PPTP call. Without one, the call is over.
func (s *Session) called(e peer.Event, ok bool) {
	if !ok {
		e = peer.Event{Kind: peer.Ended}
	}
	switch m := e.Message.(type) {
	case pptp.IncomingCallConnected:
		s.connected(time.Now(), int(min(m.ConnectSpeed, math.MaxInt32)))
	case pptp.WANErrorNotify: // cumulative, RFC 2637 §2.14
		s.o.Counters.Errors.Store(uint64(m.CRCErrors) + uint64(m.FramingErrors) + uint64(m.HardwareOverruns) +
			uint64(m.BufferOverruns) + uint64(m.TimeoutErrors) + uint64(m.AlignmentErrors))
	}
	switch e.Kind {
	case peer.Cleared:
		s.hungUp()
	case peer.Ended:
		s.ended(time.Now(), e.Err)
	}
}

// connected starts PPP: the caller's modem has answered, or she has none.
func (s *Session) connected(now time.Time, rate int) {
	if s.data != nil || !s.running() {
		return
	}
	s.note(func(r *record.Call) { r.Rate = rate })
	s.data = s.o.Connect(rate, s.ring)
	s.codingDown()
	s.stage(record.Establishing)
	s.link.Up(now)
}

// expire does what is due.
func (s *Session) expire(now time.Time) {
	if d := s.link.Deadline(); !d.IsZero() && !now.Before(d) {
		s.link.Expire(now)
	}
	if s.login.wait != nil && !now.Before(s.login.until) {
		s.stays(now)
	}
	s.advertise(now)
	s.lapse(now)
	s.release(now)
	if !s.report.IsZero() && !now.Before(s.report) {
		s.report = s.data.Report()
	}
	s.checkLimits(now)
	if !s.until.IsZero() && !now.Before(s.until) {
		s.ended(now, errNoAnswer)
	}
}

// deadline is when expire is wanted; zero: never.
func (s *Session) deadline() time.Time {
	d := earlier(earlier(s.link.Deadline(), earlier(s.until, s.report)), earlier(s.idle, earlier(s.limit, s.warn)))
	d = earlier(d, s.wanting)
	if h := s.login.held; h != nil {
		d = earlier(d, h.until)
	}
	if s.login.wait != nil {
		d = earlier(d, s.login.until)
	}
	if x := s.six; x.router != nil {
		d = earlier(d, x.router.Deadline())
	}
	if x := s.six.server; x != nil {
		d = earlier(d, x.Deadline())
	}
	return d
}

// earlier is the earlier of two times of which the zero one means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// happened takes one event of the link.
func (s *Session) happened(now time.Time, e link.Event) {
	switch e.Kind {
	case link.LinkUp:
		s.linkUp(now)
	case link.LinkDown:
		s.linkDown(now)
	case link.Claimed:
		s.claimed(now, e.Claim)
	case link.LoggedIn:
		if s.o.Dial != nil { // a caller who wants to know us is known by what we ask
			s.entered(now)
		}
	case link.Unproven:
		s.unproven(now, e.Claim, e.Text)
	case link.Authenticated:
		s.authenticated(now)
	case link.CallbackAsked:
		s.callback(now, e.Choice)
	case link.CallbackCheated:
		s.noCallback(e.Text)
	case link.NetworkUp:
		s.networkUp(now, e.Protocol)
	case link.NetworkDown:
		s.networkDown(e.Protocol)
	case link.NetworkOver:
		s.networkOver(now, e)
	case link.Identified:
		s.identified(e.Text)
	case link.Remaining:
		s.remains(e)
	case link.ProtocolRejected:
		s.protocolRejected(e.Protocol)
	case link.Finished:
		s.finished(now, e)
	}
}
