package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/pptp"
)

// The tests of this file run on synctest's clock, where a minute passes at
// once: TCP is a net.Pipe and GRE a pair of channels.

// cable is a socket whose packets go to another.
type cable struct {
	at     netip.AddrPort
	in     chan datagram
	out    *cable
	closed chan struct{}
}

type datagram struct {
	from   netip.AddrPort
	packet []byte
}

func newCable(at string) *cable {
	return &cable{at: netip.MustParseAddrPort(at), in: make(chan datagram, 1000), closed: make(chan struct{})}
}

func (c *cable) read(b *batch) error {
	select {
	case d := <-c.in:
		b.packets, b.from = append(b.packets[:0], d.packet), append(b.from[:0], d.from)
		return nil
	case <-c.closed:
		return net.ErrClosed
	}
}

func (c *cable) write(packets [][]byte, to *target) (int, error) {
	if to.to != c.out.at {
		return len(packets), nil // nobody there
	}
	for _, p := range packets {
		c.out.in <- datagram{c.at, append([]byte(nil), p...)}
	}
	return len(packets), nil
}

func (c *cable) addr() netip.AddrPort { return c.at }

func (c *cable) close() error {
	close(c.closed)
	return nil
}

var (
	addrPAC = netip.MustParseAddrPort("192.0.2.1:1723")
	addrPNS = netip.MustParseAddrPort("192.0.2.2:1723")
)

// end is one end of a TCP connection.
type end struct {
	net.Conn
	local, remote netip.AddrPort
}

func (e end) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(e.local) }
func (e end) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(e.remote) }

// pipe is a TCP connection from a to b.
func pipe(a, b netip.AddrPort) (near, far net.Conn) {
	near, far = net.Pipe()
	return end{near, a, b}, end{far, b, a}
}

// reaches has h's connections lead to another host.
func (h *host) reaches(at netip.AddrPort, other *host, from netip.AddrPort) {
	h.connect = func(_ context.Context, to netip.AddrPort) (net.Conn, error) {
		if to != at {
			return nil, fmt.Errorf("%v: no route", to)
		}
		near, far := pipe(from, at)
		other.serve(far)
		return near, nil
	}
}

// bubbleHost is an endpoint without sockets of the system.
func bubbleHost(t *testing.T, name string, c *cable) *host {
	h := newHand()
	o := Options{Host: name, Handler: h, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Stop: time.Second}
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	e.sockets[UDP] = c
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		e.Run(ctx)
		close(done)
	}()
	stop := sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return &host{e, h, t, stop}
}

// bubble is a PAC and a PNS with a control connection between them.
func bubble(t *testing.T) (pac, pns *host, conn *Conn) {
	pac, pns = twoHosts(t)
	conn, err := pac.Dial(t.Context(), Remote{Addr: addrPNS, Transport: UDP})
	if err != nil {
		t.Fatal(err)
	}
	return pac, pns, conn
}

// twoHosts can dial each other.
func twoHosts(t *testing.T) (pac, pns *host) {
	a, n := newCable("192.0.2.1:5000"), newCable("192.0.2.2:4754")
	a.out, n.out = n, a
	pac, pns = bubbleHost(t, "atlanta", a), bubbleHost(t, "denver", n)
	pac.reaches(addrPNS, pns, addrPAC)
	pns.reaches(addrPAC, pac, addrPNS)
	return pac, pns
}

// RFC 2637 §3.1.4: Echo-Request after 60 s without a message, answered for ever.
func TestEchoKeepsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pac, pns, conn := bubble(t)
		before := pac.stats.MessagesReceived.Load() + pns.stats.MessagesReceived.Load()
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		if err := conn.Err(); err != nil {
			t.Fatal(err)
		}
		echoes := pac.stats.MessagesReceived.Load() + pns.stats.MessagesReceived.Load() - before
		if echoes < 18 || echoes > 42 { // each minute one request and its reply, or one from each side
			t.Errorf("%d messages in ten minutes", echoes)
		}
	})
}

