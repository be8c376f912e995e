package queue

import (
	"sync"
	"time"
)

// maxFlows are told apart at the same time; the rest share the first.
const maxFlows = 64

// The octets that a flow may send in its turn (RFC 8290 §5.2): few on a slow
// link, so that small frames need not wait for large ones.
const (
	quantum     = 1514
	slowQuantum = 300
	slow        = 125_000 // octets a second
)

// A flow is the frames that must keep their order among each other.
type flow struct {
	fifo
	codel   codel
	hash    uint32
	credit  int
	next    *flow // in its ring
	waiting bool  // it is in one
	until   time.Duration
}

// Traces are what is remembered of some flows when nothing of them waits: another
// frame makes one of them a new flow only after as long as its last one would have
// taken if all flows had their share.
type traces struct {
	hash  [4]uint32
	until [4]time.Duration
}

// A ring is flows that wait for their turn.
type ring struct{ head, tail *flow }

func (r *ring) push(f *flow) {
	f.next = nil
	if r.head == nil {
		r.head = f
	} else {
		r.tail.next = f
	}
	r.tail = f
}

func (r *ring) pop() {
	f := r.head
	r.head = f.next
	f.next = nil
}

// A table has the flows of a queue that is not empty.
type table struct {
	flows   [maxFlows]flow
	used    int // of flows, from the first on
	waiting int // flows that wait for their turn
	fresh   ring
	old     ring
}

// tables has those of queues that are empty now.
var tables = sync.Pool{New: func() any { return new(table) }}

// find is the flow with that hash, or a new one. Where there is no room for a
// new one it shares the first; so do all new ones then until that is empty, or
// frames that went there could be overtaken.
func (t *table) find(hash uint32) *flow {
	free := -1
	for i := 1; i < t.used; i++ {
		switch f := &t.flows[i]; {
		case f.hash == hash:
			return f
		case !f.waiting:
			free = i
		}
	}
	shared := &t.flows[0]
	switch {
	case shared.waiting, free < 0 && t.used == maxFlows:
		return shared
	case free < 0:
		free = max(t.used, 1)
		t.used = free + 1
	}
	t.flows[free] = flow{hash: hash}
	return &t.flows[free]
}

// promote makes a flow fresh that may send all it has in this round; nil if
// there is none.
func (t *table) promote() *ring {
	var before *flow
	for f := t.old.head; f != nil; before, f = f, f.next {
		if f.head == nil || f.octets > f.credit {
			continue
		}
		if before == nil {
			t.old.pop()
		} else {
			before.next = f.next
			if t.old.tail == f {
				t.old.tail = before
			}
		}
		t.fresh.push(f)
		return &t.fresh
	}
	return nil
}

// fattest is the flow with the most octets.
func (t *table) fattest() *flow {
	fat := &t.flows[0]
	for i := range t.used {
		if f := &t.flows[i]; f.octets > fat.octets {
			fat = f
		}
	}
	return fat
}
