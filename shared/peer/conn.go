package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"carrier/shared/pptp"
	"carrier/shared/quirk"
)

const (
	// maxQueue bounds what waits to be written to a peer: room for the calls of a
	// whole POP at once. A peer that lets more pile up does not read.
	maxQueue = 256 << 10
	// linger is how long a connection that we end is kept for the peer to take
	// our last message: closing it with unread octets would destroy that.
	linger = 2 * time.Second
)

// A Conn is one control connection. Its methods may be called from any
// goroutine.
//
// One goroutine reads and one writes; the state, of the connection and of its
// calls, is guarded by mu, which is never held while anything outside is called
// or waited for.
type Conn struct {
	e           *Endpoint
	nc          net.Conn
	local, peer netip.AddrPort
	begun       time.Time
	opened      bool // by us
	own         bool // for one call, with which it ends
	stranger    bool // to the Handler, when it came: the gate counts it until it is closed
	log         *slog.Logger
	limit       alarm

	up    chan struct{} // closed when established
	done  chan struct{} // closed when over
	gone  chan struct{} // closed when nothing is read or written any more
	write chan struct{} // the writer has work

	mu      sync.Mutex
	control pptp.Control
	remote  Remote
	about   quirk.Software // what the peer says of itself, printable
	profile *quirk.Profile // of that; nil: none
	echo    uint32         // Identifier of our last Echo-Request
	calls   map[uint16]*Call
	theirs  map[uint16]*Call // by the peer's Call ID, as far as known
	out     []byte           // to be written
	stalled bool             // the peer lets too much pile up
	counted *atomic.Int64    // the gauge that counts this connection
	seated  bool             // the gate counts it as established
	silent  bool             // it lost a collision: nothing may be sent, the peer closes it
	over    bool
	err     error
	why     error // why we stopped it
}

func newConn(e *Endpoint, nc net.Conn, r Remote) *Conn {
	local, peer := addrOf(nc.LocalAddr()), addrOf(nc.RemoteAddr())
	c := &Conn{e: e, nc: nc, local: local, peer: peer, begun: time.Now(), remote: r, log: e.o.Log.With("peer", peer),
		up: make(chan struct{}), done: make(chan struct{}), gone: make(chan struct{}), write: make(chan struct{}, 1),
		control: pptp.NewControl(e.o.Timers, time.Now()),
		calls:   make(map[uint16]*Call), theirs: make(map[uint16]*Call)}
	c.limit.ring = c.expire
	return c
}

// start begins to read and write, and speaks first if we opened the connection.
func (c *Conn) start() {
	c.mu.Lock()
	c.settle()
	c.mu.Unlock()
	if c.opened {
		c.step(pptp.TCPOpened, nil, true)
	}
	c.e.wg.Go(c.writer)
	c.e.wg.Go(c.reader)
}

// Remote is the peer as Dial or Admit named it.
func (c *Conn) Remote() Remote {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.remote
}

// PeerHost is the peer's Host Name as it gave it, unprintable characters
// replaced; it proves nothing.
func (c *Conn) PeerHost() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.about.Host
}

// Settings are how the peer is to be treated: as an administrator says, and
// where he says nothing as its software wants it. They are known once the
// connection is established; Reconfigure changes them.
func (c *Conn) Settings() quirk.Settings {
	c.mu.Lock()
	defer c.mu.Unlock()
	said := c.remote.Settings
	return said.With(c.profile.Sets(said))
}

// met notes what the peer says of itself; mu is held.
func (c *Conn) met(host, vendor string, firmware uint16) {
	c.about = quirk.Software{Host: printable(host), Vendor: printable(vendor), Firmware: firmware}
	c.profile = quirk.Find(c.about)
}

// LocalAddr is our end of the TCP connection.
func (c *Conn) LocalAddr() netip.AddrPort { return c.local }

// PeerAddr is the peer's end of the TCP connection.
func (c *Conn) PeerAddr() netip.AddrPort { return c.peer }

