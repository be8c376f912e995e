package mp

import (
	"slices"
	"sync"
)

// maxFragments bounds how many fragments of a bundle wait.
const maxFragments = 128

// A Receiver puts packets together from the fragments of a bundle. It is not
// safe for concurrent use.
//
// Each link brings its fragments in their order, so one that all links have gone
// past is lost, and with it its packet (RFC 1990 §4.1). A packet of one fragment
// that comes when it is due, as all do on a single link, is neither copied nor
// kept.
type Receiver struct {
	format  Format
	most    int // octets of a packet, with its Protocol field
	links   []link
	begun   bool
	next    uint32      // the first fragment that is not done with
	waiting []*fragment // in order, all from next on
	octets  int         // that wait
	packet  []byte      // where one is put together
	stats   Stats
}

// A link of the bundle.
type link struct {
	heard bool
	last  uint32 // the number that it brought last
}

// A fragment that waits.
type fragment struct {
	Header
	data []byte
}

var fragments = sync.Pool{New: func() any { return new(fragment) }}

// Stats count what a Receiver did.
type Stats struct {
	Packets uint64 // delivered
	Lost    uint64 // times that fragments were given up, with what belonged to them
	Late    uint64 // fragments that came twice, or after they were given up
}

// protocol is the longest Protocol field, in octets.
const protocol = 2

// NewReceiver makes the receiver of a bundle of links, numbered from 0. mrru is
// the MRRU that we asked for: no packet is longer.
func NewReceiver(f Format, mrru, links int) *Receiver {
	return &Receiver{format: f, most: mrru + protocol, links: make([]link, links)}
}

// Stats reads the counters.
func (r *Receiver) Stats() Stats { return r.stats }

// Receive takes a fragment of one link, from the header on; it is not kept. Each
// packet that is whole now is handed to deliver, from its Protocol field on,
// valid only during the call. The error is that of a header cut short.
func (r *Receiver) Receive(from int, b []byte, deliver func(packet []byte)) error {
	h, data, err := r.format.Parse(b)
	if err != nil {
		return err
	}
	if !r.begun && r.format.distance(h.Sequence, r.next) < 0 { // not with 0, as it must
		r.next = h.Sequence
	}
	r.begun = true
	l := &r.links[from]
	l.heard, l.last = true, h.Sequence
	switch ahead := r.format.distance(h.Sequence, r.next); {
	case ahead < 0:
		r.stats.Late++
		return nil
	case ahead == 0 && h.Begin && h.End && len(r.waiting) == 0:
		r.next = r.format.after(r.next, 1)
		r.deliver(data, deliver)
		return nil
	}
	r.wait(h, data)
	for r.step(deliver) {
	}
	return nil
}

// wait keeps a fragment, in its place.
func (r *Receiver) wait(h Header, data []byte) {
	at, twice := slices.BinarySearchFunc(r.waiting, h.Sequence, func(f *fragment, n uint32) int {
		return int(r.format.distance(f.Sequence, n))
	})
	if twice {
		r.stats.Late++
		return
	}
	f := fragments.Get().(*fragment)
	f.Header, f.data = h, append(f.data[:0], data...)
	r.waiting = slices.Insert(r.waiting, at, f)
	r.octets += len(data)
}

// step deals with the packet that is due: it is whole, or cannot become so.
// False: nothing can be said of it yet.
func (r *Receiver) step(deliver func([]byte)) bool {
	if len(r.waiting) == 0 {
		return false
	}
	n, whole := r.run()
	gap := r.format.after(r.next, int32(n)) // where there is nothing, unless the next that waits begins a packet
	switch {
	case whole:
		r.packet = r.packet[:0]
		for _, f := range r.waiting[:n] {
			r.packet = append(r.packet, f.data...)
		}
		r.forget(n)
		r.deliver(r.packet, deliver)
	case n > 0 && !r.waiting[0].Begin, n < len(r.waiting) && r.waiting[n].Sequence == gap:
		r.stats.Lost++
		r.forget(n)
	case r.passed(gap), r.tooMuch():
		r.stats.Lost++
		r.forget(n)
		if len(r.waiting) > 0 {
			r.next = r.waiting[0].Sequence
		}
	default:
		return false
	}
	return true
}

// run is how many fragments are there of the packet that is due, without a gap,
// and whether they are all of it.
func (r *Receiver) run() (n int, whole bool) {
	for i, f := range r.waiting {
		if f.Sequence != r.format.after(r.next, int32(i)) || i > 0 && f.Begin {
			return i, false
		}
		if f.End {
			return i + 1, r.waiting[0].Begin
		}
	}
	return len(r.waiting), false
}

// passed says that every link has gone past a number.
func (r *Receiver) passed(n uint32) bool {
	for _, l := range r.links {
		if !l.heard || r.format.distance(l.last, n) <= 0 {
			return false
		}
	}
	return true
}

// tooMuch says that more waits than may: a packet beyond the MRRU, or a link
// that is far behind.
func (r *Receiver) tooMuch() bool {
	return len(r.waiting) >= maxFragments || r.octets > r.most*(2*len(r.links)-1)
}

// forget is done with the first n that wait.
func (r *Receiver) forget(n int) {
	if n == 0 {
		return
	}
	r.next = r.format.after(r.waiting[n-1].Sequence, 1)
	for _, f := range r.waiting[:n] {
		r.octets -= len(f.data)
		fragments.Put(f)
	}
	r.waiting = slices.Delete(r.waiting, 0, n)
}

// deliver hands on a packet. One without octets only tells that nothing is
// lost (RFC 1990 §4.1).
func (r *Receiver) deliver(packet []byte, to func([]byte)) {
	switch {
	case len(packet) > r.most:
		r.stats.Lost++
	case len(packet) > 0:
		r.stats.Packets++
		to(packet)
	}
}
