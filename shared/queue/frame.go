package queue

import (
	"sync"
	"time"
)

// frameRoom holds a frame of any MRU that callers negotiate; a longer one gets
// a buffer of its own.
const frameRoom = 1744

// A Frame is one frame that was taken out of a Queue. It belongs to whoever
// took it, until Free.
type Frame struct {
	Octets []byte // as they were pushed

	next *Frame
	at   time.Duration // when it was pushed
	kept bool          // data go before it, and others are dropped
	room [frameRoom]byte
}

// frames has those of all calls that are not in use.
var frames = sync.Pool{New: func() any { return new(Frame) }}

func newFrame(octets []byte, at time.Duration) *Frame {
	f := frames.Get().(*Frame)
	f.Octets, f.at, f.kept = append(f.room[:0], octets...), at, false
	return f
}

// Free gives the frame back; nothing of it may be used any more.
func (f *Frame) Free() {
	f.Octets, f.next = nil, nil
	frames.Put(f)
}

// A fifo is frames in their order.
type fifo struct {
	head, tail *Frame
	n, octets  int
}

func (q *fifo) push(f *Frame) {
	if q.head == nil {
		q.head = f
	} else {
		q.tail.next = f
	}
	q.tail = f
	q.n++
	q.octets += len(f.Octets)
}

// pop takes the first out, nil if there is none.
func (q *fifo) pop() *Frame {
	f := q.head
	if f == nil {
		return nil
	}
	q.head = f.next
	f.next = nil
	q.n--
	q.octets -= len(f.Octets)
	return f
}

// drop takes the first out that need not be kept, nil if there is none.
func (q *fifo) drop() *Frame {
	if q.head == nil || !q.head.kept {
		return q.pop()
	}
	before := q.head
	for before.next != nil && before.next.kept {
		before = before.next
	}
	f := before.next
	if f == nil {
		return nil
	}
	before.next, f.next = f.next, nil
	if q.tail == f {
		q.tail = before
	}
	q.n--
	q.octets -= len(f.Octets)
	return f
}
