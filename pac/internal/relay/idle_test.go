package relay

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"carrier/shared/gre"
	"carrier/shared/hdlc"
	"carrier/shared/ppp/cp"
	"carrier/shared/record"
)

// A mute is a line on which nothing comes.
type mute struct {
	once sync.Once
	over chan struct{}
}

func (m *mute) Read([]byte) (int, error) {
	<-m.over
	return 0, context.Canceled
}
func (m *mute) Write(b []byte) (int, error) { return len(b), nil }
func (m *mute) SetReadDeadline(t time.Time) error {
	if !t.IsZero() {
		m.once.Do(func() { close(m.over) })
	}
	return nil
}
func (*mute) SetWriteDeadline(time.Time) error { return nil }
func (*mute) Unsent() (int, bool)              { return 0, true }

// TestAnIdleCallIsSmall has many relays through which frames went once, and
// then nothing more.
func TestAnIdleCallIsSmall(t *testing.T) {
	const relays = 1000
	ctx, stop := context.WithCancel(t.Context())
	var ran sync.WaitGroup
	memory := func() uint64 {
		runtime.GC()
		runtime.GC() // empties the pools
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	before := memory()
	all := make([]*Relay, relays)
	octets := hdlc.AppendFull(nil, lcp(cp.ConfigureRequest, 1))
	for i := range all {
		r := New(Options{Rate: 28800, Line: &mute{over: make(chan struct{})}, Tunnel: &null{}, Counters: new(record.Counters),
			Errors: new(LineErrors), Packets: new(gre.Counters), GRE: gre.Options{Windowing: true, SendWindow: 64}})
		all[i] = r
		ran.Go(func() { _ = runUntil(ctx, r) })
	}
	for _, r := range all {
		pns := gre.NewSession(gre.Options{}, time.Now())
		for id := range uint8(5) {
			r.Receive([][]byte{pns.Append(time.Now(), nil, lcp(cp.ConfigureRequest, id))})
			r.chunk(octets)
		}
	}
	for _, r := range all {
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	const most = 13 << 10
	each := (memory() - before) / relays
	for end := time.Now().Add(10 * time.Second); each > most && time.Now().Before(end); each = (memory() - before) / relays {
		runtime.Gosched() // writers end, and a collection halves what a stack has too much
	}
	t.Logf("%d octets", each)
	if each > most && !raced {
		t.Errorf("an idle relay takes %d octets", each)
	}
	stop()
	ran.Wait()
}

// A counted is a mute line that says when it was written to.
type counted struct {
	mute
	wrote chan struct{}
}

func (c *counted) Write(b []byte) (int, error) {
	c.wrote <- struct{}{}
	return len(b), nil
}

// TestWakingTheWriterDoesNotAllocate has one frame at a time go all the way
// from the tunnel to the line, which idles in between.
func TestWakingTheWriterDoesNotAllocate(t *testing.T) {
	l := &counted{mute{over: make(chan struct{})}, make(chan struct{})}
	r := New(Options{Line: l, Tunnel: &null{}, Counters: new(record.Counters), Errors: new(LineErrors), Packets: new(gre.Counters)})
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- runUntil(ctx, r) }()
	pns := gre.NewSession(gre.Options{}, time.Now())
	frame := ip(make([]byte, 1400)...)
	var batch gre.Batch
	step := func() {
		batch.Add(pns.Append(time.Now(), batch.Next(), frame))
		r.Receive(batch.Take())
		<-l.wrote
		for idle := false; !idle; runtime.Gosched() {
			r.mu.Lock()
			idle = !r.writing
			r.mu.Unlock()
		}
	}
	for range 100 {
		step()
	}
	if n := testing.AllocsPerRun(500, step); n != 0 && !raced {
		t.Errorf("%v allocations a frame", n)
	}
	stop()
	<-ran
}
