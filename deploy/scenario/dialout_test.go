package scenario

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/hardware/line"
	"carrier/hardware/modem"
	"carrier/shared/console"
	"carrier/shared/record"
)

// permits lets the PNS have such numbers dialled, with the bank of modems.
const permits = "dial = [\"404*\", \"9*\"]\n"

// quick has the telephone network do everything soon.
var quick = exchange.Timing{Setup: 100 * time.Millisecond, RingEvery: 500 * time.Millisecond, CallerID: 100 * time.Millisecond,
	NoAnswer: 3 * time.Second, Train: 200 * time.Millisecond}

// A phoned is a modem at a telephone of a world, which is called.
type phoned struct {
	*modem.Modem
	w *world
}

// listens puts a modem at a telephone, ready to be called.
func (w *world) listens(phone int) phoned {
	w.t.Helper()
	m := modem.New(modem.Options{Name: "branch", Log: logger(w.t),
		Open: func(context.Context) (modem.Port, error) { return w.plug(phone), nil }})
	w.t.Cleanup(func() { m.Close() })
	return phoned{m, w}
}

// answers answers the next call and logs in there as a caller does.
func (p phoned) answers(o caller.Options) <-chan *caller.Call { return p.picksUp(o, p.w.t.Errorf) }

// tries is answers where she may not be let in.
func (p phoned) tries(o caller.Options) <-chan *caller.Call { return p.picksUp(o, p.w.t.Logf) }

func (p phoned) picksUp(o caller.Options, failed func(string, ...any)) <-chan *caller.Call {
	up := make(chan *caller.Call, 1)
	go func() {
		defer close(up)
		ctx := within(p.w.t)
		if _, err := p.Ring(ctx); err != nil {
			p.w.t.Errorf("the branch is not called: %v", err)
			return
		}
		if _, err := p.Answer(ctx); err != nil {
			p.w.t.Errorf("the branch cannot answer: %v", err)
			return
		}
		c, err := caller.Dial(ctx, p, o)
		if err != nil {
			failed("the branch cannot log in: %v", err)
			return
		}
		p.w.t.Cleanup(func() { c.Close() })
		up <- c
	}()
	testbed.Until(p.w.t, "the branch's modem is ready", func() bool { return p.State() == line.Idle })
	return up
}

// places has the PNS's operator dial.
func (w *world) places(phone string) (string, error) {
	return w.pns.Dial(within(w.t), console.Number{Phone: phone})
}

// introduced makes a call, so that the PAC has a control connection with the PNS.
func (w *world) introduced(phone int) {
	w.t.Helper()
	c := w.dial(phone, sara())
	c.Close()
	w.pac.ended(1)
	w.pns.ended(1)
	w.ready("courier/1")
}

// ready waits until a line can dial and answer.
func (w *world) ready(line string) {
	w.t.Helper()
	testbed.Until(w.t, line+" is ready", func() bool { return w.line(line).State == "idle" })
}

// The company has the POP dial, on the control connection that the POP opened: who
// answers logs in, is given an address and reads the intranet's page, and both ends
// remember the call and how it went.
func TestDialOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{phones: exchange.Options{Timing: quick}, callers: 2, line: exchange.Conditions{Rate: 28800}, atlanta: permits})
	w.introduced(0)
	up := w.listens(1).answers(bob())
	name, err := w.pns.Dial(within(t), console.Number{Phone: "404-555-0002", Through: "atlanta", MinimumBPS: 9600})
	if err != nil {
		t.Fatal(err)
	}
	c := <-up
	if c == nil {
		t.FailNow()
	}
	w.reads(c)
	if _, err := c.Ping(within(t), c.Peer()); err != nil {
		t.Error(err)
	}
	for _, p := range []*program{w.pac, w.pns} {
		one := p.calls()[0]
		if one.Name != name || !one.Outgoing || one.Rate != 28800 || !strings.HasPrefix(name, "denver/") {
			t.Errorf("%s shows %+v of %s", p.name, one, name)
		}
	}
	c.Close()
	up2, down := w.pac.ended(2), w.pns.ended(2)
	w.pac.wants(up2, record.CallerHungUp, "")
	w.pns.wants(down, record.CallerHungUp, "")
	if up2.Called != "404-555-0002" || up2.Line != "courier/1" || up2.Peer != "denver" || down.Peer != "atlanta" || down.User != "bob" ||
		up2.Traffic.FramesUp == 0 || up2.Traffic.FramesDown == 0 || !strings.Contains(down.Called, "0002") {
		t.Errorf("pac remembers %+v, pns %+v", up2, down)
	}
	for p, metric := range map[*program]string{w.pac: `pac_outgoing_calls_total{outcome="caller-hung-up",pns="denver"}`,
		w.pns: `pns_outgoing_calls_total{outcome="caller-hung-up",pac="atlanta"}`} {
		if n := p.metric(metric); n != 1 {
			t.Errorf("%s is %v", metric, n)
		}
	}
	if n := w.pac.metric(`pac_calls_total{bank="courier",outcome="caller-hung-up"}`); n != 1 {
		t.Errorf("%v calls of callers, for the one that introduced us", n)
	}
	w.ready("courier/1")
	w.reads(w.dial(0, sara()))
}

