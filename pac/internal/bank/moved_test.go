package bank

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
	"carrier/shared/record"
)

// A port makes a line each time that it is opened, as long as it is the only
// one; closing takes a while.
type port struct {
	t     *testing.T
	lines []*fakeLine
	open  bool
}

// closing is how long a port takes to close.
const closing = time.Second

type slowLine struct {
	*fakeLine
	port *port
}

func (l slowLine) Close() error {
	time.Sleep(closing)
	l.port.open = false
	return l.fakeLine.Close()
}

// in is the port as a member of a bank.
func (p *port) in(bank string) Member {
	return Member{Bank: bank, Key: "/dev/p", Port: "/dev/p", Open: func(name string) (line.Line, error) {
		if p.open {
			p.t.Error("the port is opened twice")
		}
		p.open = true
		l := newFake(name)
		p.lines = append(p.lines, l)
		return slowLine{l, p}, nil
	}}
}

// last is the line that was made last.
func (p *port) last() *fakeLine { return p.lines[len(p.lines)-1] }

// A line without a call is off the list as soon as it is no member, and its
// name is free; when it comes back its port is closed first.
func TestALineWithoutACallIsRemovedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &port{t: t}
		b, _, stop, done := start(t, new(bytes.Buffer))
		b.Set([]Member{p.in("courier")}, NoLimit)
		want(t, b, "1 idle ")
		b.Set(nil, NoLimit)
		if got := b.Status(); len(got) > 0 {
			t.Errorf("a moment later there is %+v", got)
		}
		other := &port{t: t}
		m := other.in("courier")
		m.Key = "/dev/other"
		b.Set([]Member{m}, NoLimit)
		want(t, b, "1 idle ")
		b.Set([]Member{m, p.in("courier")}, NoLimit)
		time.Sleep(2 * closing)
		want(t, b, "1 idle , 2 idle ")
		if n := len(p.lines); n != 2 || p.last().Name() != "courier/2" {
			t.Errorf("%d lines, the last is %s", n, p.last().Name())
		}
		stop()
		<-done
	})
}

// A bank that gets another name, or gives a port to another bank, touches no
// call: that goes on under the names that it began with, and can be had by
// these and the new ones. Then the line is what it is to be.
func TestALineMovesToAnotherBank(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &port{t: t}
		var banks []string // of the takers
		k := &taker{took: make(chan string), end: make(chan string)}
		b := newBanks(t, k, new(bytes.Buffer))
		b.o.Taker = func(bank string) Taker { banks = append(banks, bank); return k }
		b.Set([]Member{p.in("courier")}, NoLimit)
		stop, done := run(t, b)
		p.last().rings <- line.Ring{}
		<-k.took
		b.Set([]Member{p.in("usr")}, 0)
		want(t, b, "1 ringing ")
		if s := b.Status()[0]; s.Bank != "courier" || b.States()["courier"]["ringing"] != 1 || b.States()["usr"] != nil {
			t.Errorf("in its call: %+v, %v", s, b.States())
		}
		for _, name := range []string{"courier", "courier/1", "usr", "usr/1"} {
			if n, err := b.DrainLines(name, NoLimit); n != 1 || err != nil {
				t.Errorf("drain %s: %d, %v", name, n, err)
			}
			want(t, b, "1 ringing draining")
			if err := b.Undrain(name); err != nil {
				t.Error(err)
			}
		}
		for _, name := range []string{"courier/1", "usr/1"} {
			if err := b.TakeOut([]string{name}, "smoke"); err != nil {
				t.Error(err)
			}
			want(t, b, "1 ringing out")
			if err := b.PutIn([]string{name}); err != nil {
				t.Error(err)
			}
		}
		fresh := &port{t: t} // finds the old name taken as long as it is shown
		m := fresh.in("courier")
		m.Key = "/dev/fresh"
		b.Set([]Member{m, p.in("usr")}, 0)
		want(t, b, "2 idle , 1 ringing ")
		time.Sleep(time.Hour)
		k.end <- ""
		time.Sleep(2 * closing)
		want(t, b, "2 idle , usr/1 idle ")
		if _, err := b.DrainLines("courier/1", NoLimit); err == nil {
			t.Error("courier/1 is a line still")
		}
		p.last().rings <- line.Ring{}
		if got := <-k.took; got != "usr/1 " || !slices.Equal(banks, []string{"courier", "courier", "usr"}) {
			t.Errorf("took %q; %v", got, banks)
		}
		if len(k.ended) > 0 {
			t.Errorf("ended %v", k.ended)
		}
		stop()
		<-done
	})
}

