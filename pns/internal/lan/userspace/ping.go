package userspace

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/net/icmp"

	"carrier/pns/internal/lan"
	"carrier/shared/netstack"
)

const (
	pingWait  = 10 * time.Second // an answer that comes later is nobody's
	pingCheck = time.Second
	maxPings  = 1024
)

// A pinger sends callers' echoes from one socket of this host.
type pinger struct {
	// listen opens the socket, and says which identifier must be in its echoes;
	// 0: the kernel writes its own and gives us only our answers.
	listen func() (c net.PacketConn, id uint16, err error)

	once sync.Once
	conn net.PacketConn // nil: none may be had
	id   uint16

	mu      sync.Mutex
	next    uint16 // sequence number of our next echo
	oldest  uint16 // none is waiting before it
	waiting map[uint16]*echo
}

// An echo is one that waits for the host's answer.
type echo struct {
	port   *lan.Port
	packet []byte // the caller's, whole
	src    netip.Addr
	dst    netip.Addr // as the caller has it
	at     netip.Addr // who must answer
	sent   time.Time
}

// listenEcho opens a ping socket (net.ipv4.ping_group_range), else a raw one
// (CAP_NET_RAW).
func listenEcho() (net.PacketConn, uint16, error) {
	c, err := icmp.ListenPacket("udp4", "0.0.0.0")
	if err == nil {
		return c, 0, nil
	}
	raw, rawErr := net.ListenPacket("ip4:icmp", "0.0.0.0")
	if rawErr == nil {
		return raw, uint16(1 + rand.N(0xFFFF)), nil
	}
	return nil, 0, errors.Join(err, rawErr)
}

// echo takes one ICMP Echo from a caller. Only the answer of the host it goes
// to answers it.
func (l *LAN) echo(d netstack.Datagram) bool {
	if d.Dst.Addr() == l.o.Local {
		return false // the stack answers
	}
	port := l.table.Find(d.Src.Addr())
	if port == nil {
		return true
	}
	host, err := l.pingTarget(d.Dst.Addr())
	if err != nil {
		l.stats.Prohibited.Add(1)
		l.report(lan.Prohibited, 0, d.Packet)
		return true
	}
	packet := bytes.Clone(d.Packet)
	message := packet[len(packet)-len(d.Payload):]
	e := &echo{port: port, packet: packet, src: d.Src.Addr(), dst: d.Dst.Addr()}
	if e.at, err = netip.ParseAddr(host); err == nil {
		l.send(e, message)
		return true
	}
	if l.begin() { // a name, which must be looked up
		go func() {
			defer l.wg.Done()
			ctx, cancel := l.context(port)
			defer cancel()
			addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
			if err != nil || len(addrs) == 0 {
				l.stats.Unreachable.Add(1)
				l.report(lan.HostUnreachable, 0, e.packet)
				return
			}
			e.at = addrs[0].Unmap()
			l.send(e, message)
		}()
	}
	return true
}

// send sends message, the caller's whole ICMP Echo, to e.at.
func (l *LAN) send(e *echo, message []byte) {
	p := &l.ping
	p.once.Do(l.openPinger)
	if p.conn == nil {
		l.report(lan.Prohibited, 0, e.packet)
		return
	}
	if !l.acquire(e.port) {
		return
	}
	seq, ok := p.add(e)
	if !ok {
		l.stats.Limited.Add(1)
		l.release(e.port)
		return
	}
	l.stats.Pings.Add(1)
	m := append([]byte{8, 0, 0, 0, 0, 0, 0, 0}, message[8:]...)
	binary.BigEndian.PutUint16(m[4:], p.id)
	binary.BigEndian.PutUint16(m[6:], seq)
	binary.BigEndian.PutUint16(m[2:], lan.Checksum(m))
	var to net.Addr = &net.IPAddr{IP: e.at.AsSlice()}
	if p.id == 0 {
		to = &net.UDPAddr{IP: e.at.AsSlice()}
	}
	if _, err := p.conn.WriteTo(m, to); err != nil && l.take(seq, e.at) != nil {
		l.stats.Unreachable.Add(1)
		l.o.Log.Debug("no ping", "from", e.src, "to", e.dst, "at", e.at, "error", err)
		l.report(lan.HostUnreachable, 0, e.packet)
	}
}

