package gre

import "time"

// A holder keeps packets that ran ahead, at most reach ahead of the one that
// is due, and reuses their buffers.
type holder struct {
	reach int
	wait  time.Duration
	slots []held   // at Sequence Number modulo length, a power of two; made when first needed
	n     int      // slots used
	spent [][]byte // payloads of those delivered since reuse
	free  [][]byte
}

// maxFree bounds the buffers that wait to be used again: a call that is quiet
// keeps little.
const maxFree = 8

// reuse ends the time for which payloads that were released stay as they are.
func (h *holder) reuse() {
	if len(h.spent) == 0 {
		return
	}
	h.free = append(h.free, h.spent[:min(len(h.spent), maxFree-len(h.free))]...)
	clear(h.spent)
	h.spent = h.spent[:0]
}

type held struct {
	used    bool
	seq     uint32
	at      time.Duration // when it came
	payload []byte
}

func newHolder(o Options) holder {
	h := holder{reach: o.Reorder, wait: orDefault(o.ReorderTime, defaultReorderTime)}
	if h.reach == 0 {
		h.reach = defaultReorder
	}
	h.reach = min(max(h.reach, 0), maxReorder)
	return h
}

func (h *holder) slot(seq uint32) *held { return &h.slots[seq&uint32(len(h.slots)-1)] }

// hold keeps a copy of the payload; false if that number is held already. The
// number is within reach.
func (h *holder) hold(now time.Duration, seq uint32, payload []byte) bool {
	if h.slots == nil {
		h.slots = make([]held, powerOfTwo(h.reach))
	}
	s := h.slot(seq)
	if s.used {
		return false
	}
	var b []byte
	if n := len(h.free); n > 0 {
		b, h.free = h.free[n-1], h.free[:n-1]
	}
	*s = held{used: true, seq: seq, at: now, payload: append(b[:0], payload...)}
	h.n++
	return true
}

// release takes the packet with that number out. Its payload is good until
// reuse.
func (h *holder) release(seq uint32) ([]byte, bool) {
	if h.n == 0 {
		return nil, false
	}
	s := h.slot(seq)
	if !s.used || s.seq != seq {
		return nil, false
	}
	s.used = false
	h.n--
	h.spent = append(h.spent, s.payload)
	return s.payload, true
}

// first is the lowest number held, counting from next. Something is held.
func (h *holder) first(next uint32) uint32 {
	for seq := next; ; seq++ {
		if s := h.slot(seq); s.used && s.seq == seq {
			return seq
		}
	}
}

// overdue is the highest number that has waited long enough.
func (h *holder) overdue(now time.Duration, next uint32) (seq uint32, ok bool) {
	if h.n == 0 {
		return 0, false
	}
	for i := range h.slots {
		s := &h.slots[i]
		if s.used && now >= s.at+h.wait && (!ok || s.seq-next > seq-next) {
			seq, ok = s.seq, true
		}
	}
	return seq, ok
}

// deadline is when the first of the held has waited long enough.
func (h *holder) deadline() time.Duration {
	if h.n == 0 {
		return never
	}
	first := never
	for i := range h.slots {
		if s := &h.slots[i]; s.used {
			first = min(first, s.at+h.wait)
		}
	}
	return first
}
