package scenario

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
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

// The control connection is lost in the middle of fifty calls: all of them end
// at both ends, and say why; the tunnel comes back by itself and carries the
// next calls.
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
	w := newWorld(t, setting{modems: n, callers: n, pac: "[default]\ntunnel = [\"2.1.1.60\"]\n", pns: users.String(), detour: true})
	calls := w.dialAll(all...)
	if got := w.detour.cut(); got != 1 {
		t.Errorf("%d control connections carried the calls", got)
	}
	for _, c := range calls {
		w.told(c, "control connection was lost")
	}
	w.pac.ended(n)
	w.pns.ended(n)
	for _, p := range []*program{w.pac, w.pns} {
		for _, c := range p.calls() {
			p.wants(c, record.ControlLost, "")
		}
	}
	testbed.Until(t, "the PNS has forgotten the calls", func() bool { return w.pns.metric(`pns_control_connections{state="established"}`) == 0 })
	for _, c := range w.dialAll(all[:3]...) {
		c.Close()
	}
	if got := w.detour.cut(); got != 1 {
		t.Errorf("%d control connections carried the next calls", got)
	}
}
