package userspace

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"carrier/pns/internal/lan"
	"carrier/shared/netstack"
)

// held is how many datagrams wait while a flow's destination is looked up.
const held = 16

// wellKnownIdle is how long a flow to a port below 1024 lives at most after
// its last datagram: a question to a DNS server has its answer by then (RFC
// 4787 §4.3 allows it).
const wellKnownIdle = 30 * time.Second

// A flow is what one caller's port sends to one destination, and back.
type flow struct {
	src, dst netip.AddrPort
	port     *lan.Port
	since    time.Time    // when it began: its monotonic clock counts
	used     atomic.Int64 // when the caller last sent, nanoseconds from since

	mu      sync.Mutex
	conn    net.Conn // nil until it is there
	waiting [][]byte
	last    []byte // the latest packet, whole: an error quotes it
	closed  bool
}

// flows are those that live, by source and destination.
type flows struct {
	mu sync.Mutex
	by map[[2]netip.AddrPort]*flow
}

// udp takes one datagram from a caller.
func (l *LAN) udp(d netstack.Datagram) bool {
	port := l.table.Find(d.Src.Addr())
	if port == nil {
		return true
	}
	f := l.flow(port, d)
	if f != nil && !f.send(d) { // it ended just now: once more, with a new one
		if f = l.flow(port, d); f != nil {
			f.send(d)
		}
	}
	return true
}

// flow finds d's flow or begins it; nil, and d answered, where none may be.
func (l *LAN) flow(port *lan.Port, d netstack.Datagram) *flow {
	l.flows.mu.Lock()
	defer l.flows.mu.Unlock()
	key := [2]netip.AddrPort{d.Src, d.Dst}
	if f := l.flows.by[key]; f != nil && f.port == port {
		return f
	}
	to, err := l.target(d.Dst)
	if err != nil {
		l.stats.Prohibited.Add(1)
		l.report(lan.Prohibited, 0, d.Packet)
		return nil
	}
	if !l.acquire(port) {
		return nil
	}
	if !l.begin() {
		l.release(port)
		return nil
	}
	f := &flow{src: d.Src, dst: d.Dst, port: port, since: time.Now()}
	if l.flows.by == nil {
		l.flows.by = make(map[[2]netip.AddrPort]*flow)
	}
	l.flows.by[key] = f
	l.stats.Flows.Add(1)
	go l.serve(f, to)
	return f
}

// send sends a datagram, or keeps it until the flow is connected; false when
// the flow is over.
func (f *flow) send(d netstack.Datagram) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used.Store(int64(time.Since(f.since)))
	f.last = append(f.last[:0], d.Packet...)
	switch {
	case f.closed:
		return false
	case f.conn != nil:
		f.conn.Write(d.Payload) // an error of it is Read's too
	case len(f.waiting) < held:
		f.waiting = append(f.waiting, bytes.Clone(d.Payload))
	}
	return true
}

// serve connects a flow and brings its answers until it ends.
func (l *LAN) serve(f *flow, to string) {
	defer l.wg.Done()
	defer l.end(f)
	ctx, cancel := l.context(f.port)
	defer cancel()
	limited, stop := context.WithTimeout(ctx, l.o.DialTimeout)
	conn, err := l.dial(limited, "udp4", to)
	stop()
	if err == nil {
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		f.connected(conn)
		err = l.answers(f, conn)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	l.stats.Unreachable.Add(1)
	l.o.Log.Debug("UDP flow failed", "from", f.src, "to", f.dst, "at", to, "error", err)
	why := lan.HostUnreachable
	if errors.Is(err, syscall.ECONNREFUSED) {
		why = lan.PortUnreachable
	}
	l.report(why, 0, f.latest())
}

func (f *flow) connected(conn net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn = conn
	for _, p := range f.waiting {
		conn.Write(p)
	}
	f.waiting = nil
}

func (f *flow) latest() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.Clone(f.last)
}

// answers sends to the caller what comes back, until nothing was sent for the
// idle time (nil) or the socket fails.
func (l *LAN) answers(f *flow, conn net.Conn) error {
	idle := l.o.UDPIdle
	if f.dst.Port() < 1024 {
		idle = min(idle, wellKnownIdle)
	}
	payload := make([]byte, 1<<16)
	var packet []byte
	for {
		end := f.since.Add(time.Duration(f.used.Load()) + idle)
		if !time.Now().Before(end) {
			return nil
		}
		conn.SetReadDeadline(end)
		n, err := conn.Read(payload)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue // the caller may have sent meanwhile
		}
		if err != nil {
			return err
		}
		id := uint16(l.ids.Add(1))
		packet = lan.AppendUDP(packet[:0], id, f.dst, f.src, payload[:n])
		l.emit(packet)
	}
}

// end forgets a flow.
func (l *LAN) end(f *flow) {
	l.flows.mu.Lock()
	if key := [2]netip.AddrPort{f.src, f.dst}; l.flows.by[key] == f {
		delete(l.flows.by, key)
	}
	l.flows.mu.Unlock()
	f.mu.Lock()
	f.closed = true
	if f.conn != nil {
		f.conn.Close()
	}
	f.mu.Unlock()
	l.release(f.port)
	l.stats.Flows.Add(-1)
}
