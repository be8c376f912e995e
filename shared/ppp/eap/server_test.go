package eap

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"carrier/shared/ppp"
)

// asked is a server that has learnt the name and begun its first method.
func asked(t *testing.T, methods ...Method) (*Server, *ppp.Outbox) {
	t.Helper()
	s, out := NewServer(7, methods), new(ppp.Outbox)
	s.Start(now, out)
	sent(t, out, "01 07 0005 01")
	if e := s.Receive(now, unhex(t, "02 07 000a 01 736172616e"), out); e != Nothing || s.Name() != "saran" {
		t.Fatalf("event %d, name %q", e, s.Name())
	}
	return s, out
}

func TestServerRunsAMethod(t *testing.T) {
	m := &scripted{kind: 99, steps: []Step{{}, {Do: Ask, Data: []byte("x")}, {Do: Decide}}}
	s, out := asked(t, m)
	sent(t, out, "01 08 0007 63 b0 08")
	s.Receive(now, unhex(t, "02 08 0006 63 01"), out) // dropped by the method
	sent(t, out)
	s.Receive(now, unhex(t, "02 08 0006 63 02"), out)
	sent(t, out, "01 09 0006 63 78")
	if e := s.Receive(now, unhex(t, "02 09 0006 63 03"), out); e != Decision || !s.Deadline().IsZero() {
		t.Errorf("event %d, deadline %v", e, s.Deadline())
	}
	if e := s.Receive(now, unhex(t, "02 09 0006 63 03"), out); e != Nothing { // the owner takes its time
		t.Errorf("event %d", e)
	}
	sent(t, out)
	if e := s.Continue(now, Step{Do: Succeed}, out); e != Succeeded || m.ended == 0 {
		t.Errorf("event %d, ended %d", e, m.ended)
	}
	sent(t, out, "03 09 0004")
	s.Receive(now, unhex(t, "02 09 0006 63 03"), out) // the Success was lost
	sent(t, out, "03 09 0004")
	if e := s.Continue(now, Step{Do: Fail}, out); e != Nothing {
		t.Errorf("a second decision: event %d", e)
	}
	sent(t, out)
	if got := fmt.Sprintf("%q", m.took); got != `["\x01" "\x02" "\x03"]` {
		t.Errorf("the method took %s", got)
	}
}

// The peer may refuse a method before it has answered one of its Requests; the
// server's order decides which of those it takes is next.
func TestNakChoosesTheNextMethodInTheServersOrder(t *testing.T) {
	one, two, three, four := &scripted{kind: 10}, &scripted{kind: 20}, &scripted{kind: 30, fails: true}, &scripted{kind: 40}
	s, out := asked(t, one, two, three, four)
	sent(t, out, "01 08 0007 0a b0 08")
	s.Receive(now, unhex(t, "02 08 0008 03 28 1e 63"), out) // 40, 30 and one that we do not have
	sent(t, out, "01 09 0007 28 b0 09")
	if one.ended == 0 || s.Method() != four {
		t.Errorf("the first ended %d times, %v is next", one.ended, s.Method())
	}
	s.Receive(now, unhex(t, "02 09 0006 28 01"), out)
	sent(t, out, "01 0a 0009 28 6d6f7265")
	s.Receive(now, unhex(t, "02 0a 0006 03 14"), out) // too late
	sent(t, out)
}

// A method that is held begins when the owner says so, wherever it stands in the order; a
// no ends the conversation.
func TestHeldMethods(t *testing.T) {
	for name, tt := range map[string]struct {
		kinds []Type // of the methods; 20 is held
		naks  int
		id    string // of the Request that follows
	}{
		"first":       {[]Type{20, 30}, 0, "08"},
		"after a Nak": {[]Type{10, 20}, 1, "09"},
	} {
		for _, do := range []Do{Succeed, Fail} {
			var all []Method
			for _, k := range tt.kinds {
				all = append(all, &scripted{kind: k, steps: []Step{{Do: Decide}}})
			}
			s, out := NewServer(7, all), new(ppp.Outbox)
			s.Hold(20)
			s.Start(now, out)
			e := s.Receive(now, unhex(t, "02 07 000a 01 736172616e"), out)
			if tt.naks > 0 {
				e = s.Receive(now, unhex(t, "02 08 0007 03 14 1e"), out)
			}
			if out.Take(); e != Named || s.Method() != nil || !s.Deadline().IsZero() || s.Name() != "saran" {
				t.Fatalf("%s: event %d, method %v, deadline %v", name, e, s.Method(), s.Deadline())
			}
			if e := s.Receive(now, unhex(t, "02 08 0006 14 01"), out); e != Nothing { // it has not begun
				t.Errorf("%s: event %d", name, e)
			}
			sent(t, out)
			if do == Fail {
				if e := s.Continue(now, Step{Do: Fail}, out); e != Failed || s.Err() != nil {
					t.Errorf("%s: event %d, %v", name, e, s.Err())
				}
				sent(t, out, map[string]string{"08": "04 07 0004", "09": "04 08 0004"}[tt.id])
				continue
			}
			if e := s.Continue(now, Step{Do: Succeed}, out); e != Nothing {
				t.Errorf("%s: event %d", name, e)
			}
			sent(t, out, "01 "+tt.id+" 0007 14 b0 "+tt.id)
			if e := s.Receive(now, unhex(t, "02 "+tt.id+" 0006 14 01"), out); e != Decision {
				t.Errorf("%s: the method's own decision is event %d", name, e)
			}
			if e := s.Continue(now, Step{Do: Succeed}, out); e != Succeeded {
				t.Errorf("%s: at its end event %d", name, e)
			}
		}
	}
}

