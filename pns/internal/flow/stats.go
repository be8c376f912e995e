package flow

import (
	"sync/atomic"

	"carrier/shared/gre"
)

// Stats are the counters of all flows of a program; any goroutine may read
// them.
type Stats struct {
	GRE        gre.Counters
	SendErrors atomic.Uint64 // calls to Send that failed

	Resets Resets // of CCP

	// Frames that went no further.
	Malformed   atomic.Uint64 // no PPP frame, or no IP packet in it
	NotOpen     atomic.Uint64 // data while IPCP, or towards her IPV6CP, is not open
	Spoofed     atomic.Uint64 // from an address that is not the caller's
	TooLong     atomic.Uint64 // longer than the caller's MRU
	QueueFull   atomic.Uint64
	Early       atomic.Uint64 // by the queue, so that the caller's line is not lagging behind
	SessionBusy atomic.Uint64 // frames that the session was too slow for
	Undecoded   atomic.Uint64 // Compressed Datagrams of which nothing could be made
	Unexpanded  atomic.Uint64 // TCP headers of which nothing could be made
	Unsealed    atomic.Uint64 // data that should have been encrypted
	Unjoined    atomic.Uint64 // packets whose fragments did not come, or came twice or too late
}

// Resets are how often the two ends of a direction lost each other, with methods
// of CCP that depend on what went before.
type Resets struct {
	Lost   atomic.Uint64 // what callers' data depend on
	Asked  atomic.Uint64 // Reset-Requests to callers
	Obeyed atomic.Uint64 // Reset-Requests of callers
}

// Dropped calls f for each reason why frames went no further.
func (s *Stats) Dropped(f func(reason string, n uint64)) {
	f("malformed", s.Malformed.Load())
	f("not-open", s.NotOpen.Load())
	f("spoofed", s.Spoofed.Load())
	f("too-long", s.TooLong.Load())
	f("queue-full", s.QueueFull.Load())
	f("early", s.Early.Load())
	f("session-busy", s.SessionBusy.Load())
	f("undecoded", s.Undecoded.Load())
	f("unexpanded", s.Unexpanded.Load())
	f("unsealed", s.Unsealed.Load())
	f("unjoined", s.Unjoined.Load())
}
