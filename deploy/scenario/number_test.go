package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"carrier/deploy/testbed"
	"carrier/hardware/exchange"
	"carrier/hardware/line"
	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// A puppet is a PNS that does with a call what the test says.
type puppet struct {
	calls    chan *peer.Call
	answered chan struct{} // something at each call that the POP's modem answers
	stop     func()        // ends it; returns when it has
	*peer.Endpoint
}

func newPuppet(t *testing.T, at string) *puppet {
	t.Helper()
	p := &puppet{calls: make(chan *peer.Call, 16), answered: make(chan struct{}, 16)}
	host := netip.MustParseAddr(at)
	e, err := peer.Open(peer.Options{Host: "puppet", Source: host, Listen: netip.AddrPortFrom(host, 1723), UDP: netip.AddrPortFrom(host, 4754), Handler: p, Log: logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	p.Endpoint = e
	ctx, end := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.Run(ctx)
	}()
	p.stop = func() {
		end()
		<-done
	}
	t.Cleanup(p.stop)
	return p
}

func (p *puppet) Admit(netip.AddrPort) (peer.Remote, error) {
	return peer.Remote{Name: "atlanta", Transport: peer.UDP}, nil
}

func (p *puppet) Incoming(c *peer.Call) { p.calls <- c }

func (p *puppet) Outgoing(c *peer.Call) { c.Refuse(uint8(pptp.OutgoingDoNotAccept), 0) }

// offered waits for a call.
func (p *puppet) offered(t *testing.T) *peer.Call {
	t.Helper()
	select {
	case c := <-p.calls:
		return c
	case <-within(t).Done():
		t.Fatal("no call is offered")
		return nil
	}
}

// newNumber starts a world whose number leads to a puppet. Answering takes
// train, and the telephone rings for 5 s.
func newNumber(t *testing.T, train time.Duration) (*world, *puppet) {
	t.Helper()
	at := loopback()
	p := newPuppet(t, at)
	answered := func(exchange.Call) (io.Writer, io.Writer, error) {
		p.answered <- struct{}{}
		return nil, nil, nil
	}
	return newWorld(t, setting{
		phones: exchange.Options{Record: answered, Timing: exchange.Timing{Setup: 100 * time.Millisecond, RingEvery: time.Second,
			CallerID: 200 * time.Millisecond, NoAnswer: 5 * time.Second, Train: train}},
		pac: fmt.Sprintf("[[pns]]\nname = \"puppet\"\nconnect = \"%s:1723\"\ntransport = \"udp\"\n"+
			"[[number]]\ncalled = %q\ntunnel = [\"puppet\"]\n[limits]\nattempt = \"30s\"\n", at, testbed.Number),
	}), p
}

// dials begins a call in the background; what comes of it is sent.
func (w *world) dials(port net.Conn) <-chan error {
	outcome := make(chan error, 1)
	go func() {
		_, err := w.tryOn(port, sara())
		outcome <- err
	}()
	return outcome
}

// A PNS may refuse a call while it rings: it is never answered, and not offered
// again at the next ring.
func TestNumberRefused(t *testing.T) {
	t.Parallel()
	w, p := newNumber(t, 300*time.Millisecond)
	outcome := w.dials(w.plug(0))
	p.offered(t).Refuse(uint8(pptp.IncomingDoNotAccept), 0)
	c := w.pac.ended(1)
	w.pac.wants(c, record.RefusedByPNS, "does not want this call")
	var dial *line.DialError
	if err := <-outcome; !errors.As(err, &dial) {
		t.Errorf("the caller was told %v", err)
	}
	if n := len(w.pac.calls()); n != 1 || len(p.calls) != 0 || len(p.answered) != 0 || c.Stage != record.Tunnelling {
		t.Errorf("%d calls, %d offers more, %d answered: %+v", n, len(p.calls), len(p.answered), c)
	}
}

// A caller who gives up while the PNS thinks it over is gone at both ends, and
// was never answered.
func TestNumberCallerGivesUp(t *testing.T) {
	t.Parallel()
	w, p := newNumber(t, 300*time.Millisecond)
	port := w.plug(0)
	outcome := w.dials(port)
	call := p.offered(t)
	port.Close()
	<-outcome
	w.pac.wants(w.pac.ended(1), record.CallerGone, "gave up")
	if len(p.answered) != 0 {
		t.Error("the call was answered")
	}
	lost(t, call)
}

// lost waits until the PAC says that the call's carrier was lost.
func lost(t *testing.T, c *peer.Call) {
	t.Helper()
	for e := range c.Events() {
		var d *peer.DisconnectError
		if e.Kind == peer.Ended && (!errors.As(e.Err, &d) || d.Result != pptp.LostCarrier) {
			t.Errorf("the PNS was told %v", e.Err)
		}
	}
}

// What the PNS does while the modem answers ends the call at once: the caller
// is not left in a call that leads nowhere.
func TestNumberLostWhileAnswering(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		do     func(*puppet, *peer.Call)
		reason record.EndReason
		text   string
	}{
		"cleared":         {func(_ *puppet, c *peer.Call) { c.Clear() }, record.ClearedByPNS, "the PNS cleared the call"},
		"connection lost": {func(p *puppet, _ *peer.Call) { p.stop() }, record.ControlLost, "the control connection was lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const train = 20 * time.Second
			w, p := newNumber(t, train)
			outcome := w.dials(w.plug(0))
			call := p.offered(t)
			call.Accept(64, 0)
			<-p.answered
			tt.do(p, call)
			c := w.pac.ended(1)
			w.pac.wants(c, tt.reason, tt.text)
			if took := c.Ended.Sub(c.Started); c.Connect != "" || took > train/2 {
				t.Errorf("after %v: %+v", took, c)
			}
			if err := <-outcome; err == nil {
				t.Error("the caller was connected")
			}
		})
	}
}
