package record

import (
	"slices"
	"sync"
)

// A History keeps the last calls that ended, oldest first. Its methods may be
// called from any goroutine.
type History struct {
	mu    sync.Mutex
	calls []Call
	next  int // where the next one goes, once calls is full
	keep  int
}

// NewHistory keeps at most keep calls, at least one.
func NewHistory(keep int) *History { return &History{keep: max(keep, 1)} }

// Add remembers c and forgets the oldest when there are too many.
func (h *History) Add(c Call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.calls) < h.keep {
		h.calls = append(h.calls, c)
		return
	}
	h.calls[h.next] = c
	h.next = (h.next + 1) % h.keep
}

// Amend changes the latest call that ended for which is holds, and says whether
// there was one.
func (h *History) Amend(is func(Call) bool, change func(*Call)) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.calls {
		at := (h.next - 1 - i + 2*len(h.calls)) % len(h.calls)
		if is(h.calls[at]) {
			change(&h.calls[at])
			return true
		}
	}
	return false
}

// Latest returns a copy, the call that ended last first.
func (h *History) Latest() []Call {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := append(append(make([]Call, 0, len(h.calls)), h.calls[h.next:]...), h.calls[:h.next]...)
	slices.Reverse(all)
	return all
}
