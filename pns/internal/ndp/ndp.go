// Package ndp is a router's part of IPv6 on a link to one host: Router
// Advertisements, from which she makes her addresses, and answers to what she
// asks of the router itself (RFC 4861, RFC 4862). It does no I/O.
package ndp

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"carrier/pns/internal/lan"
	"carrier/shared/wire"
)

// Options are what a router says.
type Options struct {
	Local  netip.Addr   // its link-local address
	Prefix netip.Prefix // the host's, a /64
	MTU    int          // of the link, in octets
	DNS    []netip.Addr // name servers, MaxDNS at most
	Other  bool         // DHCPv6 has more to tell
}

// MaxDNS is how many name servers fit an advertisement.
const MaxDNS = 8

// The times between advertisements (RFC 4861 §6.2.1, §10).
const (
	atMost     = 600 * time.Second // MaxRtrAdvInterval
	atLeast    = 200 * time.Second // MinRtrAdvInterval
	initial    = 16 * time.Second  // MAX_INITIAL_RTR_ADVERT_INTERVAL
	initials   = 3                 // MAX_INITIAL_RTR_ADVERTISEMENTS
	answerTime = 500 * time.Millisecond
	distance   = 3 * time.Second // MIN_DELAY_BETWEEN_RAS
)

// A Router is that of one link.
type Router struct {
	o    Options
	next time.Time // when to advertise
	last time.Time // when it was done; zero: never
	sent int
}

// New makes a router that wants to advertise at once.
func New(o Options, now time.Time) *Router { return &Router{o: o, next: now} }

// Deadline is when Expire is wanted.
func (r *Router) Deadline() time.Time { return r.next }

// Expire is the packet to send at the deadline, an advertisement; nil before it.
func (r *Router) Expire(now time.Time) []byte {
	if now.Before(r.next) {
		return nil
	}
	r.sent++
	r.last = now
	wait := atLeast + rand.N(atMost-atLeast)
	if r.sent < initials {
		wait = min(wait, initial)
	}
	r.next = now.Add(wait)
	return lan.AppendICMPv6(nil, hopLimit, r.o.Local, allNodes, r.advertisement(nil))
}

// Concerns tells a whole IPv6 packet of the host's that is for Receive, by its
// message. It is to the router or to all of the link.
func Concerns(packet []byte) bool {
	if packet[6] != lan.ICMPv6 || len(packet) == lan.Header6Len {
		return false
	}
	switch packet[lan.Header6Len] {
	case echoRequest, routerSolicitation, neighborSolicitation:
		return true
	}
	return false
}

// Receive takes a packet of the host's to the router or to all of the link, and
// returns the answer, nil where there is none now. An error says why the packet
// was ignored; it changed nothing.
func (r *Router) Receive(now time.Time, packet []byte) (answer []byte, err error) {
	h, err := lan.Parse6(packet)
	if err != nil {
		return nil, err
	}
	message := packet[lan.Header6Len:h.Total]
	if h.NextHeader != lan.ICMPv6 {
		return nil, fmt.Errorf("next header is %d: %w", h.NextHeader, ErrIgnored)
	}
	m := wire.NewReader(message)
	kind, code := m.Uint8("Type"), m.Uint8("Code")
	m.Skip("Checksum", 2)
	switch {
	case m.Err() != nil:
		return nil, m.Err()
	case lan.Checksum6(h.Src, h.Dst, lan.ICMPv6, message) != 0:
		return nil, fmt.Errorf("checksum is wrong: %w", ErrIgnored)
	case code != 0 || h.Src.IsMulticast() || !h.Dst.IsMulticast() && h.Dst != r.o.Local:
		return nil, fmt.Errorf("code %d, from %v to %v: %w", code, h.Src, h.Dst, ErrIgnored)
	}
	switch kind {
	case routerSolicitation:
		if err := solicitation(h, m); err != nil {
			return nil, err
		}
		r.hurry(now)
		return nil, nil
	case neighborSolicitation:
		return r.neighbor(h, m)
	case echoRequest:
		return r.echo(h, message)
	}
	return nil, fmt.Errorf("type is %d: %w", kind, ErrIgnored)
}

// hurry has the next advertisement be an answer: soon, but not too close behind
// the last one (RFC 4861 §6.2.6).
func (r *Router) hurry(now time.Time) {
	delay := rand.N(answerTime)
	at := now.Add(delay)
	if earliest := r.last.Add(distance + delay); !r.last.IsZero() && at.Before(earliest) {
		at = earliest
	}
	if at.Before(r.next) {
		r.next = at
	}
}

// neighbor answers who asks for our address (RFC 4861 §7.2.4). There are no
// link-layer addresses to tell, but hosts see so that we are there.
func (r *Router) neighbor(h lan.Header6, m *wire.Reader) ([]byte, error) {
	a, err := target(h, m)
	if err != nil {
		return nil, err
	}
	if a != r.o.Local {
		return nil, fmt.Errorf("target is %v: %w", a, ErrIgnored)
	}
	const router, solicited, override = 0x80, 0x40, 0x20
	to, flags := h.Src, byte(router|solicited|override)
	if to.IsUnspecified() { // who asks wants the address for herself
		to, flags = allNodes, router|override
	}
	answer := append([]byte{neighborAdvertisement, 0, 0, 0, flags, 0, 0, 0}, a.AsSlice()...)
	return lan.AppendICMPv6(nil, hopLimit, r.o.Local, to, answer), nil
}

// echo answers a ping of the router (RFC 4443 §4.2).
func (r *Router) echo(h lan.Header6, message []byte) ([]byte, error) {
	if h.Src.IsUnspecified() {
		return nil, fmt.Errorf("a ping from %v: %w", h.Src, ErrIgnored)
	}
	answer := lan.AppendICMPv6(nil, 64, r.o.Local, h.Src, append([]byte{echoReply}, message[1:]...))
	return answer, nil
}
