package users

import (
	"net/netip"
	"slices"
)

// networks are users' fixed addresses and networks, none of which overlaps another, in
// the order of their addresses.
type networks []network

type network struct {
	prefix netip.Prefix
	owner  string
}

// add notes whose p is, or returns whose network it overlaps.
func (n *networks) add(p netip.Prefix, owner string) (other string) {
	i, _ := slices.BinarySearchFunc(*n, p.Addr(), func(m network, a netip.Addr) int { return m.prefix.Addr().Compare(a) })
	for _, at := range []int{i - 1, i} {
		if at >= 0 && at < len(*n) && (*n)[at].prefix.Overlaps(p) {
			return (*n)[at].owner
		}
	}
	*n = slices.Insert(*n, i, network{p, owner})
	return ""
}

// complaint is a mistake in a user, and its key.
type complaint func(key, format string, args ...any)

// checkPrefix checks the fixed network of a user's link.
func (t *Table) checkPrefix(u User, n *networks, bad complaint) {
	p := u.Prefix
	if !p.IsValid() {
		return
	}
	if p.Bits() != 64 || !unicast6(p) {
		bad("prefix6", "%v is not a /64 for a caller", p)
	} else if other := n.add(p, u.Name); other != "" {
		bad("prefix6", "%v is the network of %q already", p, other)
	}
	t.fixed = append(t.fixed, p)
}

// The lengths of what is delegated to a caller.
const largest, smallest = 32, 64

// checkDelegated checks the fixed prefix that is delegated to a user.
func (t *Table) checkDelegated(u User, n *networks, bad complaint) {
	p := u.Delegated
	if !p.IsValid() {
		return
	}
	if p.Bits() < largest || p.Bits() > smallest || !unicast6(p) {
		bad("delegated6", "%v is not a prefix for the networks behind a caller", p)
	} else if other := n.add(p, u.Name); other != "" {
		bad("delegated6", "%v overlaps a network of %q", p, other)
	}
	t.fixed = append(t.fixed, p)
}

// checkRoutes checks the networks behind a user. Her own address is in none of them,
// as it is no other user's.
func checkRoutes(u User, n *networks, bad complaint) {
	for _, p := range u.Routes {
		if !routable(p) {
			bad("routes", "%v is not a network behind a caller", p)
		} else if other := n.add(p, u.Name); other != "" {
			bad("routes", "%v, behind %q, overlaps a network or the address of %q", p, u.Name, other)
		}
	}
}

// routable tells whether hosts can be in a network, other than those of one link.
func routable(p netip.Prefix) bool {
	a := p.Addr()
	if !p.IsValid() || p.Bits() == 0 || p != p.Masked() || a.IsMulticast() || a.IsLoopback() || a.IsUnspecified() || a.IsLinkLocalUnicast() {
		return false
	}
	return a.Is4() || a.Is6() && p.Bits() <= smallest
}

func unicast6(p netip.Prefix) bool {
	a := p.Addr()
	return a.Is6() && p == p.Masked() && !a.IsMulticast() && !a.IsLinkLocalUnicast() && !a.IsUnspecified()
}
