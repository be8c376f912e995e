package bank

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
	"carrier/shared/record"
)

// A fakeLine rings when told to. The bank uses no other methods than these.
type fakeLine struct {
	line.Line
	name   string
	rings  chan line.Ring
	broken error // Ring's
	stuck  error // HangUp's

	mu    sync.Mutex
	state line.State
	done  []string // what the bank did
}

func newFake(name string) *fakeLine { return &fakeLine{name: name, rings: make(chan line.Ring)} }

func (f *fakeLine) Name() string { return f.name }

func (f *fakeLine) State() line.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

func (f *fakeLine) note(did string, s line.State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = s
	f.done = append(f.done, did)
}

func (f *fakeLine) did() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.done, " ")
}

func (f *fakeLine) Ring(ctx context.Context) (line.Ring, error) {
	f.note("wait", line.Idle)
	if f.broken != nil {
		return line.Ring{}, f.broken
	}
	select {
	case r := <-f.rings:
		f.note("ring", line.Ringing)
		return r, nil
	case <-ctx.Done():
		return line.Ring{}, context.Cause(ctx)
	}
}

func (f *fakeLine) HangUp(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f.note("hang-up", line.Idle)
	return f.stuck
}

func (f *fakeLine) Close() error {
	f.note("close", line.Down)
	return nil
}

// A taker holds each call until something is sent to end, or ctx ends.
type taker struct {
	took chan string
	end  chan string

	mu    sync.Mutex
	ended []string // by ctx: the line, and why
}

func (k *taker) Take(ctx context.Context, _ context.CancelCauseFunc, l line.Line, r line.Ring) func() {
	k.took <- l.Name() + " " + r.Calling
	return func() {
		select {
		case <-k.end:
		case <-ctx.Done():
			k.mu.Lock()
			defer k.mu.Unlock()
			k.ended = append(k.ended, l.Name()+" "+context.Cause(ctx).Error())
		}
	}
}

var errDrained = errors.New("drained")

// member is a bank's member that has the line.
func member(l line.Line) Member {
	return Member{Bank: "courier", Key: l.Name(), Label: l.Name(), Port: "/dev/" + l.Name(),
		Open: func(string) (line.Line, error) { return l, nil }}
}

// newBanks makes banks of one bank.
func newBanks(t *testing.T, k Taker, log *bytes.Buffer, lines ...*fakeLine) *Banks {
	out, err := OpenOutOfService("")
	if err != nil {
		t.Fatal(err)
	}
	b := New(Options{Taker: func(string) Taker { return k }, Drained: errDrained, Out: out, Log: slog.New(slog.NewTextHandler(log, nil))})
	var members []Member
	for _, l := range lines {
		members = append(members, member(l))
	}
	b.Set(members, NoLimit)
	return b
}

func (*taker) Reported(line.Line, record.LineReport) {}

// start runs a bank on a fake clock; done is closed when Run returns.
func start(t *testing.T, log *bytes.Buffer, lines ...*fakeLine) (b *Banks, k *taker, stop func(), done chan struct{}) {
	k = &taker{took: make(chan string), end: make(chan string)}
	b = newBanks(t, k, log, lines...)
	stop, done = run(t, b)
	return b, k, stop, done
}

func run(t *testing.T, b *Banks) (stop func(), done chan struct{}) {
	ctx, stop := context.WithCancel(t.Context())
	done = make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	synctest.Wait()
	return stop, done
}

func TestALineGoesRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake("ttyS0")
		b, k, stop, done := start(t, new(bytes.Buffer), l)
		for range 2 {
			l.rings <- line.Ring{Calling: "5550001"}
			if got := <-k.took; got != "ttyS0 5550001" {
				t.Errorf("took %q", got)
			}
			if s := b.Status()[0]; s.Line != "courier/ttyS0" || s.Bank != "courier" || s.Port != "/dev/ttyS0" || s.State != "ringing" || s.Service != "" {
				t.Errorf("in a call: %+v", s)
			}
			time.Sleep(time.Minute)
			k.end <- ""
			synctest.Wait()
			if s := b.Status()[0]; s.State != "idle" {
				t.Errorf("after it: %+v", s)
			}
		}
		stop()
		<-done
		if got := l.did(); got != "wait ring hang-up wait ring hang-up wait close" {
			t.Error(got)
		}
	})
}

func TestADeadLineEndsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		dead, stuck := newFake("dead"), newFake("stuck")
		dead.broken, stuck.stuck = line.ErrClosed, errors.New("no answer to ATH")
		_, k, stop, done := start(t, &log, dead, stuck)
		if got := dead.did(); got != "wait close" {
			t.Error(got)
		}
		for range 2 {
			stuck.rings <- line.Ring{}
			<-k.took
			k.end <- ""
		}
		stop()
		<-done
		for _, want := range []string{`msg="the line is out of service" bank=courier line=courier/dead error="the line is closed"`,
			`msg="hanging up" bank=courier line=courier/stuck error="no answer to ATH"`} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("no %s in the log:\n%s", want, &log)
			}
		}
	})
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idle, busy := newFake("idle"), newFake("busy")
		b, k, _, done := start(t, new(bytes.Buffer), idle, busy)
		busy.rings <- line.Ring{}
		<-k.took
		b.Drain()
		b.Drain()
		synctest.Wait()
		if got := idle.did(); got != "wait close" {
			t.Errorf("the idle line: %s", got)
		}
		time.Sleep(time.Hour) // the call goes on
		select {
		case <-done:
			t.Fatal("the bank ended before its call")
		default:
		}
		k.end <- ""
		<-done
		if got := busy.did(); got != "wait ring hang-up close" {
			t.Errorf("the busy line: %s", got)
		}
	})
}

func TestTheEndHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake("busy")
		_, k, stop, done := start(t, new(bytes.Buffer), l)
		l.rings <- line.Ring{}
		<-k.took
		stop()
		<-done
		if got := l.did(); got != "wait ring hang-up close" {
			t.Error(got)
		}
	})
}

// A brief taker is done with a call after some time.
type briefTaker struct {
	calls atomic.Int32
	took  atomic.Int64
}

func (*briefTaker) Reported(line.Line, record.LineReport) {}

func (k *briefTaker) Take(context.Context, context.CancelCauseFunc, line.Line, line.Ring) func() {
	k.calls.Add(1)
	return func() { time.Sleep(time.Duration(k.took.Load())) }
}

func TestALineThatRingsForNothingIsSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, k := newFake("ttyS0"), &briefTaker{}
		l.rings = make(chan line.Ring, 1)
		b := newBanks(t, k, new(bytes.Buffer), l)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); b.Run(ctx) }()
		go func() { // rings all the time
			for {
				select {
				case l.rings <- line.Ring{}:
				case <-ctx.Done():
					return
				}
			}
		}()
		seen := int32(0)
		in := func(d time.Duration) int32 {
			time.Sleep(d)
			synctest.Wait()
			before := seen
			seen = k.calls.Load()
			return seen - before
		}
		// At 0, 0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3 s, and each 5 s from there.
		for i, want := range []int32{7, 1, 2, 2} {
			if got := in([]time.Duration{5 * time.Second, 5 * time.Second, 10 * time.Second, 10 * time.Second}[i]); got != want {
				t.Errorf("%d calls in period %d, want %d", got, i, want)
			}
		}
		k.took.Store(int64(brief)) // a call that was one
		if got := in(20 * time.Second); got < 14 {
			t.Errorf("%d calls that were no brief ones", got)
		}
		k.took.Store(0)
		in(20 * time.Second) // in a long delay now
		begin := time.Now()
		b.Drain()
		<-done
		if d := time.Since(begin); d != 0 {
			t.Errorf("Drain waited %v for a delay", d)
		}
		stop()
	})
}

func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines := []*fakeLine{newFake("1"), newFake("2"), newFake("3")}
		b, k, stop, done := start(t, new(bytes.Buffer), lines...)
		lines[1].rings <- line.Ring{}
		<-k.took
		if err := b.TakeOut([]string{"courier/3"}, "on the bench"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		n := b.States()["courier"]
		if len(n) != len(line.States())+1 || n["idle"] != 1 || n["ringing"] != 1 || n["quarantined"] != 0 || n[OutState] != 1 {
			t.Errorf("got %v", n)
		}
		j, err := json.Marshal(b.Status()[1])
		if want := `{"line":"courier/2","bank":"courier","port":"/dev/2","state":"ringing","since":"2000-01-01T00:00:00Z","faults":0}`; string(j) != want || err != nil {
			t.Errorf("got %s, %v", j, err)
		}
		stop()
		<-done
	})
}

// A silent line does not tell how it does until it may.
type silentLine struct {
	*fakeLine
	asked, tell chan struct{}
}

func (l silentLine) State() line.State {
	l.asked <- struct{}{}
	<-l.tell
	return l.fakeLine.State()
}

// Who asks a line how it does waits for it alone: others take calls.
func TestStatusHoldsUpNoCall(t *testing.T) {
	l, other := silentLine{newFake("l"), make(chan struct{}), make(chan struct{})}, newFake("other")
	k := &taker{took: make(chan string, 1), end: make(chan string)}
	b := newBanks(t, k, new(bytes.Buffer))
	b.Set([]Member{member(l), member(other)}, NoLimit)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { b.Run(ctx) })
	defer func() {
		close(l.tell)
		stop()
		all.Wait()
	}()
	other.rings <- line.Ring{}
	<-k.took
	k.end <- ""
	l.rings <- line.Ring{} // it is open
	<-k.took
	all.Go(func() { b.Status() })
	<-l.asked
	other.rings <- line.Ring{}
	select {
	case <-k.took:
	case <-time.After(10 * time.Second):
		t.Error("a call is not taken while another line is asked")
	}
}