// offHook takes a telephone off the hook.
func (w *world) offHook(phone int) {
	w.t.Helper()
	port := w.plug(phone)
	if err := port.SetDeadline(time.Now().Add(testbed.Patience)); err != nil {
		w.t.Fatal(err)
	}
	if _, err := port.Write([]byte("ATH1\r")); err != nil {
		w.t.Fatal(err)
	}
	for said := ""; !strings.Contains(said, "OK"); {
		b := make([]byte, 64)
		n, err := port.Read(b)
		if err != nil {
			w.t.Fatalf("%q, %v", said, err)
		}
		said += string(b[:n])
	}
}

// What the telephone network says, and what nobody is to dial, is what the operator
// hears, and both ends remember the same.
func TestDialOutFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{phones: exchange.Options{Timing: quick}, callers: 3, atlanta: permits})
	w.introduced(0)
	rung := w.listens(1)
	go rung.Ring(within(t)) // and never answers
	testbed.Until(t, "the silent modem is ready", func() bool { return rung.State() == line.Idle })
	w.offHook(2)
	for i, tt := range []struct {
		phone, text string
		reason      record.EndReason
	}{
		{"4045550002", "Time-out", record.NoAnswer},
		{"4045550003", "Busy", record.NumberBusy},
		{"4045559999", "No Carrier", record.NoCarrier},
		{"5551212", "Do Not Accept", record.NumberRefused},
		{"9,5551212", "General Error: Bad-Value", record.NumberRefused},
	} {
		if _, err := w.places(tt.phone); err == nil || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: the operator hears %v, want %s", tt.phone, err, tt.text)
		}
		one, other := w.pac.ended(i+2), w.pns.ended(i+2)
		if one.Reason != tt.reason || other.Reason != tt.reason || one.Name != other.Name || one.Stage != record.Dialling || other.Stage != record.Dialling {
			t.Errorf("%s: pac remembers %+v, pns %+v", tt.phone, one, other)
		}
		w.ready("courier/1")
	}
	w.reads(w.dial(0, sara()))
}

// spare is a world with one modem more, at a seam, in a bank of its own that dials
// first. Its telephones are 1 and 2.
func spare(t *testing.T, c exchange.Conditions) (*world, *seam) {
	t.Helper()
	s := newSeam(t)
	w := newWorld(t, setting{callers: 2, atlanta: "dial = [\"*\"]\ndial_with = [\"spare\", \"courier\"]\n",
		phones: exchange.Options{Timing: quick, Subscribers: []exchange.Subscriber{{Number: spareNumber, At: "unix://" + s.modem, Conditions: c}}},
		pac:    fmt.Sprintf("[[bank]]\nname = \"spare\"\nports = [\"unix://%s\"]\n", s.port)})
	w.introduced(1)
	w.ready("spare/1")
	return w, s
}

const spareNumber = "5557777"

// A line on which a caller rings just when it is to dial is hers: the next one
// dials.
func TestDialOutGlare(t *testing.T) {
	t.Parallel()
	w, s := spare(t, exchange.Conditions{})
	s.keep("RING", "ATD")
	phone := w.plug(1)
	called := make(chan error, 1)
	go func() {
		o := sara()
		o.Number = spareNumber
		c, err := caller.Dial(within(t), phone, o)
		if err == nil {
			w.t.Cleanup(func() { c.Close() })
		}
		called <- err
	}()
	select {
	case <-s.heard:
	case <-within(t).Done():
		t.Fatal("the line does not ring")
	}
	if got := w.line("spare/1").State; got != "idle" {
		t.Fatalf("the line that rings is %s to pac already", got)
	}
	up := w.listens(2).answers(bob())
	name, err := w.places("4045550002")
	if err != nil {
		t.Fatal(err)
	}
	c := <-up
	if c == nil {
		t.FailNow()
	}
	w.reads(c)
	if err := <-called; err != nil {
		t.Errorf("the caller on the line that rang: %v", err)
	}
	for _, one := range w.pac.calls() {
		if one.Reason == record.Running && (one.Outgoing && (one.Line != "courier/1" || one.Name != name) || !one.Outgoing && one.Line != "spare/1") {
			t.Errorf("%+v", one)
		}
	}
}

