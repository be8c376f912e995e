package peer

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// Call IDs of one parity, without 0, which some peers take for "none".
const (
	tableSize = 1 << 15
	// among is how many of the IDs that were unused for longest one is drawn
	// from: an ID cannot be guessed, and late GRE of an old call finds nothing.
	among = 1000
)

// A table gives Call IDs and finds calls by them. GRE carries only addresses
// and the receiver's Call ID (RFC 2637 §4.1), and clients behind one NAT share
// an address, so IDs must be unique per pair of addresses over all control
// connections. They are unique in the whole endpoint: then finding a call is
// one load without a lock, and 32,767 calls at once are enough.
type table struct {
	odd   uint16
	calls [tableSize]atomic.Pointer[Call]

	mu    sync.Mutex
	names map[string]*Call
	free  []uint16 // a ring: the ID unused for longest is at head
	head  int
	n     int
}

// newTable starts anywhere in the circle of IDs, so that a program that was
// started again does not meet the GRE of its last life.
func newTable(odd bool) *table {
	t := &table{names: make(map[string]*Call), free: make([]uint16, 0, tableSize)}
	if odd {
		t.odd = 1
	}
	first := rand.IntN(tableSize)
	for i := range tableSize {
		if id := uint16((first+i)%tableSize)<<1 | t.odd; id != 0 {
			t.free = append(t.free, id)
		}
	}
	t.n = len(t.free)
	return t
}

// add gives c its Call ID; from then on get finds it. Where another call has its
// name already, c's ends with the ID: pptp on Linux says that its host is "local",
// wherever it runs, and counts from 0.
func (t *table) add(c *Call) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == 0 {
		return false
	}
	pick := (t.head + rand.IntN(min(t.n, among))) % len(t.free)
	t.free[t.head], t.free[pick] = t.free[pick], t.free[t.head]
	c.id = t.free[t.head]
	t.head = (t.head + 1) % len(t.free)
	t.n--
	if t.names[c.name] != nil {
		c.name = fmt.Sprintf("%s#%d", c.name, c.id)
	}
	t.names[c.name] = c
	t.calls[c.id>>1].Store(c)
	return true
}

// remove takes c's ID back; get finds nothing any more.
func (t *table) remove(c *Call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls[c.id>>1].Store(nil)
	delete(t.names, c.name)
	t.free[(t.head+t.n)%len(t.free)] = c.id
	t.n++
}

// get finds the call with our Call ID id, or nil.
func (t *table) get(id uint16) *Call {
	if id&1 != t.odd {
		return nil
	}
	return t.calls[id>>1].Load()
}
