package userspace

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	"carrier/pns/internal/lan"
)

// Write is that of lan.Network.
func (l *LAN) Write(packets ...[]byte) {
	for _, p := range packets {
		l.write(p)
	}
}

func (l *LAN) write(packet []byte) {
	h, err := lan.Parse(packet)
	if err != nil {
		l.stats.Malformed.Add(1)
		return
	}
	l.stats.Up.Add(1)
	switch packet = packet[:h.Total]; {
	case l.table.Find(h.Src) == nil:
		l.stats.Unattached.Add(1)
	case !lan.Unicast(h.Dst):
		l.stats.Broadcast.Add(1)
	case h.Dst.IsLoopback(): // the stack would drop it uncounted
		l.stats.Prohibited.Add(1)
	case l.table.Find(h.Dst) != nil:
		l.turn(packet)
	default:
		l.stack.Write(packet)
	}
}

// turn sends a packet from one caller to another. It goes through the queue
// like all others: Write may not call a Receiver.
func (l *LAN) turn(packet []byte) {
	b := turned.Get().(*[]byte)
	defer turned.Put(b)
	*b = append((*b)[:0], packet...)
	if !lan.Hop(*b) {
		l.report(lan.TimeExceeded, 0, packet)
		return
	}
	l.emit(*b)
}

// turned are packets from one caller to another, while they are.
var turned = sync.Pool{New: func() any { return new([]byte) }}

// output is called by the stack's one goroutine: packets to callers, or from
// the stack to a host that is none.
func (l *LAN) output(packets [][]byte) {
	var to *lan.Port
	run := l.run[:0] // of one receiver
	flush := func() {
		if len(run) > 0 {
			l.stats.Down.Add(uint64(len(run)))
			to.Receiver.Deliver(run)
			run = run[:0]
		}
	}
	for _, packet := range packets {
		h, err := lan.Parse(packet)
		if err != nil {
			l.stats.Malformed.Add(1)
			continue
		}
		port := l.table.Find(h.Dst)
		if port == nil {
			l.stats.Unattached.Add(1)
			continue
		}
		if port != to {
			flush()
			to = port
		}
		if err := lan.Fragment(packet, h, port.MTU, func(p []byte) { run = append(run, p) }); err != nil {
			l.stats.TooBig.Add(1)
			l.report(lan.FragmentationNeeded, port.MTU, packet)
		}
	}
	flush()
	l.run = run
}

// emit queues a packet for the caller it is addressed to.
func (l *LAN) emit(packet []byte) {
	if !l.stack.Emit(packet) {
		l.stats.QueueFull.Add(1)
	}
}

// report sends an ICMP error about a packet to where that came from: a caller,
// or our own stack, which speaks for all others. Errors are ours, except that a
// closed port is reported by its host.
func (l *LAN) report(e lan.ICMPError, mtu int, packet []byte) {
	h, err := lan.Parse(packet)
	if err != nil {
		return
	}
	from := l.o.Local
	if e == lan.PortUnreachable {
		from = h.Dst
	}
	answer := lan.AppendError(nil, e, mtu, from, packet)
	switch {
	case len(answer) == 0 || !l.stack.AllowError():
	case l.table.Find(h.Src) != nil:
		l.emit(answer)
	default:
		l.stack.Write(answer)
	}
}

var errProhibited = errors.New("may not leave this network")

// target is where a connection to dst goes: "host:port" for a dialer.
func (l *LAN) target(dst netip.AddrPort) (string, error) {
	if to, ok := l.o.Map[dst]; ok {
		return to, nil
	}
	if !l.leaves(dst.Addr()) {
		return "", errProhibited
	}
	return dst.String(), nil
}

// pingTarget is the host that a ping of dst goes to, name or address.
func (l *LAN) pingTarget(dst netip.Addr) (string, error) {
	var lowest netip.AddrPort
	for at := range l.o.Map {
		if at.Addr() == dst && (!lowest.IsValid() || at.Port() < lowest.Port()) {
			lowest = at
		}
	}
	if lowest.IsValid() {
		host, _, err := net.SplitHostPort(l.o.Map[lowest])
		return host, err
	}
	if !l.leaves(dst) {
		return "", errProhibited
	}
	return dst.String(), nil
}

// leaves tells whether what Map does not name may go to a. Our own address is
// this network's: to the host it would be a stranger's.
func (l *LAN) leaves(a netip.Addr) bool {
	return !l.o.OnlyMapped && a != l.o.Local && lan.Forwardable(a)
}