// Where the line is dead, or its port is unplugged while it dials, the operator
// hears that; the line is taken back when it can be.
func TestDialOutOnABadLine(t *testing.T) {
	t.Parallel()
	t.Run("dead", func(t *testing.T) {
		t.Parallel()
		w, _ := spare(t, exchange.Conditions{Dead: true})
		if _, err := w.places("4045550002"); err == nil || !strings.Contains(err.Error(), "No Dial Tone") {
			t.Errorf("the operator hears %v", err)
		}
		w.pac.wants(w.pac.ended(2), record.NoDialTone, "NO DIALTONE")
		w.pns.wants(w.pns.ended(2), record.NoDialTone, "No Dial Tone")
	})
	t.Run("unplugged", func(t *testing.T) {
		t.Parallel()
		w, s := spare(t, exchange.Conditions{})
		failed := make(chan error, 1)
		rings := w.rings(2)
		go func() {
			_, err := w.places("4045550002")
			failed <- err
		}()
		<-rings
		s.cut()
		if err := <-failed; err == nil || !strings.Contains(err.Error(), "General Error: PAC-Error") {
			t.Errorf("the operator hears %v", err)
		}
		w.pac.wants(w.pac.ended(2), record.LineFault, "the line could not dial")
		w.pns.wants(w.pns.ended(2), record.LineFault, "PAC-Error")
		w.ready("spare/1")
	})
}

// rings puts a modem at a telephone that does not answer; the channel is closed when
// it rings.
func (w *world) rings(phone int) <-chan struct{} {
	w.t.Helper()
	m, rings := w.listens(phone), make(chan struct{})
	go func() {
		if _, err := m.Ring(within(w.t)); err != nil {
			w.t.Errorf("the telephone does not ring: %v", err)
		}
		close(rings)
	}()
	testbed.Until(w.t, "the telephone is there", func() bool { return m.State() == line.Idle })
	return rings
}

// Of two that want the last line one gets it. The other hears at once that there is
// none.
func TestDialOutOnTheLastLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{phones: exchange.Options{Timing: quick}, callers: 2, atlanta: permits})
	w.introduced(0)
	up := w.listens(1).answers(bob())
	outcomes := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := w.places("4045550002")
			outcomes <- err
		}()
	}
	if err := <-outcomes; err == nil || !strings.Contains(err.Error(), "General Error: No-Resource") {
		t.Fatalf("the first of the two hears %v", err)
	}
	if err := <-outcomes; err != nil {
		t.Fatal(err)
	}
	if c := <-up; c != nil {
		w.reads(c)
	}
	w.pac.wants(w.pac.ended(2), record.NoLine, "no line is free")
	w.pns.wants(w.pns.ended(2), record.NoLine, "No-Resource")
}

// Whoever gives the call up while it rings, the operator who has dialled or either
// program's, has the modem hang up at once.
func TestDialOutGivenUp(t *testing.T) {
	t.Parallel()
	slow := quick
	slow.NoAnswer = time.Minute
	for name, tt := range map[string]struct {
		do       func(w *world, stop context.CancelFunc)
		pac, pns record.EndReason
	}{
		"who dials":          {func(_ *world, stop context.CancelFunc) { stop() }, record.ClearedByPNS, record.Operator},
		"the PNS's operator": {func(w *world, _ context.CancelFunc) { w.hangs(w.pns) }, record.ClearedByPNS, record.Operator},
		"the PAC's operator": {func(w *world, _ context.CancelFunc) { w.hangs(w.pac) }, record.Operator, record.NoLine},
		"the PAC's drain": {func(w *world, _ context.CancelFunc) {
			if _, err := w.pac.Drain(within(w.t), "all", 0); err != nil {
				w.t.Error(err)
			}
		}, record.Drained, record.NoLine},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{phones: exchange.Options{Timing: slow}, callers: 2, atlanta: permits})
			w.introduced(0)
			rings := w.rings(1)
			dialling, stop := context.WithCancel(within(t))
			defer stop()
			failed := make(chan error, 1)
			go func() {
				_, err := w.pns.Dial(dialling, console.Number{Phone: "4045550002"})
				failed <- err
			}()
			<-rings
			tt.do(w, stop)
			if err := <-failed; err == nil {
				t.Error("the number is connected")
			}
			up, down := w.pac.ended(2), w.pns.ended(2)
			w.pac.wants(up, tt.pac, "")
			w.pns.wants(down, tt.pns, "")
			if took := up.Ended.Sub(up.Started); took > slow.NoAnswer/2 || up.Stage != record.Dialling {
				t.Errorf("after %v: %+v", took, up)
			}
			if name != "the PAC's drain" {
				w.ready("courier/1")
			}
		})
	}
}

// hangs ends the call that runs, as a program's operator.
func (w *world) hangs(p *program) {
	w.t.Helper()
	if err := p.Hangup(within(w.t), p.calls()[0].Name); err != nil {
		w.t.Error(err)
	}
}