// openPinger opens the socket at the first ping, so that what fails is said
// only to those whom it concerns, and once.
func (l *LAN) openPinger() {
	if !l.begin() {
		return
	}
	conn, id, err := l.ping.listen()
	if err != nil {
		l.wg.Done()
		l.o.Log.Warn("pings cannot be forwarded: neither a ping socket (sysctl net.ipv4.ping_group_range) "+
			"nor a raw one (CAP_NET_RAW) is allowed; callers are told Destination Unreachable", "error", err)
		return
	}
	l.ping.conn, l.ping.id = conn, id
	l.ping.next = uint16(rand.N(0x10000))
	l.ping.oldest = l.ping.next
	go l.readPings(conn)
}

// readPings takes the host's answers, and forgets echoes without any.
func (l *LAN) readPings(conn net.PacketConn) {
	defer l.wg.Done()
	defer l.forgetPings(time.Now().Add(1000 * time.Hour)) // all
	defer conn.Close()
	defer context.AfterFunc(l.ctx, func() { conn.Close() })()
	b := make([]byte, 1<<16)
	for l.ctx.Err() == nil {
		conn.SetReadDeadline(time.Now().Add(pingCheck))
		n, from, err := conn.ReadFrom(b)
		l.forgetPings(time.Now())
		switch {
		case err == nil:
			l.echoReply(b[:n], from)
		case errors.Is(err, os.ErrDeadlineExceeded):
		case errors.Is(err, net.ErrClosed):
			return
		}
	}
}

// echoReply answers the caller whose echo message answers, if any.
func (l *LAN) echoReply(message []byte, from net.Addr) {
	if len(message) < 8 || message[0] != 0 || l.ping.id != 0 && binary.BigEndian.Uint16(message[4:]) != l.ping.id {
		return
	}
	e := l.take(binary.BigEndian.Uint16(message[6:]), addrOf(from))
	if e == nil {
		return
	}
	h, err := lan.Parse(e.packet)
	if err != nil {
		return
	}
	m := append([]byte{0, 0, 0, 0}, e.packet[h.Len+4:h.Len+8]...) // its identifier and sequence number
	m = append(m, message[8:]...)
	binary.BigEndian.PutUint16(m[2:], lan.Checksum(m))
	l.emit(lan.AppendPacket(nil, lan.ICMP, uint16(l.ids.Add(1)), e.dst, e.src, m))
}

// add notes an echo and gives it a sequence number; false when too many wait.
func (p *pinger) add(e *echo) (uint16, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next-p.oldest >= maxPings {
		return 0, false
	}
	if p.waiting == nil {
		p.waiting = make(map[uint16]*echo)
	}
	seq := p.next
	p.next++
	e.sent = time.Now()
	p.waiting[seq] = e
	return seq, true
}

// take removes the echo with a sequence number if it went to from.
func (l *LAN) take(seq uint16, from netip.Addr) *echo {
	p := &l.ping
	p.mu.Lock()
	e := p.waiting[seq]
	if e == nil || e.at != from {
		p.mu.Unlock()
		return nil
	}
	delete(p.waiting, seq)
	for p.oldest != p.next && p.waiting[p.oldest] == nil {
		p.oldest++
	}
	p.mu.Unlock()
	l.release(e.port)
	l.stats.Pings.Add(-1)
	return e
}

// forgetPings drops the echoes that have waited too long.
func (l *LAN) forgetPings(now time.Time) {
	for {
		p := &l.ping
		p.mu.Lock()
		seq, e := p.oldest, p.waiting[p.oldest]
		p.mu.Unlock()
		if e == nil || now.Sub(e.sent) < pingWait {
			return
		}
		l.take(seq, e.at)
	}
}

// addrOf is the address of a ping or raw socket's peer.
func addrOf(a net.Addr) netip.Addr {
	var ip net.IP
	switch a := a.(type) {
	case *net.IPAddr:
		ip = a.IP
	case *net.UDPAddr:
		ip = a.IP
	}
	addr, _ := netip.AddrFromSlice(ip)
	return addr.Unmap()
}