// listen reads and answers nothing; what it heard comes by and by.
func listen(nc net.Conn) <-chan pptp.Message {
	heard := make(chan pptp.Message, 100)
	go func() {
		defer close(heard)
		var s pptp.Splitter
		b := make([]byte, 4096)
		for {
			n, err := nc.Read(b)
			s.Push(b[:n], func(m []byte) error {
				parsed, err := pptp.Parse(m)
				heard <- parsed
				return err
			})
			if err != nil {
				return
			}
		}
	}()
	return heard
}

// established is a control connection that a silent stranger opened.
func established(t *testing.T, h *host) (nc net.Conn, heard <-chan pptp.Message) {
	nc, far := pipe(addrPAC, addrPNS)
	h.serve(far)
	heard = listen(nc)
	nc.Write(octets(t, linuxStart))
	if m, ok := (<-heard).(pptp.StartControlConnectionReply); !ok || m.Result != pptp.StartOK {
		t.Fatalf("%+v", m)
	}
	return nc, heard
}

func TestSilentPeerIsClosedByEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
		start := time.Now()
		nc, heard := established(t, h)
		nc.Write(octets(t, linuxCall))
		c := get(t, h.outgoing, "Outgoing")
		c.Answer(pptp.OutgoingCallReply{})
		<-heard
		if m, ok := (<-heard).(pptp.EchoRequest); !ok || time.Since(start) != time.Minute {
			t.Errorf("%+v after %v", m, time.Since(start))
		}
		e := <-c.Events()
		if e.Kind != Ended || !errors.Is(e.Err, ErrControlLost) || !errors.Is(e.Err, ErrTimeout) || time.Since(start) != 2*time.Minute {
			t.Errorf("%v after %v", e.Err, time.Since(start))
		}
		if _, open := <-heard; open {
			t.Error("a message to a peer that is gone")
		}
	})
}

// RFC 2637 §3.1.4 1: 60 s for Start-Control-Connection-Request and -Reply.
func TestStartIsWaitedForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
		start := time.Now()
		nc, far := pipe(addrPAC, addrPNS)
		h.serve(far)
		if _, open := <-listen(nc); open || time.Since(start) != time.Minute {
			t.Errorf("closed after %v", time.Since(start))
		}
		start = time.Now()
		nc, far = pipe(addrPAC, addrPNS)
		listen(nc)
		c, _, err := h.originate(&attempt{remote: Remote{Addr: addrPNS}}, far)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.wait(t.Context()); !errors.Is(err, ErrTimeout) || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if n := h.stats.ConnsTimedOut.Load(); n != 2 {
			t.Errorf("%d timed out", n)
		}
	})
}

// A stuck call is cleared alone (60, 120, 90 s); its neighbours stay.
func TestStuckCallsLeaveTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pac, pns, conn := bubble(t)
		_, good := call(t, conn, pns, 1)

		start := time.Now()
		_, err := conn.Offer(t.Context(), pptp.IncomingCallRequest{CallSerialNumber: 2}) // nobody decides
		if took := time.Since(start); took != time.Minute || err == nil {
			t.Errorf("wait_reply: %v after %v", err, took)
		}
		undecided := get(t, pns.incoming, "Incoming")
		event(t, undecided, Ended)

		start = time.Now()
		go func() { get(t, pns.incoming, "Incoming").Accept(1, 0) }()
		slow, err := conn.Offer(t.Context(), pptp.IncomingCallRequest{CallSerialNumber: 3}) // nobody answers the line
		if err != nil {
			t.Fatal(err)
		}
		if e := <-slow.Events(); e.Kind != Cleared || time.Since(start) != 2*time.Minute {
			t.Errorf("wait_connect: %+v after %v", e, time.Since(start))
		}
		slow.Disconnect(pptp.CallDisconnectNotify{Result: pptp.Request})

		start = time.Now()
		_, err = conn.Place(t.Context(), pptp.OutgoingCallRequest{CallSerialNumber: 4}) // nobody dials
		if took := time.Since(start); took != 90*time.Second || err == nil || err.Error() != "call refused: Time-out" {
			t.Errorf("wait_cs_ans: %v after %v", err, took)
		}
		if conn.Err() != nil || len(good.Events()) != 0 {
			t.Errorf("the neighbour: %v, connection %v", good.err, conn.Err())
		}
		if pac.stats.Calls.Load() != 1 || pns.stats.Calls.Load() != 1 {
			t.Error("calls left")
		}
	})
}

