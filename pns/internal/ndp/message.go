package ndp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"carrier/pns/internal/lan"
	"carrier/shared/wire"
)

// ErrIgnored is what the errors of Receive match where a packet must be ignored
// in silence (RFC 4861 §6.1, §7.1), beside those of lan.Parse6 and wire.ErrShort.
var ErrIgnored = errors.New("not for a router")

// Types of ICMPv6 (RFC 4443 §4; RFC 4861 §4).
const (
	echoRequest           = 128
	echoReply             = 129
	routerSolicitation    = 133
	routerAdvertisement   = 134
	neighborSolicitation  = 135
	neighborAdvertisement = 136
)

// hopLimit proves that nobody from elsewhere sent a packet: routers count down.
const hopLimit = 255

// allNodes is who listens on the link (RFC 4291 §2.7.1).
var allNodes = netip.AddrFrom16([16]byte{0: 0xFF, 1: 2, 15: 1})

// How long what is advertised holds, as RFC 9096 §3.4 has it for networks whose
// prefix changes.
const (
	preferred = 45 * time.Minute
	valid     = 90 * time.Minute
)

// advertisement appends a Router Advertisement (RFC 4861 §4.2): there is nothing
// but this link, so the prefix is for addresses (A) and not on-link (L).
func (r *Router) advertisement(b []byte) []byte {
	const hops, other, autonomous = 64, 0x40, 0x40
	flags := byte(0)
	if r.o.Other {
		flags = other // O: not M, for addresses are not DHCPv6's
	}
	second := func(d time.Duration) uint32 { return uint32(d / time.Second) }
	b = append(b, routerAdvertisement, 0, 0, 0, hops, flags)
	b = binary.BigEndian.AppendUint16(b, uint16(second(preferred))) // Router Lifetime
	b = append(b, make([]byte, 8)...)                               // Reachable Time and Retrans Timer: not said
	b = append(b, 3, 4, byte(r.o.Prefix.Bits()), autonomous)        // Prefix Information, §4.6.2
	b = binary.BigEndian.AppendUint32(b, second(valid))
	b = binary.BigEndian.AppendUint32(b, second(preferred))
	b = append(b, 0, 0, 0, 0)
	b = append(b, r.o.Prefix.Addr().AsSlice()...)
	b = append(b, 5, 1, 0, 0) // MTU, §4.6.4
	b = binary.BigEndian.AppendUint32(b, uint32(r.o.MTU))
	if n := len(r.o.DNS); n > 0 {
		b = append(b, 25, byte(1+2*n), 0, 0) // Recursive DNS Server, RFC 8106 §5.1
		b = binary.BigEndian.AppendUint32(b, second(preferred))
		for _, a := range r.o.DNS {
			b = append(b, a.AsSlice()...)
		}
	}
	return b
}

// solicitation checks a Router Solicitation (RFC 4861 §6.1.1).
func solicitation(h lan.Header6, m *wire.Reader) error {
	m.Skip("Reserved", 4)
	return options(h, m)
}

// target checks a Neighbor Solicitation, and is whose link-layer address it asks
// for (RFC 4861 §7.1.1).
func target(h lan.Header6, m *wire.Reader) (netip.Addr, error) {
	m.Skip("Reserved", 4)
	a, _ := netip.AddrFromSlice(m.Bytes("Target Address", 16))
	if err := options(h, m); err != nil {
		return netip.Addr{}, err
	}
	return a, nil
}

// options checks the options of a message (RFC 4861 §4.6), none of which says
// anything to us: on this link nobody has a link-layer address.
func options(h lan.Header6, m *wire.Reader) error {
	if h.HopLimit != hopLimit {
		return fmt.Errorf("hop limit is %d: %w", h.HopLimit, ErrIgnored)
	}
	for m.Err() == nil && m.Len() > 0 {
		const source = 1 // Source Link-Layer Address
		kind, length := m.Uint8("Option Type"), m.Uint8("Option Length")
		if m.Err() == nil && length == 0 {
			return fmt.Errorf("an option of length 0: %w", ErrIgnored)
		}
		if kind == source && h.Src.IsUnspecified() {
			return fmt.Errorf("a link-layer address of nobody: %w", ErrIgnored)
		}
		m.Skip("Option", 8*int(length)-2)
	}
	return m.Err()
}
