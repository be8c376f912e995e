package userspace

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	"carrier/pns/internal/lan"
	"carrier/shared/netstack"
)

// tcp takes one connection that a caller wants to open, in a goroutine of its
// own. The outside connection comes first, so that the caller is told the
// truth about it.
func (l *LAN) tcp(r *netstack.Request) {
	if !l.begin() {
		r.Drop()
		return
	}
	defer l.wg.Done()
	port := l.table.Find(r.Src.Addr())
	if port == nil {
		r.Drop()
		return
	}
	to, err := l.target(r.Dst)
	if err != nil {
		l.stats.Prohibited.Add(1)
		r.Reset()
		return
	}
	if !l.acquire(port) {
		r.Reset()
		return
	}
	defer l.release(port)
	l.stats.Connections.Add(1)
	defer l.stats.Connections.Add(-1)
	ctx, cancel := l.context(port)
	defer cancel()
	if err := l.connect(ctx, r, to); err != nil {
		l.o.Log.Debug("no connection", "from", r.Src, "to", r.Dst, "at", to, "error", err)
	}
}

// connect opens the outside connection, then the caller's, and carries their
// octets until both are over. It answers r in every case.
func (l *LAN) connect(ctx context.Context, r *netstack.Request, to string) error {
	limited, cancel := context.WithTimeout(ctx, l.o.DialTimeout)
	defer cancel()
	outside, err := l.dial(limited, "tcp4", to)
	if err != nil {
		l.refuse(ctx, r, err)
		return err
	}
	inside, err := r.Accept(limited)
	if err != nil {
		reset(outside)
		return err
	}
	carry(ctx, inside, outside)
	return nil
}

// refuse tells the caller why there is no connection.
func (l *LAN) refuse(ctx context.Context, r *netstack.Request, err error) {
	if ctx.Err() != nil { // detached
		r.Drop()
		return
	}
	l.stats.Unreachable.Add(1)
	if errors.Is(err, syscall.ECONNREFUSED) {
		r.Reset()
		return
	}
	packet := r.Packet
	r.Drop()
	l.report(lan.HostUnreachable, 0, packet)
}

// carry copies both directions until both have ended in order, or one in
// disorder, or ctx.
func carry(ctx context.Context, inside *netstack.Conn, outside net.Conn) {
	abort := func() {
		reset(outside) // first: else the end of inside would be taken for a FIN
		inside.Abort()
	}
	defer context.AfterFunc(ctx, abort)()
	up := make(chan struct{})
	go func() {
		defer close(up)
		if _, err := io.Copy(outside, inside); err != nil || closeWrite(outside) != nil {
			abort()
		}
	}()
	if _, err := io.Copy(inside, outside); err != nil || closeWrite(inside) != nil {
		abort()
	}
	<-up
	inside.Close()
	outside.Close()
}

// closeWrite sends a FIN.
func closeWrite(c net.Conn) error {
	return c.(interface{ CloseWrite() error }).CloseWrite()
}

// reset closes c with a RST instead of a FIN.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}
