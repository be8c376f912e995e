package relay

import (
	"bytes"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/gre"
	"carrier/shared/hdlc"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

var password = auth.NewPassword("secret")

// A party drives a link in a goroutine of its own.
type party struct {
	*link.Link
	in     chan []byte
	send   func(frame []byte)
	check  bool // answer Claims
	mu     sync.Mutex
	events []string
}

func (p *party) run(done <-chan struct{}) {
	for {
		for events := p.Events(); len(events) > 0; events = p.Events() {
			for _, e := range events {
				p.note(e)
				if e.Kind == link.Claimed && p.check {
					p.Answer(time.Now(), e.Claim.Check(password))
				}
			}
		}
		for _, f := range p.Take() {
			p.send(f)
		}
		var alarm <-chan time.Time
		if d := p.Deadline(); !d.IsZero() {
			alarm = time.After(time.Until(d))
		}
		select {
		case f := <-p.in:
			p.Receive(time.Now(), f)
		case <-alarm:
			p.Expire(time.Now())
		case <-done:
			return
		}
	}
}

func (p *party) note(e link.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, fmt.Sprint(e.Kind))
}

func (p *party) saw(kind link.Kind) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.events) > 0 && p.events[len(p.events)-1] == fmt.Sprint(kind)
}

func newCaller(onlyAck bool) *party {
	return &party{in: make(chan []byte, 100), Link: link.New(&link.Options{OnlyAck: onlyAck,
		Login: auth.Login{Name: "saran", Secret: password}})}
}

// meet has the caller's link meet the PAC's, up to where the caller has
// named herself and waits for an answer. It returns the PAC's.
func meet(t *testing.T, caller *party) *link.Link {
	pac := link.New(&link.Options{Ask: []auth.Method{auth.CHAPMD5}, NameOnly: true, Name: "atlanta"})
	now := time.Now()
	caller.Up(now)
	pac.Up(now)
	for named := false; !named; {
		fromPAC, fromCaller := pac.Take(), caller.Take()
		if len(fromPAC)+len(fromCaller) == 0 {
			t.Fatal("the caller does not name herself")
		}
		for _, f := range fromPAC {
			caller.Receive(now, f)
		}
		for _, f := range fromCaller {
			pac.Receive(now, f)
		}
		for _, e := range pac.Events() {
			named = named || e.Kind == link.Claimed
		}
	}
	return pac
}

// pnsEnd is the PNS's end of the tunnel.
type pnsEnd struct {
	*party
	tunnel
	session sync.Mutex
	gre     gre.Session
}

func (e *pnsEnd) Send(packets ...[]byte) error {
	e.session.Lock()
	defer e.session.Unlock()
	for _, p := range packets {
		_, _ = e.gre.Receive(time.Now(), p, func(f []byte) { e.in <- bytes.Clone(f) })
	}
	return nil
}

func (e *pnsEnd) toRelay(frame []byte) {
	e.session.Lock()
	p := e.gre.Append(time.Now(), nil, frame)
	e.session.Unlock()
	e.relay.Receive([][]byte{p})
}

// TestHandOver joins a caller who knows only the PAC with a PNS that knows
// nothing of her: whenever the PNS begins, both must agree, and the PNS must
// learn who she is.
func TestHandOver(t *testing.T) {
	for _, how := range []handOver{
		{name: "silent"},
		{name: "silent, a caller who only acknowledges", onlyAck: true},
		{name: "restart", restart: true},
		{name: "decided by number", fresh: true},
	} {
		for _, after := range []time.Duration{0, time.Millisecond, 2500 * time.Millisecond, 3 * time.Second, 4 * time.Second, 10 * time.Second} {
			how.after = after
			synctest.Test(t, how.run)
		}
	}
}

type handOver struct {
	name    string
	onlyAck bool          // the caller never restarts
	restart bool          // the PAC has her restart, before the PNS begins
	fresh   bool          // the PAC never spoke PPP with her
	after   time.Duration // when the PNS begins
}

func (h handOver) run(t *testing.T) {
	line, modem := net.Pipe()
	done := make(chan struct{})
	defer close(done)

	caller := newCaller(h.onlyAck)
	caller.send = func(f []byte) { _, _ = modem.Write(hdlc.AppendFull(nil, f)) }
	var last []byte
	if h.fresh {
		caller.Up(time.Now())
	} else {
		pac := meet(t, caller)
		last = pac.LastRequest()
		if h.restart {
			pac.Restart(time.Now())
			for _, f := range pac.Take() {
				caller.in <- f
			}
		}
	}

	pns := &pnsEnd{gre: gre.NewSession(gre.Options{}, time.Now())}
	pns.party = &party{in: make(chan []byte, 100), check: true, send: pns.toRelay,
		Link: link.New(&link.Options{Ask: []auth.Method{auth.CHAPMD5}, Name: "denver"})}
	var count record.Counters
	var errs LineErrors
	pns.tunnel.relay = New(Options{Line: wire{line}, Tunnel: pns, LastRequest: last, Counters: &count, Errors: &errs, Packets: new(gre.Counters)})

	go func() { _ = runUntil(t.Context(), pns.tunnel.relay) }()
	go func() {
		var d hdlc.Decoder
		buf := make([]byte, 2048)
		for {
			n, err := modem.Read(buf)
			d.Push(buf[:n], func(f []byte, _ error) { caller.in <- bytes.Clone(f) })
			if err != nil {
				return
			}
		}
	}()
	go caller.run(done)
	time.Sleep(h.after)
	pns.Up(time.Now())
	go pns.run(done)
	time.Sleep(20 * time.Second)
	if !caller.saw(link.LoggedIn) || !pns.saw(link.Authenticated) || errs.FCS.Load() != 0 {
		t.Errorf("%s, after %v: caller %q, PNS %q, %d bad frames", h.name, h.after, caller.events, pns.events, errs.FCS.Load())
	}
	_ = modem.Close()
}
