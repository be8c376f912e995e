package main

import (
	"net/netip"
	"sync"
	"time"

	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/ppp"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/link"
	"carrier/shared/pptp"
)

// window is what the PNS advertises, as our own does.
const window = 64

// The addresses that every call agrees on.
var (
	ours   = netip.AddrFrom4([4]byte{10, 0, 0, 1})
	theirs = netip.AddrFrom4([4]byte{10, 0, 0, 2})
)

// Admit, Incoming and Outgoing are peer.Handler's: every call is taken.
func (s *street) Admit(from netip.AddrPort) (peer.Remote, error) {
	return peer.Remote{Name: "pac", Addr: from}, nil
}
func (s *street) Outgoing(c *peer.Call) { c.Refuse(uint8(pptp.OutgoingDoNotAccept), 0) }
func (s *street) Incoming(c *peer.Call) {
	k := &session{street: s, tunnel: c, gre: gre.NewSession(gre.Options{PeerCallID: c.PeerID(), RecvWindow: window}, time.Now()), link: link.New(&link.Options{})}
	k.deliver = k.fromTunnel
	s.mu.Lock()
	s.calls = append(s.calls, k)
	s.mu.Unlock()
	c.Accept(window, 0)
	go func() {
		for e := range c.Events() {
			if e.Kind == peer.Connected {
				k.begin()
			}
		}
	}()
}

// A session is a call's PPP at the PNS, behind one lock.
type session struct {
	street  *street
	tunnel  *peer.Call
	deliver func([]byte)

	mu      sync.Mutex
	gre     gre.Session
	out     gre.Batch
	link    *link.Link
	greeted bool // the first packet came
	back    bool // one is to be sent back
}

func (s *session) begin() {
	s.mu.Lock()
	now := time.Now()
	s.link.Network(now, ppp.IPCP, ipcp.New(ipcp.Options{Local: ours, Remote: theirs}))
	s.link.Up(now)
	s.settle(now)
	s.mu.Unlock()
	s.tunnel.Bind(s)
}

// Receive is peer.Receiver's.
func (s *session) Receive(packets [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, p := range packets {
		_, _ = s.gre.Receive(now, p, s.deliver)
	}
	s.settle(now)
}

// Wake is peer.Receiver's.
func (s *session) Wake(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gre.Expire(now, s.deliver)
	if d := s.link.Deadline(); !d.IsZero() && !now.Before(d) {
		s.link.Expire(now)
	}
	s.settle(now)
}

func (s *session) fromTunnel(frame []byte) {
	if p, _, err := ppp.Split(frame); err == nil && p == ppp.IPv4 {
		if s.greeted {
			s.street.received.Add(1)
		}
		s.back = s.back || !s.greeted
		s.greeted = true
		return
	}
	s.link.Receive(time.Now(), frame)
}

// send sends frames, all at once.
func (s *session) send(frames [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, f := range frames {
		s.out.Add(s.gre.Append(now, s.out.Next(), f))
	}
	s.settle(now)
	return nil
}

// settle sends what is to be sent; mu is held.
func (s *session) settle(now time.Time) {
	s.link.Events()
	for _, frame := range s.link.Take() {
		s.out.Add(s.gre.Append(now, s.out.Next(), frame))
	}
	if s.back {
		s.out.Add(s.gre.Append(now, s.out.Next(), packet))
		s.back = false
	}
	s.out.Add(s.gre.AppendAck(now, s.out.Next()))
	if packets := s.out.Take(); len(packets) > 0 {
		_ = s.tunnel.Send(packets...) // a datagram may be lost
	}
	next := s.gre.Deadline()
	if d := s.link.Deadline(); next.IsZero() || !d.IsZero() && d.Before(next) {
		next = d
	}
	if !next.IsZero() {
		s.tunnel.WakeAt(next)
	}
}
