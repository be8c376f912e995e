package lan

import (
	"fmt"
	"net/netip"
)

// Delegate adds a network that is behind r's address: of IPv4, or of IPv6 and no
// longer than a /64. One of length 0 is what nobody else has, now or later. The error
// says that a part of it is taken.
func (t *Table) Delegate(network netip.Prefix, mtu int, r Receiver) (detach func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if other := t.overlaps(network); other != nil {
		return nil, fmt.Errorf("network %v is attached already, at %v", network, other.Addr)
	}
	p, cancel := newPort(network.Addr(), mtu, r)
	p.Network = network
	if t.delegated == nil {
		t.delegated = make(map[netip.Prefix]*Port)
	}
	t.delegated[network] = p
	t.lengths[network.Bits()]++
	return func() {
		t.mu.Lock()
		if t.delegated[network] == p { // not a later owner of the network
			delete(t.delegated, network)
			t.lengths[network.Bits()]--
		}
		t.mu.Unlock()
		cancel()
	}, nil
}

// overlaps is a port that has a part of a network; nil: there is none.
func (t *Table) overlaps(network netip.Prefix) *Port {
	if network.Bits() == 0 {
		return t.delegated[network]
	}
	if p := t.owner(network.Addr()); p != nil {
		return p
	}
	for n, p := range t.delegated {
		if n.Bits() > 0 && n.Overlaps(network) {
			return p
		}
	}
	for a, p := range t.ports {
		if network.Contains(a) {
			return p
		}
	}
	return nil
}

// find is Find, under the lock.
func (t *Table) find(addr netip.Addr) *Port {
	if p := t.owner(addr); p != nil || t.lengths[0] == 0 {
		return p
	}
	rest, _ := addr.Prefix(0)
	return t.delegated[rest]
}

// owner is the port of an address or of a network with it, other than what has all that
// nobody else has.
func (t *Table) owner(addr netip.Addr) *Port {
	if p := t.ports[addr]; p != nil || len(t.delegated) == 0 {
		return p
	}
	for bits, n := range t.lengths {
		if n == 0 || bits == 0 {
			continue
		}
		network, _ := addr.Prefix(bits) // of IPv4 none is longer than 32, and nobody has that
		if p := t.delegated[network]; p != nil {
			return p
		}
	}
	return nil
}
