// Package queue is what waits where a call's slow side is: frames for the line
// at the PAC, frames for the window at the PNS.
package queue

// A Queue is first in, first out; what does not fit is dropped at the tail. It
// copies frames into buffers of its own and uses them again, so that in steady
// state nothing allocates. A Queue without bounds set takes one frame. It is
// guarded by its owner's lock.
type Queue struct {
	MaxFrames int // how many frames may be in it
	MaxOctets int // and how many octets; 0 means no such bound. An empty queue takes any frame

	ring   [][]byte // from head on, n frames
	head   int
	n      int
	out    int // frames popped and not freed
	octets int // of the frames in the ring and those out
	free   [][]byte
}

// Push copies a frame to the tail; false says that it was dropped. Frames that
// were popped count until they are freed.
func (q *Queue) Push(frame []byte) bool {
	if q.Len() > 0 && (q.Len() >= q.MaxFrames || q.MaxOctets > 0 && q.octets+len(frame) > q.MaxOctets) {
		return false
	}
	q.put(frame)
	return true
}

// PushUrgent is Push for a frame that must not be lost behind data: it may
// overdraw the bounds, to twice what they are.
func (q *Queue) PushUrgent(frame []byte) bool {
	if q.Len() > 0 && (q.Len() >= 2*q.MaxFrames || q.MaxOctets > 0 && q.octets+len(frame) > 2*q.MaxOctets) {
		return false
	}
	q.put(frame)
	return true
}

func (q *Queue) put(frame []byte) {
	b := []byte{} // not nil, which Pop returns for none
	if n := len(q.free); n > 0 {
		b, q.free = q.free[n-1], q.free[:n-1]
	}
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.n)%len(q.ring)] = append(b[:0], frame...)
	q.n++
	q.octets += len(frame)
}

func (q *Queue) grow() {
	ring := make([][]byte, max(4, 2*len(q.ring)))
	for i := range q.n {
		ring[i] = q.ring[(q.head+i)%len(q.ring)]
	}
	q.ring, q.head = ring, 0
}

// Pop takes the frame at the head out, nil if there is none. It stays the
// queue's: the caller gives it back with Free.
func (q *Queue) Pop() []byte {
	if q.n == 0 {
		return nil
	}
	b := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) % len(q.ring)
	q.n--
	q.out++
	return b
}

// Free gives back a frame that Pop returned, unchanged in length.
func (q *Queue) Free(frame []byte) {
	q.out--
	q.octets -= len(frame)
	q.free = append(q.free, frame)
}

// HeadLen is the length in octets of the frame that Pop would return, or 0.
func (q *Queue) HeadLen() int {
	if q.n == 0 {
		return 0
	}
	return len(q.ring[q.head])
}

// Waiting is the number of frames that Pop would return.
func (q *Queue) Waiting() int { return q.n }

// Len is the number of frames waiting and popped.
func (q *Queue) Len() int { return q.n + q.out }

// Clear drops what is waiting and returns how many frames that were.
func (q *Queue) Clear() int {
	n := q.n
	for q.n > 0 {
		q.Free(q.Pop())
	}
	return n
}
