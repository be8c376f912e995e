package peer

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// An attempt opens one control connection for all who dial that address
// meanwhile. Its fields but done are guarded by Endpoint.mu until done is
// closed.
type attempt struct {
	remote  Remote
	done    chan struct{}
	conn    *Conn // that sent our Start-Control-Connection-Request
	instead *Conn // the peer's own, to which ours gave way
	result  *Conn
	err     error
	unasked bool // it was for one call, which nobody waits for any more
}

// Dial returns the living control connection to r.Addr or opens one, and waits
// for an attempt that is under way. A peer that refused gives a *StartError.
// The connection outlives ctx and the calls on it; but with r.OneCall it is a new
// one, found by nobody else, for one call that is begun at once, and ends with it
// (a departure from RFC 2637 §3.1.3, which allows two peers one connection).
func (e *Endpoint) Dial(ctx context.Context, r Remote) (*Conn, error) {
	if err := e.usable(r); err != nil {
		return nil, err
	}
	r.Addr = netip.AddrPortFrom(r.Addr.Addr().Unmap(), r.Addr.Port())
	for {
		c, a, err := e.find(r)
		if err != nil {
			return nil, err
		}
		if c != nil {
			if err := c.wait(ctx); err == nil {
				return c, nil
			} else if ctx.Err() != nil {
				return nil, err
			}
			continue // it ended just now, and is not found again
		}
		select {
		case <-ctx.Done():
			if r.OneCall {
				e.leave(a)
			}
			return nil, context.Cause(ctx)
		case <-a.done:
			return a.result, a.err
		}
	}
}

// find returns the connection to r.Addr or the attempt to open one, which it
// begins if there is none.
func (e *Endpoint) find(r Remote) (*Conn, *attempt, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		return nil, nil, ErrClosed
	}
	if !r.OneCall {
		if c := e.byAddr[r.Addr]; c != nil {
			return c, nil, nil
		}
		if a := e.attempts[r.Addr]; a != nil {
			return nil, a, nil
		}
	}
	a := &attempt{remote: r, done: make(chan struct{})}
	if !r.OneCall {
		e.attempts[r.Addr] = a
	}
	e.wg.Go(func() { e.attempt(a) })
	return nil, a, nil
}

// attempt runs a to its end.
func (e *Endpoint) attempt(a *attempt) {
	result, err := e.open(a)
	e.mu.Lock()
	defer e.mu.Unlock()
	a.result, a.err = result, err
	switch {
	case !a.remote.OneCall:
		delete(e.attempts, a.remote.Addr)
		if err == nil {
			e.list(result, a.remote.Addr)
		}
	case a.unasked && err == nil:
		e.wg.Go(result.Stop)
	}
	close(a.done)
}

// leave is when nobody waits any more for the connection of one call.
func (e *Endpoint) leave(a *attempt) {
	e.mu.Lock()
	a.unasked = true
	c := a.result
	e.mu.Unlock()
	if c != nil {
		c.Stop()
	}
}

// open opens the TCP connection, asks for a control connection on it and waits.
func (e *Endpoint) open(a *attempt) (*Conn, error) {
	ctx, cancel := context.WithTimeout(e.ctx, e.o.Connect)
	defer cancel()
	nc, err := e.reach(ctx, a.remote.Addr)
	if err != nil {
		return nil, fmt.Errorf("control connection: %w", err)
	}
	c, instead, err := e.originate(a, nc)
	if err != nil {
		nc.Close()
		return nil, err
	}
	if instead == nil {
		if err = c.wait(e.ctx); err == nil {
			return c, nil
		}
		e.mu.Lock()
		instead = a.instead
		e.mu.Unlock()
	} else {
		nc.Close() // the peer was faster, nothing was said on ours
	}
	if instead == nil {
		return nil, err
	}
	return instead, instead.wait(e.ctx)
}

// oneConnect is how long one TCP connection is tried: the kernel asks after one
// second and after three, then ever less often, and would hear late of a peer that
// is back.
const oneConnect = 4 * time.Second

// reach opens a TCP connection, with a new one while nobody answers.
func (e *Endpoint) reach(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	for {
		once, cancel := context.WithTimeout(ctx, oneConnect)
		nc, err := e.connect(once, to)
		silent := once.Err() != nil
		cancel()
		if err == nil || !silent || ctx.Err() != nil {
			return nc, err
		}
	}
}

// connectTCP is Endpoint.connect where there is a network.
func (e *Endpoint) connectTCP(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	var d net.Dialer
	if e.o.Source.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(e.o.Source, 0))
	}
	return d.DialContext(ctx, "tcp4", to.String())
}

// originate begins with a TCP connection that we opened, unless the peer has
// opened a control connection meanwhile.
func (e *Endpoint) originate(a *attempt, nc net.Conn) (c, instead *Conn, err error) {
	e.mu.Lock()
	if other := e.byAddr[a.remote.Addr]; other != nil && !a.remote.OneCall {
		e.mu.Unlock()
		return nil, other, nil
	}
	if e.closing {
		e.mu.Unlock()
		return nil, nil, ErrClosed
	}
	c = newConn(e, nc, a.remote)
	c.opened, c.own = true, a.remote.OneCall
	e.conns[c] = struct{}{}
	a.conn = c
	e.mu.Unlock()
	c.start()
	return c, nil, nil
}
