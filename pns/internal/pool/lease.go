package pool

import (
	"net/netip"
	"time"
)

// A Lease is one address while a call has it. Any goroutine may use it.
type Lease struct {
	pools *Pools
	pool  *pool // nil: a fixed address, or one that no pool has any more
	addr  netip.Addr
	bits  int // of the network that begins there
	user  string
	was   *idle // how the address stood before; nil: a fixed one
	dhcp  bool  // the LAN's server gave it, whatever pool has it now

	used, gone bool // under the pools' lock
}

// Addr is the address; of an IPv6 network, its first.
func (l *Lease) Addr() netip.Addr { return l.addr }

// Network is the IPv6 network, or the address alone.
func (l *Lease) Network() netip.Prefix { return netip.PrefixFrom(l.addr, l.bits) }

// Commit notes that the caller is online with the address.
func (l *Lease) Commit() {
	l.pools.mu.Lock()
	defer l.pools.mu.Unlock()
	l.used = true
	if l.pool != nil && !l.pool.leased && l.user != "" {
		l.pools.last[owner{l.user, l.pool.kind()}] = l.addr
	}
}

// Release gives the address back; a second time it does nothing. One that was
// reserved in vain stands where it stood.
func (l *Lease) Release() {
	l.release(func(i *idle) {
		if l.used {
			i.since, i.by = time.Now(), l.user
		}
	})
}

// Avoid gives the address back because somebody else has it: for a while nobody
// gets it.
func (l *Lease) Avoid() {
	l.release(func(i *idle) {
		i.since = time.Now()
		i.until = i.since.Add(l.pools.Avoid)
	})
}

func (l *Lease) release(mark func(*idle)) {
	l.pools.mu.Lock()
	defer l.pools.mu.Unlock()
	if l.gone {
		return
	}
	l.gone = true
	delete(l.pools.leases, l.addr)
	if l.pool != nil && !l.pool.leased {
		mark(l.was)
		l.pool.give(l.was)
	}
}
