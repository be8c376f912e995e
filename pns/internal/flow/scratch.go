package flow

import (
	"sync"
	"time"

	"carrier/shared/gre"
)

// A scratch is what one passage through a flow's data path needs, from where
// packets come in to where they have been handed on. An idle flow has none.
type scratch struct {
	now   time.Time // when it began
	out   gre.Batch // GRE packets for the tunnel
	up    [][]byte  // packets for the LAN; they alias what the tunnel brought, plain or syns
	syns  gre.Batch // packets that clamp changed
	plain gre.Batch // packets that decode made
	frame []byte    // where toCaller puts one together

	packet, info, short, coded []byte // where encode does
	fragment                   []byte // where wrap does
}

// scratches has as many as passages run at the same time.
var scratches = sync.Pool{New: func() any { return new(scratch) }}

// enter begins a passage; the lock is held.
func (f *Flow) enter(now time.Time) {
	f.scratch = scratches.Get().(*scratch)
	f.scratch.now = now
}

// leave ends it.
func (f *Flow) leave() {
	scratches.Put(f.scratch)
	f.scratch = nil
}

// toNetwork hands over what the caller sent.
func (f *Flow) toNetwork() {
	s := f.scratch
	if len(s.up) > 0 {
		f.lan.Write(s.up...)
		clear(s.up)
		s.up = s.up[:0]
	}
	s.syns.Take()
	s.plain.Take()
}
