package peer

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"carrier/shared/pptp"
)

// Who is who among the connections: those that wait for their first message,
// the one that Dial finds for an address, and attempts under way. All of it is
// guarded by Endpoint.mu; a Conn's lock may be taken under it, never the other
// way round.

// add notes a connection that was accepted and makes room for it among those
// that have said nothing yet: the oldest of its source goes, or of all, for an
// honest peer speaks at once.
func (e *Endpoint) add(c *Conn) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		return ErrClosed
	}
	e.conns[c] = struct{}{}
	if c.opened {
		return nil
	}
	e.pending = append(e.pending, c)
	if crowded := e.crowded(c.peer.Addr()); crowded != nil {
		e.speaks(crowded)
		e.stats.ConnsCrowded.Add(1)
		e.wg.Go(func() { crowded.finish(errCrowded, false) })
	}
	return nil
}

// crowded is the connection that must go for one more from an address; nil: none.
func (e *Endpoint) crowded(from netip.Addr) *Conn {
	var oldest *Conn
	n := 0
	for _, c := range e.pending {
		if c.peer.Addr() == from {
			if n++; oldest == nil {
				oldest = c
			}
		}
	}
	switch {
	case n > silentSource:
		return oldest
	case len(e.pending) > e.o.Pending:
		return e.pending[0]
	}
	return nil
}

// claim makes c the connection of the peer at addr, whose
// Start-Control-Connection-Request came on it. When an attempt of ours to the
// same peer has sent its own, they collide (RFC 2637 §3.1.3): either our attempt
// gives way to c, and must be closed before c is answered, or c must stay
// unanswered, and claim says false.
func (e *Endpoint) claim(c *Conn, addr netip.AddrPort) (loser *Conn, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range e.attempts {
		ours, theirs := c.local.Addr(), c.peer.Addr()
		if a.conn == nil || a.remote.Addr.Addr() != theirs || ours == theirs {
			continue // one host may hold both ends: then nothing tells who gives way, and both may live
		}
		if pptp.Wins(ours, theirs) {
			return nil, false
		}
		loser, a.instead = a.conn, c
	}
	e.speaks(c)
	e.list(c, addr)
	return loser, true
}

// list lets Dial find c, unless it has ended meanwhile. A living connection that
// we opened stays: the other is that of a second peer behind the same address,
// or one that lost a collision and is about to end.
func (e *Endpoint) list(c *Conn, addr netip.AddrPort) {
	if old := e.byAddr[addr]; !c.isOver() && (old == nil || !old.opened) {
		e.byAddr[addr] = c
	}
}

// unlist keeps Dial from finding c any more.
func (e *Endpoint) unlist(c *Conn, addr netip.AddrPort) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.byAddr[addr] == c {
		delete(e.byAddr, addr)
	}
}

// speaks notes that c is not one of those that have said nothing.
func (e *Endpoint) speaks(c *Conn) {
	if i := slices.Index(e.pending, c); i >= 0 {
		e.pending = slices.Delete(e.pending, i, i+1)
	}
}

// over notes that c has ended; it may still be writing its last message.
func (e *Endpoint) over(c *Conn, addr netip.AddrPort) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.speaks(c)
	if e.byAddr[addr] == c {
		delete(e.byAddr, addr)
	}
}

// forget is the end of c, whose TCP connection is closed.
func (e *Endpoint) forget(c *Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.conns, c)
	if c.stranger {
		e.gate.leave(strangers, c.peer.Addr(), "")
	}
}

// usable says if packets can travel as r wants.
func (e *Endpoint) usable(r Remote) error {
	if e.sockets[r.Transport] == nil {
		return fmt.Errorf("transport %v is not open at this end", r.Transport)
	}
	return nil
}

// addrOf reads the address of a TCP connection's end.
func addrOf(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		at := tcp.AddrPort()
		return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	}
	return netip.AddrPort{}
}

// defaultAddr is where a peer that opened a connection would be dialled.
func defaultAddr(peer netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(peer.Addr(), pptp.Port)
}
