package deflate

// slack is what a history holds beyond its size before it moves its octets
// down, so that it does so once in several packets.
const slack = 4096

// A history is the last octets of a stream of packets.
type history struct {
	size int // octets that matter
	b    []byte
}

// window is what matters of it: at most size octets, good until add.
func (h *history) window() []byte { return h.b[max(0, len(h.b)-h.size):] }

func (h *history) add(packet []byte) {
	packet = packet[max(0, len(packet)-h.size):]
	if h.b == nil {
		h.b = make([]byte, 0, h.size+slack)
	}
	if len(h.b)+len(packet) > cap(h.b) {
		keep := h.window()
		keep = keep[min(len(keep), len(packet)):]
		h.b = h.b[:copy(h.b, keep)]
	}
	h.b = append(h.b, packet...)
}

func (h *history) clear() { h.b = h.b[:0] }
