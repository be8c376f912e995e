package pool

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// A Range is a run of IPv4 addresses, both ends included; or of IPv6 networks, each
// of which stands there as its first address: First and Last are those of /64.
type Range struct {
	First, Last netip.Addr
	Bits        int // the length of each IPv6 network; 0: 64
}

// Networks are the networks of a length in an IPv6 prefix: no longer than 64, and no
// shorter than the prefix's.
func Networks(p netip.Prefix, bits int) Range {
	first := upper(p.Masked().Addr())
	r := Range{First: network(first), Last: network(first | (1<<(64-p.Bits()) - 1)), Bits: bits}
	if bits == 64 {
		r.Bits = 0
	}
	return r
}

// bits is the length of each network, or of an address.
func (r Range) bits() int {
	switch {
	case r.First.Is4():
		return 32
	case r.Bits == 0:
		return 64
	}
	return r.Bits
}

// next is the address behind a, or the network; invalid: there is none.
func (r Range) next(a netip.Addr) netip.Addr {
	n := a.Next()
	if !a.Is4() {
		n = network(upper(a) + 1<<(64-r.bits()))
	}
	if n.Less(a) || r.Last.Less(n) {
		return netip.Addr{}
	}
	return n
}

// upper and network turn the upper half of an IPv6 address into a number and back.
func upper(a netip.Addr) uint64 {
	b := a.As16()
	return binary.BigEndian.Uint64(b[:])
}

func network(n uint64) netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], n)
	return netip.AddrFrom16(b)
}

// ParseRange reads "2.1.1.129-2.1.1.190", a prefix "2.1.1.128/26", or one
// address. Of a prefix, the network's own address and its broadcast address
// are left out, except where /31 and /32 have none (RFC 3021).
func ParseRange(s string) (Range, error) {
	if strings.Contains(s, "/") {
		return parsePrefix(s)
	}
	first, last, isRange := strings.Cut(s, "-")
	if !isRange {
		last = first
	}
	r := Range{}
	for _, end := range []struct {
		to   *netip.Addr
		text string
	}{{&r.First, first}, {&r.Last, last}} {
		a, err := netip.ParseAddr(strings.TrimSpace(end.text))
		if err != nil || !a.Is4() {
			return Range{}, fmt.Errorf("%q is not an IPv4 address", end.text)
		}
		*end.to = a
	}
	if r.Last.Less(r.First) {
		return Range{}, fmt.Errorf("%v is beyond %v", r.First, r.Last)
	}
	return r, nil
}

func parsePrefix(s string) (Range, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil || !p.Addr().Is4() {
		return Range{}, fmt.Errorf("%q is not an IPv4 prefix", s)
	}
	if p.Masked() != p {
		return Range{}, fmt.Errorf("%q has bits beyond its length; %v would be right", s, p.Masked())
	}
	size := uint64(1) << (32 - p.Bits())
	r := Range{First: p.Addr(), Last: addr(number(p.Addr()) + uint32(size-1))}
	if size > 2 {
		r.First, r.Last = r.First.Next(), r.Last.Prev()
	}
	return r, nil
}

// String is the range as ParseRange reads it.
func (r Range) String() string {
	if r.First == r.Last {
		return r.First.String()
	}
	return r.First.String() + "-" + r.Last.String()
}

// Contains tells whether a is in the range.
func (r Range) Contains(a netip.Addr) bool {
	return !a.Less(r.First) && !r.Last.Less(a)
}

// size is how many addresses or networks the range has.
func (r Range) size() int {
	if r.First.Is4() {
		return int(number(r.Last)-number(r.First)) + 1
	}
	return int((upper(r.Last)-upper(r.First))>>(64-r.bits())) + 1
}

// number and addr turn an IPv4 address into its 32 bits and back.
func number(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func addr(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}