// What is undone before the call ends leaves no trace.
func TestALineMovesThereAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &port{t: t}
		b, k, stop, done := start(t, new(bytes.Buffer))
		b.Set([]Member{p.in("courier")}, NoLimit)
		synctest.Wait()
		p.last().rings <- line.Ring{}
		<-k.took
		for _, bank := range []string{"usr", "usb", "", "courier"} {
			var members []Member
			if bank != "" {
				members = []Member{p.in(bank)}
			}
			b.Set(members, NoLimit)
		}
		want(t, b, "1 ringing ")
		k.end <- ""
		want(t, b, "1 idle ")
		if len(p.lines) != 1 {
			t.Errorf("%d lines were made", len(p.lines))
		}
		stop()
		<-done
	})
}

// A line that was taken out of service stays so under its new name.
func TestALineOutOfServiceMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &port{t: t}
		b, _, stop, done := start(t, new(bytes.Buffer))
		b.Set([]Member{p.in("courier")}, NoLimit)
		if err := b.TakeOut([]string{"courier/1"}, "smoke"); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * closing)
		b.Set([]Member{p.in("usr")}, NoLimit)
		want(t, b, "usr/1 out-of-service out")
		if n := b.States(); n["usr"][OutState] != 1 || n["courier"] != nil {
			t.Errorf("%v", n)
		}
		if err := b.PutIn([]string{"usr/1"}); err != nil {
			t.Error(err)
		}
		want(t, b, "usr/1 idle ")
		stop()
		<-done
	})
}

// An idle line is made anew as soon as something changes that it is made of.
func TestAnIdleLineIsMadeAnewAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &port{t: t}
		b, _, stop, done := start(t, new(bytes.Buffer))
		b.Set([]Member{p.in("courier")}, NoLimit)
		for i, change := range []func(*Member){
			func(*Member) {},
			func(m *Member) { m.Settings = "ATZ" },
			func(m *Member) { m.Settings, m.Bank = "ATZ", "usr" },
		} {
			m := p.in("courier")
			change(&m)
			b.Set([]Member{m}, NoLimit)
			time.Sleep(2 * closing)
			synctest.Wait()
			if got := len(p.lines); got != i+1 || p.last().Name() != m.Bank+"/1" {
				t.Errorf("after change %d line %d is %s", i, got, p.last().Name())
			}
		}
		stop()
		<-done
	})
}

// Whoever drains a line in the very moment in which its call begins finds no
// call, and then there is none, or limits it.
func TestDrainWhileACallBegins(t *testing.T) {
	for round := range 50 {
		synctest.Test(t, func(t *testing.T) {
			l := newFake("l")
			k := &taker{took: make(chan string, 1), end: make(chan string)}
			b := newBanks(t, k, new(bytes.Buffer), l)
			stop, done := run(t, b)
			b.mu.Lock() // the call gets as far as it can beside whoever drains
			drained := make(chan string)
			drain := func() {
				n, err := b.DrainLines(All, time.Minute)
				drained <- fmt.Sprint(n, err)
			}
			if round%2 == 0 {
				go drain()
				yield()
				l.rings <- line.Ring{}
			} else {
				l.rings <- line.Ring{}
				yield()
				go drain()
			}
			yield()
			b.mu.Unlock()
			busy := <-drained
			synctest.Wait()
			if took := len(k.took); busy != fmt.Sprint(took, nil) {
				t.Errorf("drain says %s, %d calls began", busy, took)
			}
			time.Sleep(time.Minute)
			want(t, b, "l out-of-service drained")
			if got := strings.Join(k.ended, " "); len(k.took) != len(k.ended) {
				t.Errorf("%d calls, ended %q", len(k.took), got)
			}
			stop()
			<-done
		})
	}
}

