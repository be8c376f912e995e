package scenario

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// A detour passes TCP connections on, until it cuts them.
type detour struct {
	net.Listener
	names [2]string // vendor of who comes, and of who is there, as the other hears it; empty: their own
	mu    sync.Mutex
	conns []net.Conn
}

// newDetour listens on a port of its own and leads to another place.
func newDetour(t *testing.T, host, to string) *detour {
	t.Helper()
	l, err := net.Listen("tcp4", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	d := &detour{Listener: l}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { d.pass(near, to) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		d.cut()
		serving.Wait()
	})
	return d
}

func (d *detour) pass(near net.Conn, to string) {
	defer near.Close()
	far, err := net.Dial("tcp4", to)
	if err != nil {
		return
	}
	defer far.Close()
	d.mu.Lock()
	d.conns = append(d.conns, near, far)
	names := d.names
	d.mu.Unlock()
	var back sync.WaitGroup
	back.Go(func() { renamed(near, far, names[1]); near.Close() })
	renamed(far, near, names[0])
	far.Close()
	back.Wait()
}

// renamed copies a control connection's one direction, with another Vendor Name
// and "local" for a Host Name in its Start-Control-Connection message.
func renamed(to io.Writer, from io.Reader, vendor string) {
	if vendor != "" {
		start := make([]byte, 156)
		if _, err := io.ReadFull(from, start); err != nil {
			return
		}
		clear(start[28:])
		copy(start[28:], "local")
		copy(start[92:], vendor)
		if _, err := to.Write(start); err != nil {
			return
		}
	}
	io.Copy(to, from)
}

// cut breaks all connections, as a router that is switched off, but sooner
// noticed. It returns how many they were.
func (d *detour) cut() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(d.conns) / 2
	for _, c := range d.conns {
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
	d.conns = nil
	return n
}

// A load is what a call downloads until it ends.
type load struct {
	began chan struct{} // closed when something has come
	once  sync.Once
	err   chan error
}

// Write takes what comes.
func (l *load) Write(b []byte) (int, error) {
	l.once.Do(func() { close(l.began) })
	return len(b), nil
}

// loads has each of the calls download for far longer than a test runs, and
// waits until something of it has come to all of them.
func (w *world) loads(calls []*caller.Call) []*load {
	w.t.Helper()
	all := make([]*load, len(calls))
	for i, c := range calls {
		l := &load{began: make(chan struct{}), err: make(chan error, 1)}
		all[i] = l
		go func() {
			_, err := c.Download(context.Background(), fmt.Sprintf("http://2.1.1.10/data?n=%d", 2<<20), l)
			l.err <- err
		}()
	}
	for _, l := range all {
		select {
		case <-l.began:
		case err := <-l.err:
			w.t.Fatalf("the download ended: %v", err)
		case <-within(w.t).Done():
			w.t.Fatal("nothing of the download comes")
		}
	}
	return all
}

// cutOff cuts the one control connection that carries calls; the callers are told.
func (w *world) cutOff(calls []*caller.Call) {
	w.t.Helper()
	if got := w.detour.cut(); got != 1 {
		w.t.Errorf("%d control connections carried the calls", got)
	}
	for _, c := range calls {
		w.told(c, "control connection was lost")
	}
}

// sent is how many GRE packets a program has sent.
func (p *program) sent() (n float64) {
	p.t.Helper()
	for _, what := range []string{"data", "ack", "failed"} {
		n += p.metric(fmt.Sprintf("%s_gre_packets_total{direction=\"sent\",disposition=%q}", p.name, what))
	}
	return n
}

// The control connection is lost in the middle of fifty calls that download: all
// of them end at both ends, and say why, and the downloads with them. No GRE is
// sent any more. The lines are ready again, the tunnel comes back by itself, and
// all fifty call once more.
func TestControlConnectionCut(t *testing.T) {
	t.Parallel()
	const n = 50
	var users strings.Builder
	var all []caller.Options
	for i := range n {
		name := fmt.Sprintf("u%d", i)
		fmt.Fprintf(&users, "[[user]]\nname = %q\npassword = \"x\"\naddress = \"2.1.2.%d\"\n", name, i+1)
		all = append(all, login(name, "x"))
	}
	w := newWorld(t, setting{modems: n, callers: n, line: exchange.Conditions{Rate: 115200}, pac: "[default]\ntunnel = [\"2.1.1.60\"]\n", pns: users.String(), detour: true})
	calls := w.dialAll(all...)
	loads := w.loads(calls)
	w.cutOff(calls)
	for _, l := range loads {
		select {
		case err := <-l.err:
			if err == nil {
				t.Error("a download came to its end")
			}
		case <-within(t).Done():
			t.Fatal("a download goes on without its call")
		}
	}
	w.pac.ended(n)
	w.pns.ended(n)
	both, sent := []*program{w.pac, w.pns}, []float64{}
	for _, p := range both {
		sent = append(sent, p.sent())
		for _, c := range p.calls() {
			p.wants(c, record.ControlLost, "")
		}
	}
	testbed.Until(t, "the PNS has forgotten the calls", func() bool { return w.pns.metric(`pns_control_connections{state="established"}`) == 0 })
	for i := range n {
		w.ready(fmt.Sprintf("courier/%d", i+1))
	}
	for i, p := range both {
		if now := p.sent(); now != sent[i] || now == 0 {
			t.Errorf("%s has sent %v GRE packets, and %v when all calls had ended", p.name, now, sent[i])
		}
	}
	w.cutOff(w.dialAll(all...))
}