func TestNakLoopsEnd(t *testing.T) {
	for name, nak := range map[string]string{"none": "02 08 0006 03 00", "no type at all": "02 08 0005 03",
		"itself": "02 08 0006 03 0a", "others": "02 08 0008 03 63 64 65"} {
		s, out := asked(t, &scripted{kind: 10}, &scripted{kind: 20})
		out.Take()
		if e := s.Receive(now, unhex(t, nak), out); e != Failed || !errors.Is(s.Err(), ErrNoMethod) {
			t.Errorf("%s: event %d, %v", name, e, s.Err())
		}
		sent(t, out, "04 08 0004")
	}
	// A peer that takes everything, and then nothing.
	var all []Method
	for i := range 50 {
		all = append(all, &scripted{kind: Type(100 + i)})
	}
	s, out := asked(t, all...)
	e := Nothing
	n := 0
	for ; e == Nothing; n++ {
		nak := Packet{Response, s.id, Nak, nil}
		for i := range 100 {
			nak.Data = append(nak.Data, byte(100+i))
		}
		e = s.Receive(now, nak.Append(nil), out)
	}
	if e != Failed || n != 50 {
		t.Errorf("event %d after %d", e, n)
	}
}

func TestAMethodThatCannotBeginIsPassedOver(t *testing.T) {
	s, out := asked(t, &scripted{kind: 10, fails: true}, &scripted{kind: 20})
	sent(t, out, "01 08 0007 14 b0 08")
	if s.Method().Type() != 20 {
		t.Error(s.Method())
	}
	s, out = NewServer(7, []Method{&scripted{kind: 10, fails: true}}), new(ppp.Outbox)
	s.Start(now, out)
	out.Take()
	if e := s.Receive(now, unhex(t, "02 07 000a 01 736172616e"), out); e != Failed || s.Err() == nil || s.Err().Error() != "it cannot begin" {
		t.Errorf("event %d, %v", e, s.Err())
	}
	sent(t, out, "04 07 0004")
}

func TestWithoutMethodsTheServerOnlyLearnsTheName(t *testing.T) {
	s, out := NewServer(0, nil), new(ppp.Outbox)
	s.Start(now, out)
	out.Take()
	if e := s.Receive(now, unhex(t, "02 00 000a 01 736172616e"), out); e != Named || s.Name() != "saran" {
		t.Errorf("event %d, %q", e, s.Name())
	}
	sent(t, out)
	if e := s.Continue(now, Step{Do: Fail}, out); e != Failed {
		t.Errorf("event %d", e)
	}
	sent(t, out, "04 00 0004")
}

func TestResponsesToNoRequest(t *testing.T) {
	s, out := NewServer(7, []Method{&scripted{kind: 10}}), new(ppp.Outbox)
	good := unhex(t, "02 07 000a 01 736172616e")
	if s.Receive(now, good, out); s.Name() != "" {
		t.Error("an answer before the question")
	}
	s.Start(now, out)
	out.Take()
	for _, other := range []string{
		"02 06 000a 01 736172616e", "02 08 000a 01 736172616e", // other Identifiers
		"02 07 0006 03 0a", "02 07 0005 02", "02 07 0006 0a 01", // other types
		"01 07 000a 01 736172616e", "03 07 0004", "04 07 0004", "05 07 0005 01", // not Responses
	} {
		if e := s.Receive(now, unhex(t, other), out); e != Nothing || s.Name() != "" {
			t.Errorf("%s: event %d", other, e)
		}
		sent(t, out)
	}
	s.Receive(now, good, out)
	out.Take()
	for _, other := range []string{"02 07 000a 01 736172616e", "02 08 000a 01 736172616e", "02 08 0006 0b 01", "03 08 0004", "02 08 0005 02"} {
		if e := s.Receive(now, unhex(t, other), out); e != Nothing {
			t.Errorf("%s: event %d", other, e)
		}
		sent(t, out)
	}
}

