package session

import (
	"context"
	"errors"
	"time"

	"carrier/shared/peer"
	"carrier/shared/ppp/link"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// farewell bounds how long a session waits for the caller and for the PAC once
// the program ends: two Terminate-Requests take 6 s.
const farewell = 10 * time.Second

var errNoAnswer = errors.New("the PAC did not confirm the end of the call")

// Run serves the caller until the call is over, and returns what there is to
// remember of it. When ctx ends the caller is told so and the call is cleared:
// Run still waits for that, ten seconds at most.
func (s *Session) Run(ctx context.Context) record.Call {
	timer := time.NewTimer(0)
	defer timer.Stop()
	done := ctx.Done()
	for !s.over {
		var frames <-chan []byte
		if s.data != nil {
			frames = s.data.Frames()
		}
		select {
		case f := <-frames:
			s.input(f)
		case e, ok := <-s.o.Call.Events():
			s.called(e, ok)
		case <-timer.C:
			s.expire(time.Now())
		case <-s.login.wait:
			s.admit(time.Now())
		case owner := <-s.login.probe:
			s.probed(time.Now(), owner)
		case e := <-s.end:
			s.close(time.Now(), e.reason, e.text)
		case <-done:
			done = nil
			s.until = time.Now().Add(farewell)
			s.close(time.Now(), record.Shutdown, "the server is shutting down")
		}
		s.settle(time.Now())
		if d := s.deadline(); !d.IsZero() {
			timer.Reset(time.Until(d))
		} else {
			timer.Stop()
		}
	}
	return s.finish()
}

// input takes one control frame from the caller.
func (s *Session) input(frame []byte) {
	s.link.Receive(time.Now(), frame)
	s.data.Free(frame)
}

// settle does what the link's events ask for, then sends its frames: what an
// event changes is in force before the frame that tells the caller.
func (s *Session) settle(now time.Time) {
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
		s.connected(time.Now(), m)
	case pptp.WANErrorNotify: // cumulative, RFC 2637 §2.14
		s.o.Counters.Errors.Store(uint64(m.CRCErrors) + uint64(m.FramingErrors) + uint64(m.HardwareOverruns) +
			uint64(m.BufferOverruns) + uint64(m.TimeoutErrors) + uint64(m.AlignmentErrors))
	}
	if e.Kind == peer.Ended {
		s.ended(time.Now(), e.Err)
	}
}

// connected starts PPP: the caller's modem has answered.
func (s *Session) connected(now time.Time, m pptp.IncomingCallConnected) {
	if s.data != nil || s.rec.Reason != record.Running {
		return
	}
	s.rec.Rate = int(m.ConnectSpeed)
	s.data = s.o.Connect(m)
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
	s.checkLimits(now)
	if !s.until.IsZero() && !now.Before(s.until) {
		s.ended(now, errNoAnswer)
	}
}

// deadline is when expire is wanted; zero: never.
func (s *Session) deadline() time.Time {
	d := earlier(earlier(s.link.Deadline(), s.until), earlier(s.idle, s.limit))
	if s.login.wait != nil {
		d = earlier(d, s.login.until)
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
		s.linkUp()
	case link.LinkDown:
		s.linkDown()
	case link.Claimed:
		s.claimed(now, e.Claim)
	case link.Authenticated:
		s.authenticated(now)
	case link.NetworkUp:
		s.networkUp(now, e.Protocol)
	case link.NetworkDown:
		s.networkDown(e.Protocol)
	case link.Finished:
		s.finished(now, e)
	}
}
