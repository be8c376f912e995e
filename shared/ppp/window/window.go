// Package window holds the last octets of a stream of packets, to which a
// sliding-window compressor refers.
package window

// slack is what a Window holds beyond its size before it moves its octets down,
// so that it does so once in several packets.
const slack = 4096

// A Window holds nothing at first, and takes no memory before the first packet.
type Window struct {
	size int
	b    []byte
}

// New makes a Window of size octets.
func New(size int) Window { return Window{size: size} }

// Bytes are at most size octets, the last ones, good until Add. They belong to
// the Window.
func (w *Window) Bytes() []byte { return w.b[max(0, len(w.b)-w.size):] }

// Add appends a packet, which is copied: of a longer one than the size the last
// octets.
func (w *Window) Add(packet []byte) {
	packet = packet[max(0, len(packet)-w.size):]
	if w.b == nil {
		w.b = make([]byte, 0, w.size+slack)
	}
	if len(w.b)+len(packet) > cap(w.b) {
		keep := w.Bytes()
		keep = keep[min(len(keep), len(packet)):]
		w.b = w.b[:copy(w.b, keep)]
	}
	w.b = append(w.b, packet...)
}

// Clear forgets all; the memory stays.
func (w *Window) Clear() { w.b = w.b[:0] }

// Cap is how much memory it holds, in octets.
func (w *Window) Cap() int { return cap(w.b) }
