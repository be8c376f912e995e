package flow

import (
	"sync"

	"carrier/shared/ppp"
)

// A Frame is one frame of the caller's for the session. It belongs to whoever
// took it, until Free.
type Frame struct {
	Octets []byte // as they came

	next *Frame
}

// frames has those that are not in use, with their buffers.
var frames = sync.Pool{New: func() any { return new(Frame) }}

// Free gives the frame back; nothing of it may be used any more.
func (f *Frame) Free() {
	f.Octets, f.next = f.Octets[:0], nil
	frames.Put(f)
}

// An inbox is the frames that wait for the session, in their order. An empty one
// has no memory of its own.
type inbox struct {
	first, last *Frame
	n           int
}

// toSession copies a frame into the inbox. When the session has fallen behind,
// the frame is dropped.
func (f *Flow) toSession(p ppp.Protocol, info, octets []byte) {
	in := &f.inbox
	if in.n == controlQueue {
		f.drop(&f.stats.SessionBusy)
		return
	}
	c := frames.Get().(*Frame)
	c.Octets = append(c.Octets, octets...)
	if in.first == nil {
		in.first = c
	} else {
		in.last.next = c
	}
	in.last = c
	in.n++
	if opens(p, info) {
		f.held.holding = true
	}
	f.ring()
}

// Next takes the next of the caller's frames that are not network data; nil when
// none waits.
func (f *Flow) Next() *Frame {
	f.mu.Lock()
	defer f.mu.Unlock()
	in := &f.inbox
	c := in.first
	if c == nil {
		f.release()
		return nil
	}
	in.first = c.next
	in.n--
	return c
}