func TestRequestsAreRepeatedUnchanged(t *testing.T) {
	s, out := asked(t, &scripted{kind: 10})
	sent(t, out, "01 08 0007 0a b0 08")
	at, waits := now, []time.Duration{}
	for {
		next := s.Deadline()
		waits = append(waits, next.Sub(at))
		if e := s.Expire(next.Add(-1), out); e != Nothing {
			t.Fatal("early")
		}
		sent(t, out)
		at = next
		if s.Expire(at, out) == Failed {
			break
		}
		sent(t, out, "01 08 0007 0a b0 08")
	}
	sent(t, out)
	if got := fmt.Sprint(waits); got != "[3s 6s 9s 12s 15s]" || !s.Deadline().IsZero() {
		t.Errorf("waited %s", got)
	}
	if e := s.Receive(at, unhex(t, "02 08 0006 0a 01"), out); e != Nothing {
		t.Errorf("event %d after the end", e)
	}
}

func TestAFailureWithWordsIsANotificationFirst(t *testing.T) {
	s, out := asked(t, &scripted{kind: 10, steps: []Step{{Do: Fail, Text: "no", Err: errors.New("why")}}})
	out.Take()
	s.Receive(now, unhex(t, "02 08 0006 0a 01"), out)
	sent(t, out, "01 09 0007 02 6e6f")
	for _, other := range []string{"02 08 0006 0a 01", "02 09 0006 0a 01", "02 09 0005 01"} {
		if e := s.Receive(now, unhex(t, other), out); e != Nothing {
			t.Errorf("%s: event %d", other, e)
		}
	}
	sent(t, out)
	if e := s.Receive(now, unhex(t, "02 09 0005 02"), out); e != Failed || s.Err().Error() != "why" {
		t.Errorf("event %d, %v", e, s.Err())
	}
	sent(t, out, "04 09 0004")

	// A peer that does not read it is told no all the same.
	s, out = asked(t, &scripted{kind: 10, steps: []Step{{Do: Fail, Text: "no"}}})
	s.Receive(now, unhex(t, "02 08 0006 0a 01"), out)
	e := Nothing
	for range maxAsked {
		out.Take()
		e = s.Expire(s.Deadline(), out)
	}
	if e != Failed {
		t.Errorf("event %d", e)
	}
	sent(t, out, "04 09 0004")
}

func TestRoundsOfAServerAreBounded(t *testing.T) {
	m := &scripted{kind: 10}
	s, out := asked(t, m)
	e, n := Nothing, 0
	for ; e == Nothing && n < 1000; n++ {
		e = s.Receive(now, Packet{Response, s.id, 10, []byte("x")}.Append(nil), out)
	}
	if e != Failed || n != maxRounds || !errors.Is(s.Err(), ErrRounds) || m.ended == 0 {
		t.Errorf("event %d after %d, %v", e, n, s.Err())
	}
}

func TestEndOfAServer(t *testing.T) {
	m := &scripted{kind: 10}
	s, out := asked(t, m)
	out.Take()
	s.End()
	if e := s.Receive(now, unhex(t, "02 08 0006 0a 01"), out); e != Nothing || m.ended != 1 || !s.Deadline().IsZero() || len(m.took) != 0 {
		t.Errorf("event %d, ended %d", e, m.ended)
	}
	s.Repeat(out)
	sent(t, out)
}

// TLS has time to calculate, on a slow machine and over a slow line, before its
// Request comes again.
func TestTLSIsRepeatedLater(t *testing.T) {
	m := &scripted{kind: TLS}
	s, out := NewServer(1, []Method{m}), new(ppp.Outbox)
	s.Start(now, out)
	if d := s.Deadline().Sub(now); d != 3*time.Second {
		t.Errorf("the Identity is asked for again after %v", d)
	}
	s.Receive(now, Packet{Response, 1, Identity, []byte("saran")}.Append(nil), out)
	out.Take()
	at := now
	for _, want := range []time.Duration{9, 18, 27, 36, 45} {
		d := s.Deadline().Sub(at)
		if d != want*time.Second {
			t.Errorf("it waits %v, want %v s", d, int(want))
		}
		at = s.Deadline()
		s.Expire(at, out)
	}
	if !s.Deadline().IsZero() {
		t.Error("it goes on asking")
	}
}
