// Package lan is the network behind the RAS server: where the packets of
// callers go, and from where theirs come. The makers are in its subfolders;
// this package holds what they share: the interface, the table of attached
// addresses, and the few things a router does to an IP packet.
package lan

import (
	"context"
	"net/netip"
)

// A Network carries packets between callers and a LAN.
type Network interface {
	// Attach sends packets for addr to r from now on, until detach is called: an
	// IPv4 address, or the first of an IPv6 network, a /64, which stands for it all.
	// mtu is the largest packet, in octets, that r takes: the peer's MRU, or 0
	// for DefaultMTU. It fails when addr is taken already or is not the
	// network's to give. detach may be called twice; Deliver may still be
	// running when it returns.
	Attach(addr netip.Addr, mtu int, r Receiver) (detach func(), err error)
	// Write takes IP packets from a caller, in their order; whoever calls it has
	// checked the source addresses. Any goroutine may; the packets are not kept
	// and not changed. What cannot be sent on is dropped and counted. Write never
	// calls a Receiver: a lock may be held that Deliver takes as well.
	Write(packets ...[]byte)
	// Local is our own address on that network.
	Local() netip.Addr
	// Run moves packets until ctx ends, then closes the network and returns
	// when nothing of it is running any more. A network is run once.
	Run(ctx context.Context) error
}

// A Receiver takes the packets for one address.
type Receiver interface {
	// Deliver takes IP packets in their order. They are valid only during the
	// call, which must not block. Calls may overlap: what is for many comes beside
	// what is for one.
	Deliver(packets [][]byte)
}

// DefaultMTU is the largest packet towards a caller of whom nothing else is
// known: the MRU that leaves room for PPTP inside 1500 octets.
const DefaultMTU = 1400
