package dial

import (
	"context"
	"sync"
	"time"

	"carrier/pns/internal/session"
	"carrier/shared/record"
)

// A line keeps one entry's call. Its goroutine is run's.
type line struct {
	o       *Options
	history *record.History
	gate    *gate // nil: the call is always wanted
	stop    context.CancelFunc
	ended   chan struct{}     // closed when run is over, or never was
	after   []<-chan struct{} // what must have ended before it begins: it may have the same routes

	used chan struct{} // the entry was used again

	mu     sync.Mutex
	entry  Entry
	now    *session.Session // nil: no call runs
	doing  Doing
	to     string    // of doing, or of the last call
	next   time.Time // of the next attempt, while there is a pause
	failed int       // attempts since the last call that was online
	busy   bool      // the last of them found somebody else talking
	text   string    // why the last attempt or call ended
}

// Doing is what a line does.
type Doing string

// What a line does.
const (
	Waiting Doing = "waiting" // for a packet
	Pausing Doing = "pausing" // after a failure or the end of a call
	Calling Doing = "calling" // no network is up
	Online  Doing = "online"
	Refused Doing = "refused" // the number may not be dialled: until Use
)

// A State is what one entry's call does.
type State struct {
	Name   string
	Doing  Doing
	To     string    // the server, or the number and its PAC, that is called, or was last; "": none yet
	Call   string    // the name of the call that runs; "": none does
	Next   time.Time // of the next attempt, while Pausing
	Failed int       // attempts in a row that came to no network
	Text   string    // why the last one ended; "": it has not
}

func newLine(o *Options, h *record.History, e Entry) *line {
	l := &line{o: o, history: h, entry: e, ended: make(chan struct{}), used: make(chan struct{}, 1), doing: Waiting}
	if e.OnDemand {
		l.gate = newGate(o.Delegator, e.Dial.Routes, e.Activity)
	}
	return l
}

// is tells whether a line is an entry's.
func (l *line) is(e Entry) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entry.Name == e.Name && l.entry.Sum == e.Sum
}

// use has the next call go by an entry.
func (l *line) use(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entry = e
	select {
	case l.used <- struct{}{}:
	default:
	}
}

func (l *line) settings() Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entry
}

func (l *line) session() *session.Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// retire ends a line, and returns what is closed when it is over.
func (l *line) retire() <-chan struct{} {
	if l.stop == nil { // it never ran
		close(l.ended)
		return l.ended
	}
	if s := l.session(); s != nil {
		s.End(record.Drained, "this tunnel is wanted no more")
	}
	l.stop()
	return l.ended
}

// state is what the line does.
func (l *line) state() State {
	l.mu.Lock()
	s := State{Name: l.entry.Name, Doing: l.doing, To: l.to, Next: l.next, Failed: l.failed, Text: l.text}
	now := l.now
	l.mu.Unlock()
	if now != nil {
		r := now.Record()
		if s.Call = r.Name; r.Stage == record.Online {
			s.Doing, s.Failed = Online, 0
		}
	}
	return s
}

// does notes what the line does, and until when.
func (l *line) does(what Doing, next time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doing, l.next = what, next
}

// run keeps the call until ctx ends.
func (l *line) run(ctx context.Context) {
	defer close(l.ended)
	for _, other := range l.after {
		<-other
	}
	if l.gate != nil {
		if err := l.gate.open(); err != nil {
			l.o.Log.Error("what is behind a server cannot be routed there", "dial", l.entry.Name, "error", err)
			return
		}
		defer l.gate.close()
	}
	for l.wanted(ctx) {
		ended := l.round(ctx)
		if l.gate != nil {
			if ended.Reason == record.IdleTimeout {
				continue
			}
			l.gate.forget()
		}
		if ended.Reason == record.NumberRefused {
			if !l.refused(ctx) {
				return
			}
		} else if !l.pause(ctx) {
			return
		}
	}
}

// wanted waits until the call is wanted; false: ctx ended.
func (l *line) wanted(ctx context.Context) bool {
	if l.gate == nil {
		return ctx.Err() == nil
	}
	l.does(Waiting, time.Time{})
	select {
	case <-l.gate.rung:
		return true
	case <-ctx.Done():
		return false
	}
}

// round goes the entry's ways in their order, each server at all its addresses, until
// one has been online, and returns how the last call ended.
func (l *line) round(ctx context.Context) (ended record.Call) {
	select {
	case <-l.used: // this is the call that follows
	default:
	}
	e := l.settings()
	if e.Number != nil {
		return l.call(ctx, e, e.Number)
	}
	for _, s := range e.Servers {
		all, err := s.Resolve(ctx, l.o.Resolver)
		if err != nil {
			ended = l.missed(ctx, l.attempted(e, unresolved(s)), record.NoTunnel, err)
		}
		for _, to := range all {
			if ended = l.call(ctx, e, e.server(to)); ctx.Err() != nil || !ended.Up.IsZero() {
				return ended
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return ended
}

// pause waits before the next round; false: ctx ended.
func (l *line) pause(ctx context.Context) bool {
	l.mu.Lock()
	failed := l.failed
	if l.busy {
		failed = 1
	}
	wait := Pause(failed, l.entry.Retry, l.entry.RetryMax)
	l.mu.Unlock()
	l.does(Pausing, time.Now().Add(wait))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// refused waits until the entry is used again: a number that may not be dialled, or is
// none, stays so until somebody has changed something. What came for the call meanwhile
// is forgotten. False: ctx ended.
func (l *line) refused(ctx context.Context) bool {
	l.does(Refused, time.Time{})
	select {
	case <-l.used:
	case <-ctx.Done():
		return false
	}
	if l.gate != nil {
		l.gate.forget()
	}
	return true
}
