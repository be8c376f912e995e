package lan

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
)

// minMTU is the smallest packet that every host must be able to receive whole
// as a fragment (RFC 791 §3.2); a peer's MRU below it is taken as this.
const minMTU = 68

// A Port is one attached address. It does not change while it is attached.
type Port struct {
	Addr     netip.Addr   // or the first of an IPv6 network
	Network  netip.Prefix // that is delegated, and Addr its first; invalid: it is the address, or a /64
	MTU      int          // octets
	Receiver Receiver
	// Context ends when the address is detached; what is done for this caller
	// ends with it.
	Context context.Context
}

// A Table says which address is whose. The zero value is empty and ready; any
// goroutine may use it.
type Table struct {
	mu    sync.RWMutex
	ports map[netip.Addr]*Port

	delegated map[netip.Prefix]*Port
	lengths   [65]int // how many of each there are, of both families
}

// Attach adds addr. mtu 0 is DefaultMTU. The error says that the address is
// taken.
func (t *Table) Attach(addr netip.Addr, mtu int, r Receiver) (detach func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.owner(addr) != nil {
		return nil, fmt.Errorf("address %v is attached already", addr)
	}
	p, cancel := newPort(addr, mtu, r)
	if t.ports == nil {
		t.ports = make(map[netip.Addr]*Port)
	}
	t.ports[addr] = p
	return func() {
		t.mu.Lock()
		if t.ports[addr] == p { // not a later owner of the address
			delete(t.ports, addr)
		}
		t.mu.Unlock()
		cancel()
	}, nil
}

func newPort(addr netip.Addr, mtu int, r Receiver) (p *Port, cancel func()) {
	if mtu == 0 {
		mtu = DefaultMTU
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Port{Addr: addr, MTU: max(mtu, minMTU), Receiver: r, Context: ctx}, cancel
}

// Find returns the port of an address of IPv4, or of the first of an IPv6 network, a
// /64, or of what is delegated around that; or nil.
func (t *Table) Find(addr netip.Addr) *Port {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.find(addr)
}
