package cp

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"carrier/shared/ppp"
)

// An end is one of the two of a way; a *Machine is one.
type end interface {
	Open(time.Time, *ppp.Outbox) Action
	Up(time.Time, *ppp.Outbox) Action
	Down(time.Time, *ppp.Outbox) Action
	Receive(time.Time, Packet, *ppp.Outbox) Action
	Expire(time.Time, *ppp.Outbox) Action
	Deadline() time.Time
	State() State
}

// A literal end does as RFC 1661 says and not a thing besides, as pppd does: it begins
// anew at each request in Opened, and asks each 3 s.
type literal struct {
	auto     Automaton
	id       uint8
	answered bool
	timer    time.Time
}

func (l *literal) State() State        { return l.auto.State() }
func (l *literal) Deadline() time.Time { return l.timer }

func (l *literal) Open(now time.Time, out *ppp.Outbox) Action { return l.step(now, Open, 0, out) }
func (l *literal) Up(now time.Time, out *ppp.Outbox) Action   { return l.step(now, Up, 0, out) }
func (l *literal) Down(now time.Time, out *ppp.Outbox) Action { return l.step(now, Down, 0, out) }

func (l *literal) Expire(now time.Time, out *ppp.Outbox) Action {
	if l.timer.IsZero() || now.Before(l.timer) {
		return 0
	}
	return l.step(now, TOPlus, 0, out)
}

func (l *literal) Receive(now time.Time, p Packet, out *ppp.Outbox) Action {
	switch {
	case p.Code == ConfigureRequest:
		return l.step(now, RCRPlus, p.ID, out)
	case p.Code == ConfigureAck && p.ID == l.id && !l.answered:
		l.answered = true
		return l.step(now, RCA, p.ID, out)
	}
	return 0
}

func (l *literal) step(now time.Time, e Event, id uint8, out *ppp.Outbox) Action {
	do := l.auto.Step(e)
	if do.Has(SCR) {
		if e != TOPlus {
			l.id++
		}
		l.answered, l.timer = false, now.Add(3*time.Second)
		out.Send(ppp.IPCP, Packet{ConfigureRequest, l.id, nil}.Append(nil))
	}
	if do.Has(SCA) {
		out.Send(ppp.IPCP, Packet{ConfigureAck, id, nil}.Append(nil))
	}
	if !l.auto.TimerRuns() {
		l.timer = time.Time{}
	}
	return do
}

// A way takes what two ends say to the other one, in a time.
type way struct {
	ends  [2]end
	takes time.Duration
	now   time.Time
	sent  []parcel
	moved time.Time // when one of them last came to Opened, or left it
}

type parcel struct {
	to int
	at time.Time
	Packet
}

func newWay(a, b end, takes time.Duration) *way {
	w := &way{ends: [2]end{a, b}, takes: takes, now: time.Unix(1e9, 0)}
	for i, e := range w.ends {
		w.does(i, func(out *ppp.Outbox) Action { return e.Open(w.now, out) | e.Up(w.now, out) })
	}
	return w
}

// does puts what an end says on its way.
func (w *way) does(i int, f func(*ppp.Outbox) Action) {
	var out ppp.Outbox
	if f(&out).Has(TLU | TLD) {
		w.moved = w.now
	}
	for _, frame := range out.Take() {
		_, info, _ := ppp.Split(frame)
		p, err := Parse(info)
		if err != nil {
			panic(err)
		}
		w.sent = append(w.sent, parcel{1 - i, w.now.Add(w.takes), p})
	}
}