// yield lets the others go on until they wait for a lock.
func yield() {
	for range 100 {
		runtime.Gosched()
	}
}

// A call can be limited before it has done anything.
func TestALimitThatIsOverAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, k := newFake("l"), lateTaker{make(chan error, 1)}
		b := newBanks(t, k, new(bytes.Buffer), l)
		stop, done := run(t, b)
		l.rings <- line.Ring{}
		synctest.Wait()
		if n, err := b.DrainLines(All, 0); n != 1 || err != nil {
			t.Error(n, err)
		}
		if err := <-k.cause; err != errDrained {
			t.Error(err)
		}
		stop()
		<-done
	})
}

// A lateTaker looks at its context only after a while.
type lateTaker struct{ cause chan error }

func (lateTaker) Reported(line.Line, record.LineReport) {}

func (k lateTaker) Take(ctx context.Context, _ context.CancelCauseFunc, _ line.Line, _ line.Ring) func() {
	return func() {
		time.Sleep(time.Second)
		<-ctx.Done()
		k.cause <- context.Cause(ctx)
	}
}

// A line whose port is known by another key from now on is the same line: its
// call goes on, and what an operator did with it stays, on disk too. Its name is
// that of the new port once it has no call.
func TestALineHasAnotherKey(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		calls, out, drained := newFake("ttyUSB0"), newFake("ttyUSB1"), newFake("ttyUSB2")
		k := &taker{took: make(chan string), end: make(chan string)}
		b := newBanks(t, k, new(bytes.Buffer), calls, out, drained)
		var err error
		if b.o.Out, err = OpenOutOfService(dir); err != nil {
			t.Fatal(err)
		}
		stop, done := run(t, b)
		calls.rings <- line.Ring{}
		<-k.took
		if err := b.TakeOut([]string{"courier/ttyUSB1"}, "smoke"); err != nil {
			t.Error(err)
		}
		if _, err := b.DrainLines("courier/ttyUSB2", NoLimit); err != nil {
			t.Error(err)
		}
		if got := strings.Join(b.Keys(), " "); got != "ttyUSB0 ttyUSB1 ttyUSB2" {
			t.Errorf("the keys are %s", got)
		}
		members := []Member{member(calls), member(out), member(drained)}
		for i := range members {
			m := &members[i]
			m.Was, m.Key, m.Label = m.Key, "by-id/"+m.Key, "acme"+m.Label[6:]
		}
		b.Set(members[1:], NoLimit) // one after the other
		want(t, b, "acme1 out-of-service out, acme2 out-of-service drained, ttyUSB0 ringing removed")
		b.Set(members, 0)
		want(t, b, "ttyUSB0 ringing , acme1 out-of-service out, acme2 out-of-service drained")
		k.end <- ""
		want(t, b, "acme0 idle , acme1 out-of-service out, acme2 out-of-service drained")
		b.Set(nil, NoLimit)
		want(t, b, "")
		if b.o.Out, err = OpenOutOfService(dir); err != nil { // as after a restart
			t.Fatal(err)
		}
		for i := range members {
			members[i].Was = ""
		}
		b.Set(members, NoLimit)
		want(t, b, "acme0 idle , acme1 out-of-service out, acme2 out-of-service drained")
		if got := b.Status()[1].Why; got != "smoke" {
			t.Errorf("it is out because of %q", got)
		}
		b.Set([]Member{member(out), member(drained)}, NoLimit) // others by the old names
		want(t, b, "ttyUSB1 idle , ttyUSB2 idle ")
		stop()
		<-done
	})
}
