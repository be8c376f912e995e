package relay

import (
	"errors"
	"sync/atomic"

	"carrier/shared/gre"
	"carrier/shared/hdlc"
)

// LineErrors count what a line spoiled, by kind. Any goroutine may use them.
type LineErrors struct {
	FCS, Abort, Runt, Giant atomic.Uint64
}

// Count counts one error of an hdlc.Decoder.
func (e *LineErrors) Count(err error) {
	switch {
	case errors.Is(err, hdlc.ErrFCS):
		e.FCS.Add(1)
	case errors.Is(err, hdlc.ErrAbort):
		e.Abort.Add(1)
	case errors.Is(err, hdlc.ErrRunt):
		e.Runt.Add(1)
	case errors.Is(err, hdlc.ErrGiant):
		e.Giant.Add(1)
	}
}

// Each calls f for each kind.
func (e *LineErrors) Each(f func(kind string, n uint64)) {
	f("fcs", e.FCS.Load())
	f("abort", e.Abort.Load())
	f("runt", e.Runt.Load())
	f("giant", e.Giant.Load())
}

// Drops count the frames that queues dropped, for a line or for a window. Any
// goroutine may use them.
type Drops struct {
	Full  atomic.Uint64 // for want of room
	Early atomic.Uint64 // so that TCP slows down before the line lags behind
}

// Each calls f for each reason.
func (d *Drops) Each(f func(reason string, n uint64)) {
	f("queue-full", d.Full.Load())
	f("early", d.Early.Load())
}

// A LineError is that the line failed: its carrier was lost, or its port.
type LineError struct {
	Op  string // "read" or "write"
	Err error
}

func (e *LineError) Error() string { return "line: " + e.Op + ": " + e.Err.Error() }

// Unwrap is the line's own error.
func (e *LineError) Unwrap() error { return e.Err }

// Stats are how a relay stands.
type Stats struct {
	GRE     gre.Stats
	Waiting int    // frames that the line has not sent
	Drain   int    // octets a second that it is reckoned to send, 0 when unknown
	Failed  uint64 // calls to the tunnel's Send that failed
}

// Stats reads the counters.
func (r *Relay) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Stats{GRE: r.gre.Stats(), Waiting: r.down.Len() + r.leaving, Drain: r.drain.rate, Failed: r.refused}
}

// LineErrors are those of this call since the relay began.
func (r *Relay) LineErrors() *LineErrors { return &r.errors }

// Heard reports whether any GRE packet of the PNS's has come, well formed or
// not. If none has while the control connection lives, GRE does not pass.
func (r *Relay) Heard() bool {
	st := r.Stats()
	for _, n := range st.GRE.Received {
		if n > 0 {
			return true
		}
	}
	return false
}

// Answered reports whether the PNS acknowledged any GRE packet of ours, or had
// none to acknowledge. If it has not, GRE does not pass towards it.
func (r *Relay) Answered() bool {
	st := r.Stats()
	return st.GRE.Sent == 0 || st.GRE.Acked > 0
}

// CallerHungUp reports whether the caller ended PPP, by an LCP
// Terminate-Request.
func (r *Relay) CallerHungUp() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lcp.hungUp
}

// ClearedText is what the PNS's last LCP Terminate-Request told the caller,
// cut to 200 octets and printable; empty when there was none. It came from
// outside.
func (r *Relay) ClearedText() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cleared
}

// SetLinkInfo takes the ACCMs of a Set-Link-Info (RFC 2637 §2.15): send for
// what goes to the caller, receive for what comes from her.
func (r *Relay) SetLinkInfo(send, receive uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lcp.transmit = send
	// Only less may be dropped than what she was seen to agree to: many a PNS
	// says all ones here and never more.
	r.decoder.ACCM &= receive
}
