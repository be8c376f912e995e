package peer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"carrier/shared/pptp"
)

// An Endpoint owns PPTP's sockets. Its methods may be called from any
// goroutine.
type Endpoint struct {
	o        Options
	stats    *Stats
	clock    *clock
	ids      *table
	gate     *gate
	listener *net.TCPListener
	connect  func(context.Context, netip.AddrPort) (net.Conn, error) // opens TCP connections
	sockets  [transports]socket
	about    pptp.StartControlConnectionReply // what we say of ourselves
	bursts   struct{ accepted, refused, limited, strangers, peers, odd burst }

	ctx    context.Context // ends when nothing may be begun any more
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	closing  bool
	conns    map[*Conn]struct{}
	pending  []*Conn // accepted and silent so far, oldest first
	byAddr   map[netip.AddrPort]*Conn
	attempts map[netip.AddrPort]*attempt
}

// Open binds what o names; an error says what could not be bound and why.
// Nothing is accepted before Run, which also closes what Open opened.
func Open(o Options) (*Endpoint, error) {
	e := &Endpoint{o: o.withDefaults(), clock: newClock(), ids: newTable(o.OddIDs), gate: newGate(),
		conns: make(map[*Conn]struct{}), byAddr: make(map[netip.AddrPort]*Conn), attempts: make(map[netip.AddrPort]*attempt)}
	e.stats, e.connect = e.o.Stats, e.connectTCP
	e.about = e.o.about()
	if _, err := pptp.Append(nil, e.about); err != nil {
		return nil, fmt.Errorf("our name: %w", err)
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	if err := e.bind(); err != nil {
		e.shut()
		return nil, err
	}
	return e, nil
}

func (e *Endpoint) bind() (err error) {
	for _, a := range []netip.Addr{e.o.Listen.Addr(), e.o.UDP.Addr(), e.o.Source} {
		if a.IsValid() && !a.Unmap().Is4() {
			return fmt.Errorf("%v: PPTP is IPv4 only", a) // §3.1.3 compares 32 bits
		}
	}
	if e.o.Listen.IsValid() {
		e.listener, err = net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(e.o.Listen))
		if err != nil {
			return fmt.Errorf("control connections: %w", bindError(e.o.Listen, err))
		}
	}
	if e.o.UDP.IsValid() {
		if e.sockets[UDP], err = openUDP(e.o.UDP); err != nil {
			return err
		}
	}
	if e.o.GRE {
		if e.sockets[GRE], err = openRaw(e.o.Source, e.o.OddIDs); err != nil {
			return err
		}
	}
	return nil
}

// bindError puts the usual failure into a sentence.
func bindError(at netip.AddrPort, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%v is in use by another program: %w", at, err)
	}
	return err
}

// shut closes the sockets.
func (e *Endpoint) shut() {
	e.cancel()
	if e.listener != nil {
		e.listener.Close()
	}
	for _, s := range e.sockets {
		if s != nil {
			s.close()
		}
	}
}

// Addr is where control connections are accepted; invalid when nowhere.
func (e *Endpoint) Addr() netip.AddrPort {
	if e.listener == nil {
		return netip.AddrPort{}
	}
	return addrOf(e.listener.Addr())
}

// UDPAddr is where GRE over UDP is bound; invalid without it.
func (e *Endpoint) UDPAddr() netip.AddrPort {
	if e.sockets[UDP] == nil {
		return netip.AddrPort{}
	}
	return e.sockets[UDP].addr()
}

// Run serves until ctx ends, then sends Stop-Control-Connection-Request to all
// peers, waits shortly for their replies and closes everything; its error is
// that of the listener if it failed before. It may be called once.
func (e *Endpoint) Run(ctx context.Context) error {
	clockCtx, stopClock := context.WithCancel(context.Background())
	e.wg.Go(func() { e.clock.run(clockCtx) })
	for t, s := range e.sockets {
		if s != nil {
			e.wg.Go(func() { e.readGRE(Transport(t), s) })
		}
	}
	failed := make(chan error, 1)
	if e.listener != nil {
		e.wg.Go(func() { failed <- e.accept() })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	e.stopAll()
	e.shut()
	stopClock()
	e.wg.Wait()
	return err
}

// stopAll ends every connection, politely for as long as Options.Stop.
func (e *Endpoint) stopAll() {
	e.mu.Lock()
	e.closing = true
	var conns []*Conn
	for c := range e.conns {
		conns = append(conns, c)
	}
	e.mu.Unlock()
	limit := time.NewTimer(e.o.Stop)
	defer limit.Stop()
	for _, c := range conns {
		c.Stop()
	}
	for _, c := range conns {
		select {
		case <-c.gone:
		case <-limit.C:
			limit.Reset(0)
			c.nc.Close()
		}
	}
}

// accept takes TCP connections until the listener is closed.
func (e *Endpoint) accept() error {
	for {
		nc, err := e.listener.AcceptTCP()
		if err == nil {
			e.serve(nc)
			continue
		}
		if e.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return nil
		}
		// Out of descriptors, or the peer is gone already: it may get better.
		e.bursts.accepted.log(e.o.Log, slog.LevelWarn, "cannot accept a control connection", "error", err)
		select {
		case <-e.ctx.Done():
			return nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// serve runs a connection that the peer opened, unless its source has opened
// enough of them lately.
func (e *Endpoint) serve(nc net.Conn) {
	from := addrOf(nc.RemoteAddr())
	known, err := e.o.Handler.Admit(from)
	if why := e.knock(from.Addr(), known.Limits, err != nil); why != "" {
		nc.Close()
		e.bursts.limited.log(e.o.Log, slog.LevelWarn, "control connection closed", "peer", from, "why", why)
		return
	}
	c := newConn(e, nc, Remote{})
	c.stranger = err != nil
	if e.add(c) != nil {
		nc.Close()
		e.forget(c)
		return
	}
	c.start()
}

// knock lets a connection in, or says why not.
func (e *Endpoint) knock(from netip.Addr, l Limits, stranger bool) (why string) {
	if stranger {
		l = strange
	}
	switch {
	case !e.gate.spend(connections, from, l, time.Now()):
		e.stats.ConnsFast.Add(1)
		return "too many a second from there"
	case stranger && !e.gate.enter(strangers, from, "", l):
		e.stats.ConnsCrowded.Add(1)
		return "too many of strangers"
	}
	return ""
}
