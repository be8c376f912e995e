package peer

import "sync/atomic"

// Stats are an endpoint's counters; gauges go down again. Any goroutine may
// read them.
type Stats struct {
	// Control connections, by state.
	Pending     atomic.Int64 // accepted, no Start-Control-Connection-Request yet
	Starting    atomic.Int64 // opened by us, no reply yet
	Established atomic.Int64
	Stopping    atomic.Int64 // being closed

	ConnsRefused  atomic.Uint64 // by the Handler
	ConnsCrowded  atomic.Uint64 // closed because too many were pending, or of strangers
	ConnsFast     atomic.Uint64 // closed because too many came in a short time: Limits.Rate
	ConnsFull     atomic.Uint64 // refused because there are enough: Limits.Source and All
	ConnsBroken   atomic.Uint64 // closed for a wrong cookie, length or message
	ConnsTimedOut atomic.Uint64
	ConnsStalled  atomic.Uint64 // closed because the peer did not read

	MessagesReceived   atomic.Uint64
	MessagesSent       atomic.Uint64
	MessagesUnknown    atomic.Uint64 // of a type that we do not know
	MessagesUnexpected atomic.Uint64 // in a state that has no use for them, or for no call of ours

	Calls      atomic.Int64  // present, in any state
	CallsStuck atomic.Uint64 // cleared because an answer did not come
	CallsFast  atomic.Uint64 // refused because too many were begun in a short time: Limits.Rate
	CallsFull  atomic.Uint64 // refused because there are enough: Limits.Source and All

	GREReceived  atomic.Uint64 // for a call of ours
	GRESent      atomic.Uint64
	GREUnknown   atomic.Uint64 // a Call ID that is not ours, from that address
	GREMalformed atomic.Uint64 // no GRE packet of PPTP at all
	GREProbes    atomic.Uint64 // received
	GREOverflow  atomic.Uint64 // came before the call was connected, and too many did
	GRESendError atomic.Uint64
}

// States calls f for each state of control connections.
func (s *Stats) States(f func(state string, n int64)) {
	f("pending", s.Pending.Load())
	f("starting", s.Starting.Load())
	f("established", s.Established.Load())
	f("stopping", s.Stopping.Load())
}

// Failures calls f for each reason why control connections came to nothing.
func (s *Stats) Failures(f func(why string, n uint64)) {
	f("refused", s.ConnsRefused.Load())
	f("crowded", s.ConnsCrowded.Load())
	f("too-fast", s.ConnsFast.Load())
	f("too-many", s.ConnsFull.Load())
	f("broken", s.ConnsBroken.Load())
	f("timed-out", s.ConnsTimedOut.Load())
	f("stalled", s.ConnsStalled.Load())
}

// Denied calls f for each reason why peers' calls were refused before anybody was
// asked.
func (s *Stats) Denied(f func(why string, n uint64)) {
	f("too-fast", s.CallsFast.Load())
	f("too-many", s.CallsFull.Load())
}

// Packets calls f for each disposition of GRE packets that no call's data half
// has seen.
func (s *Stats) Packets(f func(direction, disposition string, n uint64)) {
	f("received", "probe", s.GREProbes.Load())
	f("received", "malformed", s.GREMalformed.Load())
	f("received", "unknown-call", s.GREUnknown.Load())
	f("received", "overflow", s.GREOverflow.Load())
	f("sent", "failed", s.GRESendError.Load())
}