// A peer that does not read is closed when too much has piled up, or when a
// write has taken a minute; others do not notice.
func TestPeerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
		deaf, far := pipe(addrPAC, addrPNS)
		h.serve(far)
		start := time.Now()
		deaf.Write(octets(t, linuxStart))
		synctest.Wait()
		flood := []byte(strings.Repeat(string(octets(t, echoRequest)), 200))
		var err error
		for range 200 {
			if _, err = deaf.Write(flood); err != nil {
				break
			}
		}
		if err == nil || time.Since(start) != 0 || h.stats.ConnsStalled.Load() == 0 {
			t.Errorf("flooded: %v after %v", err, time.Since(start))
		}
		deaf, far = pipe(addrPAC, addrPNS)
		h.serve(far)
		deaf.Write(octets(t, linuxStart))
		_, heard := established(t, h) // meanwhile
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, err := deaf.Write([]byte{0}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("after a minute: %v", err)
		}
		if _, ok := (<-heard).(pptp.EchoRequest); !ok {
			t.Error("the other connection is not alive")
		}
	})
}

// Nor does it keep us from ending, even while a refusal to it is being written.
func TestShutdownDoesNotWaitForTheDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
		h.admits(func(netip.AddrPort) (Remote, error) { return Remote{}, errors.New("no") })
		deaf, far := pipe(addrPAC, addrPNS)
		h.serve(far)
		deaf.Write(octets(t, linuxStart))
		synctest.Wait()
		start := time.Now()
		h.stop()
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// The PAC opens the path: each second until a packet comes, then each 20 s.
func TestPathIsOpenedAndKeptOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, pns, conn := bubble(t)
		a, n := call(t, conn, pns, 1)
		time.Sleep(4*time.Second + time.Millisecond)
		synctest.Wait()
		if got := pns.stats.GREProbes.Load(); got != 5 {
			t.Errorf("%d probes in the first four seconds", got)
		}
		in := newInbox()
		a.Bind(in)
		n.Send(packet(n.PeerID(), 0, "x"))
		get(t, in.packets, "GRE")
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if got := pns.stats.GREProbes.Load(); got != 7 && got != 8 {
			t.Errorf("%d probes after 40 more seconds", got)
		}
		a.Disconnect(pptp.CallDisconnectNotify{})
		synctest.Wait()
		before := pns.stats.GREProbes.Load()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := pns.stats.GREProbes.Load(); got != before {
			t.Error("probes of a call that is over")
		}
	})
}

func TestWakeAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, pns, conn := bubble(t)
		a, _ := call(t, conn, pns, 1)
		in := newInbox()
		a.Bind(in)
		start := time.Now()
		a.WakeAt(start.Add(time.Hour))
		a.WakeAt(start.Add(50 * time.Millisecond))
		if at := get(t, in.wakes, "Wake"); at != start.Add(50*time.Millisecond) {
			t.Errorf("woken after %v", at.Sub(start))
		}
		a.WakeAt(start.Add(time.Second))
		a.WakeAt(time.Time{})
		time.Sleep(2 * time.Second)
		a.WakeAt(time.Now().Add(time.Second))
		a.Disconnect(pptp.CallDisconnectNotify{})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(in.wakes) > 0 {
			t.Error("woken although taken back, or over")
		}
	})
}

