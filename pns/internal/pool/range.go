package pool

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// A Range is a run of IPv4 addresses, both ends included; or of IPv6 networks, each
// a /64 that stands there as its first address.
type Range struct{ First, Last netip.Addr }

// Networks are the /64 of an IPv6 prefix, whose length is 64 at most.
func Networks(p netip.Prefix) Range {
	first := upper(p.Masked().Addr())
	return Range{network(first), network(first | (1<<(64-p.Bits()) - 1))}
}

// next is the address behind a, or the network.
func next(a netip.Addr) netip.Addr {
	if a.Is4() {
		return a.Next()
	}
	return network(upper(a) + 1)
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
	r := Range{p.Addr(), addr(number(p.Addr()) + uint32(size-1))}
	if size > 2 {
		r = Range{r.First.Next(), r.Last.Prev()}
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
	return int(upper(r.Last)-upper(r.First)) + 1
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
