package pool

import "net/netip"

// A Lease is one address while a call has it. Any goroutine may use it.
type Lease struct {
	pool  *Pool
	addr  netip.Addr
	fixed bool

	used, gone bool // under the pool's lock
}

// Addr is the address.
func (l *Lease) Addr() netip.Addr { return l.addr }

// Commit notes that the caller is online with the address.
func (l *Lease) Commit() {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.used = true
}

// Release gives the address back; a second time it does nothing. One that was
// reserved in vain comes before all that callers have had.
func (l *Lease) Release() {
	p := l.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.gone {
		return
	}
	l.gone = true
	delete(p.leases, l.addr)
	switch {
	case l.fixed:
	case l.used:
		p.free.push(l.addr)
	default:
		p.free.unpop(l.addr)
	}
}

// A fifo is a queue of addresses in a ring that grows.
type fifo struct {
	ring    []netip.Addr
	head, n int
}

func (q *fifo) grow() {
	if q.n < len(q.ring) {
		return
	}
	ring := make([]netip.Addr, max(8, 2*q.n))
	for i := range q.n {
		ring[i] = q.ring[(q.head+i)%q.n]
	}
	q.ring, q.head = ring, 0
}

func (q *fifo) push(a netip.Addr) {
	q.grow()
	q.ring[(q.head+q.n)%len(q.ring)] = a
	q.n++
}

func (q *fifo) unpop(a netip.Addr) {
	q.grow()
	q.head = (q.head + len(q.ring) - 1) % len(q.ring)
	q.ring[q.head] = a
	q.n++
}

func (q *fifo) pop() (netip.Addr, bool) {
	if q.n == 0 {
		return netip.Addr{}, false
	}
	a := q.ring[q.head]
	q.head = (q.head + 1) % len(q.ring)
	q.n--
	return a, true
}
