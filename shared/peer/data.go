package peer

import (
	"bytes"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"carrier/shared/gre"
)

const (
	// holdPackets bounds what is held of a call that is not yet bound and
	// connected: GRE may overtake the message on TCP that allows it.
	holdPackets = 64

	// The path is opened through NAT routers, and kept open: often until the
	// first packet has come, then rarely.
	probeFirst = time.Second
	probeLater = 20 * time.Second

	// rebind is how far ahead of the last one the Sequence Number of a packet
	// from a new UDP port may be to be believed.
	rebind = 1000
)

// data is the data half of a call.
type data struct {
	transport Transport
	target    atomic.Pointer[target]
	dead      atomic.Bool // the call is over
	heard     atomic.Bool // a packet came
	lastSeq   uint32      // the socket's reader alone
	sequenced bool        // lastSeq is one; likewise
	wake      alarm
	probe     alarm

	// open is the receiver once packets may flow. Until then they are held
	// under rx.
	open     atomic.Pointer[Receiver]
	rx       sync.Mutex
	receiver Receiver
	ready    bool // the call is connected
	held     [][]byte

	// tx guards what waits until the peer's port is known.
	tx      sync.Mutex
	learns  bool // the port: until a packet has shown it nothing is sent
	waiting [][]byte
}

// initData prepares the data half before the call has its Call ID; conn.mu is
// held.
func (c *Call) initData() {
	remote := c.conn.remote
	c.transport = remote.Transport
	port := uint16(0)
	if c.transport == UDP {
		if port = remote.UDPPort; port == 0 {
			port = GREPort
			c.learns = !c.opensPath()
		}
	}
	c.target.Store(newTarget(c.conn.local.Addr(), netip.AddrPortFrom(c.conn.peer.Addr(), port)))
	c.wake.ring = c.ringWake
	c.probe.ring = c.ringProbe
}

// Bind gives the call's data half to r. Packets that came before are handed to
// it first, by Bind itself: the caller must not hold a lock that r takes.
// Packets are held, up to a bound, until the call is both bound and connected.
func (c *Call) Bind(r Receiver) {
	c.rx.Lock()
	defer c.rx.Unlock()
	c.receiver = r
	c.flow()
}

// openData lets packets flow: the call is connected. Where we sent the last
// message of the set-up, or had its answer, we open the path.
func (c *Call) openData() {
	c.rx.Lock()
	c.ready = true
	c.flow()
	c.rx.Unlock()
	if c.opensPath() {
		c.ringProbe(time.Now())
	}
}

// flow hands over what was held if packets may flow now; rx is held.
func (c *Call) flow() {
	if c.receiver == nil || !c.ready || c.dead.Load() {
		return
	}
	if held := c.held; len(held) > 0 {
		c.held = nil
		c.receiver.Receive(held)
	}
	c.open.Store(&c.receiver)
}

// receive takes packets from the socket's reader.
func (c *Call) receive(packets [][]byte) {
	r := c.open.Load()
	if r == nil {
		c.rx.Lock()
		if r = c.open.Load(); r == nil {
			c.hold(packets)
		}
		c.rx.Unlock()
	}
	if r != nil && !c.dead.Load() {
		(*r).Receive(packets)
	}
}

// hold keeps copies; rx is held.
func (c *Call) hold(packets [][]byte) {
	for i, p := range packets {
		if len(c.held) == holdPackets {
			c.conn.e.stats.GREOverflow.Add(uint64(len(packets) - i))
			return
		}
		c.held = append(c.held, bytes.Clone(p))
	}
}

// Send sends GRE packets, octets from the GRE header on, which it does not
// keep. Over UDP to a peer whose port nobody told, the first ones wait until
// its path-opening packet has shown it. After Ended Send sends nothing and
// returns ErrCallEnded.
func (c *Call) Send(packets ...[]byte) error {
	if c.dead.Load() {
		return ErrCallEnded
	}
	if c.learns && !c.heard.Load() && c.wait(packets) {
		return nil
	}
	return c.write(packets)
}

// wait keeps copies of packets until the peer's port is known; false: it is.
func (c *Call) wait(packets [][]byte) bool {
	c.tx.Lock()
	defer c.tx.Unlock()
	if c.heard.Load() {
		return false
	}
	for _, p := range packets {
		if len(c.waiting) < holdPackets {
			c.waiting = append(c.waiting, bytes.Clone(p))
		}
	}
	return true
}

// found is when the peer's first packet has come: what waited for it is sent.
func (c *Call) found() {
	c.tx.Lock()
	defer c.tx.Unlock()
	if len(c.waiting) > 0 {
		_ = c.write(c.waiting) // counted; a packet may be lost
		c.waiting = nil
	}
	c.heard.Store(true)
}

func (c *Call) write(packets [][]byte) error {
	e := c.conn.e
	t := c.target.Load()
	if e.o.Tap != nil {
		for _, p := range packets {
			e.o.Tap.GRE(c.name, c.conn.local.Addr(), t.to.Addr(), p)
		}
	}
	sent, err := e.sockets[c.transport].write(packets, t)
	e.stats.GRESent.Add(uint64(sent))
	if lost := len(packets) - sent; lost > 0 {
		e.stats.GRESendError.Add(uint64(lost))
	}
	return err
}

// WakeAt has the Receiver's Wake called at t, once. A later WakeAt replaces it;
// a zero t takes it back. To have it later than before, or not at all, costs next
// to nothing.
func (c *Call) WakeAt(t time.Time) {
	if !c.dead.Load() {
		c.conn.e.clock.set(&c.wake, t)
	}
}

func (c *Call) ringWake(now time.Time) {
	c.rx.Lock()
	r := c.receiver
	c.rx.Unlock()
	if r != nil && !c.dead.Load() {
		r.Wake(now)
	}
}

// ringProbe sends a packet without payload and sets the next.
func (c *Call) ringProbe(now time.Time) {
	if c.dead.Load() {
		return
	}
	c.Send(gre.Header{CallID: c.PeerID()}.Append(nil, nil))
	next := probeFirst
	if c.heard.Load() {
		next = probeLater
	}
	c.conn.e.clock.set(&c.probe, now.Add(next))
}

// stopData stops the data half at once; conn.mu is held.
func (c *Call) stopData() {
	c.dead.Store(true)
	c.open.Store(nil)
	c.conn.e.clock.drop(&c.wake)
	c.conn.e.clock.drop(&c.probe)
}

// arrived notes where a packet of this call came from; only the socket's reader
// calls it. Over UDP the peer's port is that of the first packet; later it
// changes only for a packet that is next in sequence, which others cannot send.
func (c *Call) arrived(from netip.AddrPort, h gre.Header) {
	if c.transport != UDP {
		if !c.heard.Load() {
			c.heard.Store(true)
		}
		return
	}
	ahead := int32(h.Seq - c.lastSeq) // modulo 2^32
	next := h.HasSeq && c.sequenced && ahead > 0 && ahead <= rebind
	same := from == c.target.Load().to
	first := !c.heard.Load()
	if !same && (first || next) {
		c.target.Store(newTarget(c.conn.local.Addr(), from))
		same = true
	}
	if first {
		c.found()
	}
	if same && h.HasSeq && (ahead > 0 || !c.sequenced) {
		c.lastSeq, c.sequenced = h.Seq, true
	}
}