// run lets time pass.
func (w *way) run(d time.Duration) {
	for until := w.now.Add(d); ; {
		next := until
		for _, e := range w.ends {
			if at := e.Deadline(); !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		if len(w.sent) > 0 && !w.sent[0].at.After(next) {
			p := w.sent[0]
			w.sent, w.now = w.sent[1:], p.at
			w.does(p.to, func(out *ppp.Outbox) Action { return w.ends[p.to].Receive(w.now, p.Packet, out) })
			continue
		}
		w.now = next
		for i, e := range w.ends {
			w.does(i, func(out *ppp.Outbox) Action { return e.Expire(w.now, out) })
		}
		if next.Equal(until) {
			return
		}
	}
}

// settled is how long after a time the ends came to rest, both of them Opened.
func (w *way) settled(since time.Time) (after time.Duration, ok bool) {
	quiet := w.now.Sub(w.moved) > 2*time.Minute
	opened := !slices.ContainsFunc(w.ends[:], func(e end) bool { return e.State() != Opened })
	return w.moved.Sub(since), quiet && opened
}

func ours() end { return NewMachine(ppp.IPCP, &words{}, Options{}) }

// Where an answer takes longer than the Restart timer, two ends that go by the letter
// begin anew for ever. One of ours comes to rest with either, at first and when it is
// negotiated afresh.
func TestSlowWay(t *testing.T) {
	for takes := 250 * time.Millisecond; takes < 3*time.Second; takes += 250 * time.Millisecond {
		for name, other := range map[string]end{"one of ours": ours(), "one by the letter": &literal{}} {
			t.Run(fmt.Sprintf("%v, %s", takes, name), func(t *testing.T) {
				w := newWay(ours(), other, takes)
				for range 3 {
					began := w.now
					w.run(5 * time.Minute)
					if after, ok := w.settled(began); !ok || after > 8*takes+3*time.Second {
						t.Errorf("settled %v, after %v", ok, after)
					}
					w.does(0, func(out *ppp.Outbox) Action { return w.ends[0].Down(w.now, out) | w.ends[0].Up(w.now, out) })
				}
			})
		}
	}
	w := newWay(&literal{}, &literal{}, 2*time.Second)
	w.run(5 * time.Minute)
	if _, ok := w.settled(w.now); ok {
		t.Error("two ends by the letter come to rest: the others show nothing")
	}
}

// Only so many repeats are taken for such: whoever asks the same again has begun anew.
// What differs is no repeat, nor is what another negotiation has agreed on.
func TestRepeatedRequest(t *testing.T) {
	r := newRig(t, Options{}).open()
	for range maxRepeats {
		r.recv(1, 1)
		r.wantDone(0)
		r.want(Opened, "02 01 00 04")
	}
	r.recv(1, 1)
	r.wantDone(TLD)
	r.want(AckSent, "01 02 00 04", "02 01 00 04")
	r.recv(2, 2)
	r.want(Opened)
	r.recv(1, 2)
	r.wantDone(TLD)
	r.want(AckSent, "01 03 00 04", "02 02 00 04")
	r.recv(2, 3)
	r.want(Opened)
	r.recv(1, 2, 1, 2)
	r.wantDone(TLD)
	r.want(AckSent, "01 04 00 04", "02 02 00 06 01 02")
}

// The Restart timer follows what an answer takes, twice 3 s at most, where the answer
// came twice, for else a request may have been lost; it is as before once
// answers come soon. That of Terminate-Requests stays.
func TestRestartTimerFollowsTheWay(t *testing.T) {
	r := newRig(t, Options{})
	r.start()
	for _, tt := range []struct {
		took  time.Duration
		twice bool
		next  time.Duration
	}{
		{time.Second, false, 3 * time.Second},
		{4 * time.Second, false, 3 * time.Second},
		{4 * time.Second, true, 6 * time.Second},
		{25 * time.Second, true, 6 * time.Second},
		{3 * time.Second, false, 4500 * time.Millisecond},
		{20 * time.Second, true, 6 * time.Second},
	} {
		id, at := r.reqID, r.now.Add(tt.took)
		for r.Deadline().Before(at) {
			r.expire()
		}
		r.now = at
		r.recv(3, id, 1, 3, 9)
		if tt.twice {
			r.recv(3, id, 1, 3, 9)
		}
		if r.reqID == id {
			t.Fatal("that was no answer")
		}
		at = r.now
		r.expire()
		if got := r.Deadline().Sub(r.now); got != tt.next {
			t.Errorf("after %+v it is %v", tt, got)
		}
		r.now = at // the next is answered as if it had been sent once
	}
	r.did |= r.Machine.Close(r.now, "", &r.out)
	if got := r.Deadline().Sub(r.now); r.State() != Closing || got != 3*time.Second {
		t.Errorf("%v, for %v", r.State(), got)
	}
}
