package netstack

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// ErrUnreachable is a ping that was answered by an ICMP error.
var ErrUnreachable = errors.New("destination unreachable")

// Ping sends one ICMP Echo with size octets of data (RFC 792) and returns how
// long its answer took. An answer whose data differ is an error. When ctx ends
// first the error is ctx's cause; an ICMP error in answer matches
// ErrUnreachable.
func (s *Stack) Ping(ctx context.Context, addr netip.Addr, size int) (time.Duration, error) {
	remote, err := full(netip.AddrPortFrom(addr, 0))
	if err != nil {
		return 0, err
	}
	var queue waiter.Queue
	ep, terr := s.s.NewEndpoint(icmp.ProtocolNumber4, ipv4.ProtocolNumber, &queue)
	if terr != nil {
		return 0, asError(terr)
	}
	defer ep.Close()
	mayFragment(ep)
	entry, readable := waiter.NewChannelEntry(waiter.ReadableEvents)
	queue.EventRegister(&entry)
	defer queue.EventUnregister(&entry)
	if terr := ep.Connect(remote); terr != nil {
		return 0, asError(terr)
	}
	local, terr := ep.GetLocalAddress() // its port is the echo's identifier
	if terr != nil {
		return 0, asError(terr)
	}
	failed, forget := s.pings.wait(local.Port)
	defer forget()

	message := echo(size)
	sent := time.Now()
	if _, terr := ep.Write(bytes.NewReader(message), tcpip.WriteOptions{}); terr != nil {
		return 0, asError(terr)
	}
	select {
	case <-readable:
	case err := <-failed:
		return 0, fmt.Errorf("%v: %w", addr, err)
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	took := time.Since(sent)
	var answer bytes.Buffer
	if _, terr := ep.Read(&answer, tcpip.ReadOptions{}); terr != nil {
		return 0, asError(terr)
	}
	if !bytes.Equal(answer.Bytes()[header.ICMPv4MinimumSize:], message[header.ICMPv4MinimumSize:]) {
		return 0, fmt.Errorf("%v: the answer's data are not those sent", addr)
	}
	return took, nil
}

// echo is an Echo message with size octets of data; the stack fills in
// identifier and checksum.
func echo(size int) []byte {
	b := make([]byte, header.ICMPv4MinimumSize+size)
	b[0] = byte(header.ICMPv4Echo)
	binary.BigEndian.PutUint16(b[6:], 1) // sequence number
	for i := range size {
		b[header.ICMPv4MinimumSize+i] = byte(i)
	}
	return b
}

// pings are the echoes that wait, by identifier: gVisor's endpoint gives them
// their answers but not their errors.
type pings struct {
	mu      sync.Mutex
	waiting map[uint16]chan error
}

func (p *pings) wait(id uint16) (failed <-chan error, forget func()) {
	c := make(chan error, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = make(map[uint16]chan error)
	}
	p.waiting[id] = c
	return c, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waiting, id)
	}
}

// failed looks whether packet is an ICMP error about one of the echoes.
func (p *pings) failed(packet []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		return
	}
	quoted, reason := icmpError(packet)
	if reason == nil {
		return
	}
	if h := header.ICMPv4(quoted); h.Type() == header.ICMPv4Echo && p.waiting[h.Ident()] != nil {
		select {
		case p.waiting[h.Ident()] <- reason:
		default: // one error is enough
		}
	}
}

// icmpError returns the 8 octets or more of the ICMP message that an ICMP
// error quotes, and what it says of it; nil for any other packet.
func icmpError(packet []byte) ([]byte, error) {
	outer := header.IPv4(packet)
	if !outer.IsValid(len(packet)) || outer.TransportProtocol() != header.ICMPv4ProtocolNumber {
		return nil, nil
	}
	message := header.ICMPv4(outer.Payload())
	if len(message) < header.ICMPv4MinimumSize+header.IPv4MinimumSize {
		return nil, nil
	}
	inner := header.IPv4(message.Payload())
	n := int(inner.HeaderLength())
	if inner.TransportProtocol() != header.ICMPv4ProtocolNumber || n < header.IPv4MinimumSize ||
		len(inner) < n+header.ICMPv4MinimumSize {
		return nil, nil
	}
	switch message.Type() {
	case header.ICMPv4DstUnreachable:
		return inner[n:], fmt.Errorf("%w (code %d, says %v)", ErrUnreachable, message.Code(), outer.SourceAddress())
	case header.ICMPv4TimeExceeded:
		return inner[n:], fmt.Errorf("%w: its time to live is over (says %v)", ErrUnreachable, outer.SourceAddress())
	}
	return nil, nil
}