// Done is closed when the connection and all its calls are over.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err is why the connection ended; nil while it lives.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// wait waits until the connection is established or over.
func (c *Conn) wait(ctx context.Context) error {
	select {
	case <-c.up:
		if c.Err() == nil {
			return nil
		}
		<-c.done // until Dial finds it no more
		return c.Err()
	case <-c.done:
		return c.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// reader reads until the TCP connection ends, also, without looking, what comes
// after the control connection's end.
func (c *Conn) reader() {
	defer close(c.gone)
	defer c.e.forget(c)
	defer c.nc.Close()
	var split pptp.Splitter
	room := make([]byte, 4096)
	for {
		n, err := c.nc.Read(room)
		if n > 0 && !c.isOver() {
			c.tap(c.peer, c.local, room[:n])
			if bad := split.Push(room[:n], c.message); bad != nil {
				c.e.stats.ConnsBroken.Add(1)
				c.finish(fmt.Errorf("%w: %w", errBroken, bad), false)
			}
		}
		if err != nil {
			c.tap(c.peer, c.local, nil)
			if errors.Is(err, io.EOF) {
				err = ErrPeerClosed
			}
			c.finish(err, false)
			return
		}
	}
}

// writer writes what waits. It ends with the connection, after its last
// message.
func (c *Conn) writer() {
	for range c.write {
		c.mu.Lock()
		b, over := c.out, c.over
		c.out = nil
		c.mu.Unlock()
		if len(b) > 0 {
			c.tap(c.local, c.peer, b)
			c.nc.SetWriteDeadline(time.Now().Add(c.e.o.Timers.EchoReply))
			if _, err := c.nc.Write(b); err != nil {
				c.e.stats.ConnsStalled.Add(1)
				c.finish(fmt.Errorf("cannot write to the peer: %w", err), false)
				return
			}
		}
		if over {
			c.closeWrite()
			return
		}
	}
}

// closeWrite ends our direction and gives the peer a while to end its own.
func (c *Conn) closeWrite() {
	c.tap(c.local, c.peer, nil)
	tcp, ok := c.nc.(*net.TCPConn)
	if !ok {
		c.nc.Close()
		return
	}
	tcp.CloseWrite()
	tcp.SetReadDeadline(time.Now().Add(linger))
}

func (c *Conn) tap(src, dst netip.AddrPort, octets []byte) {
	if c.e.o.Tap != nil {
		c.e.o.Tap.Control(c.peerName(), src, dst, octets)
	}
}

// send queues a message; mu is held.
func (c *Conn) send(m pptp.Message) error {
	b, err := pptp.Append(c.out, m)
	if err != nil {
		return err
	}
	c.out = b
	if len(c.out) > maxQueue && !c.stalled {
		c.stalled = true
		c.e.stats.ConnsStalled.Add(1)
		c.e.wg.Go(func() { c.finish(errStalled, false) })
	}
	c.e.stats.MessagesSent.Add(1)
	c.kick()
	return nil
}

func (c *Conn) kick() {
	select {
	case c.write <- struct{}{}:
	default:
	}
}

// finish ends the connection and its calls, once; with flush, what waits to be
// written is written first.
func (c *Conn) finish(err error, flush bool) {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return
	}
	c.over, c.err = true, err
	c.endCalls(err)
	if c.seated {
		c.e.gate.leave(connections, c.peer.Addr(), c.remote.Name)
	}
	c.settle()
	if !flush {
		c.out = nil
	}
	c.kick()
	addr := c.remote.Addr
	c.mu.Unlock()

	c.e.over(c, addr)
	close(c.done)
	if !flush {
		c.nc.Close()
	}
	lines := &c.e.bursts.strangers
	select {
	case <-c.up:
		lines = &c.e.bursts.peers
	default:
	}
	lines.log(c.log, slog.LevelInfo, "control connection ended", "why", err)
}

// spare stops a connection that was for one call and has none; mu is held.
func (c *Conn) spare() {
	if c.own && len(c.calls) == 0 && !c.over {
		c.e.wg.Go(c.Stop)
	}
}

func (c *Conn) isSilent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.silent
}

func (c *Conn) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// peerName is the peer's name in captures.
func (c *Conn) peerName() string {
	if name := c.Remote().Name; name != "" {
		return name
	}
	return c.peer.Addr().String()
}
