package relay

import (
	"sync"

	"carrier/shared/gre"
)

// An idle relay has no buffers but a small one to read into; these are shared.

// bufferRoom is how much of a busy line is read at once, and about how much is
// written: only lines faster than any modem fill it.
const bufferRoom = 16 << 10

// smallRead waits for an idle line. At 33,600 bit/s an octet comes each 240 µs.
const smallRead = 128

// A buffer is for octets on their way from or to a line.
type buffer struct {
	octets [bufferRoom]byte
	frame  []byte // where toLine puts one together
}

var buffers = sync.Pool{New: func() any { return new(buffer) }}

var batches = sync.Pool{New: func() any { return new(gre.Batch) }}

// enter begins a passage through the relay that may send into the tunnel; the
// lock is held.
func (r *Relay) enter() { r.out = batches.Get().(*gre.Batch) }

// leave ends it.
func (r *Relay) leave() {
	batches.Put(r.out)
	r.out = nil
}
