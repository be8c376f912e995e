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
	ConnsCrowded  atomic.Uint64 // closed because too many were pending
	ConnsBroken   atomic.Uint64 // closed for a wrong cookie, length or message
	ConnsTimedOut atomic.Uint64
	ConnsStalled  atomic.Uint64 // closed because the peer did not read

	MessagesReceived   atomic.Uint64
	MessagesSent       atomic.Uint64
	MessagesUnknown    atomic.Uint64 // of a type that we do not know
	MessagesUnexpected atomic.Uint64 // in a state that has no use for them, or for no call of ours

	Calls      atomic.Int64  // present, in any state
	CallsStuck atomic.Uint64 // cleared because an answer did not come

	GREReceived  atomic.Uint64 // for a call of ours
	GRESent      atomic.Uint64
	GREUnknown   atomic.Uint64 // a Call ID that is not ours, from that address
	GREMalformed atomic.Uint64 // no GRE packet of PPTP at all
	GREProbes    atomic.Uint64 // received
	GREOverflow  atomic.Uint64 // came before the call was connected, and too many did
	GRESendError atomic.Uint64
}