// Both ends dial each other at the same time, again and again (RFC 2637
// §3.1.3): both get a connection, and it is the same one.
func TestCollision(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			pac, pns := twoHosts(t)
			var ours, theirs *Conn
			var wg sync.WaitGroup
			wg.Go(func() { ours, _ = pac.Dial(t.Context(), Remote{Addr: addrPNS, Transport: UDP}) })
			wg.Go(func() { theirs, _ = pns.Dial(t.Context(), Remote{Addr: addrPAC, Transport: UDP}) })
			wg.Wait()
			synctest.Wait()
			if ours == nil || theirs == nil || ours.Err() != nil || theirs.Err() != nil {
				t.Fatalf("dialled %v and %v", ours, theirs)
			}
			if len(pac.conns) != 1 || len(pns.conns) != 1 || ours.opened == theirs.opened {
				t.Errorf("%d and %d connections", len(pac.conns), len(pns.conns))
			}
			call(t, ours, pns, 1)
			call(t, theirs, pac, 2)
		})
	}
}

// A peer that is back is not heard of late because its TCP did not answer at first:
// another connection is tried every four seconds, for as long as Connect says.
func TestPeerThatIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pac, pns := bubbleHost(t, "atlanta", newCable("192.0.2.1:4754")), bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
		tries, there := 0, 3
		pac.reaches(addrPNS, pns, addrPAC)
		answered := pac.connect
		pac.connect = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			if tries++; tries < there {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return answered(ctx, to)
		}
		start := time.Now()
		c, err := pac.Dial(t.Context(), Remote{Addr: addrPNS, Transport: UDP})
		if err != nil || time.Since(start) != 8*time.Second || tries != 3 {
			t.Fatalf("%v after %v and %d tries", err, time.Since(start), tries)
		}
		c.Stop()
		<-c.Done()
		start, tries, there = time.Now(), 0, 100
		_, err = pac.Dial(t.Context(), Remote{Addr: addrPNS, Transport: UDP})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 15*time.Second || tries != 4 {
			t.Errorf("nobody there: %v after %v and %d tries", err, time.Since(start), tries)
		}
	})
}

// The winner says nothing on the loser's connection and waits for its end
// (RFC 2637 §3.1.3); the loser closes its own without another message.
func TestCollisionWithAStranger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			name     string
			stranger netip.AddrPort
			wins     bool // we do
		}{
			{"we have the higher address", addrPAC, true},
			{"the stranger has", netip.MustParseAddrPort("203.0.113.9:1723"), false},
		} {
			h := bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
			ours, far := pipe(addrPNS, test.stranger)
			h.connect = func(context.Context, netip.AddrPort) (net.Conn, error) { return ours, nil }
			dialled := make(chan *Conn, 1)
			go func() {
				c, _ := h.Dial(t.Context(), Remote{Addr: test.stranger, Transport: UDP})
				dialled <- c
			}()
			onOurs := listen(far)
			if _, ok := (<-onOurs).(pptp.StartControlConnectionRequest); !ok {
				t.Fatal("no request")
			}
			theirs, served := pipe(test.stranger, addrPNS)
			onTheirs := listen(theirs)
			h.serve(served)
			theirs.Write(octets(t, linuxStart))
			synctest.Wait()
			if test.wins {
				theirs.Write(octets(t, linuxStart)) // even when asked again
				synctest.Wait()
				if len(onTheirs) > 0 || len(dialled) > 0 {
					t.Errorf("%s: answered", test.name)
				}
				theirs.Close()
				far.Write(octets(t, ourStart))
			} else if _, open := <-onOurs; open {
				t.Errorf("%s: another message on our connection", test.name)
			} else if m, ok := (<-onTheirs).(pptp.StartControlConnectionReply); !ok || m.Result != pptp.StartOK {
				t.Errorf("%s: %+v", test.name, m)
			}
			c := <-dialled
			if c == nil || c.opened != test.wins {
				t.Errorf("%s: dialled %v", test.name, c)
			}
		}
	})
}
