// Package record is what is known of one call, while it runs and afterwards:
// its name, how far it came, what it carried and why it ended. It stores
// nothing on disk.
package record

import (
	"net/netip"
	"sync/atomic"
	"time"
)

// A Call is one call as status, history and logs show it. Fields not known
// yet, or not known at this end, are zero.
type Call struct {
	Name    string    `json:"name"` // HOST/SERIAL, the same at both ends
	Started time.Time `json:"started"`
	Up      time.Time `json:"up,omitzero"` // when data could flow
	Ended   time.Time `json:"ended,omitzero"`
	Stage   Stage     `json:"stage"`            // how far it came
	Reason  EndReason `json:"reason"`           // why it ended
	Text    string    `json:"text,omitempty"`   // the reason in words, the peer's own where it gave any
	User    string    `json:"user,omitempty"`   // as the caller gave it
	Method  string    `json:"method,omitempty"` // how the caller was identified or authenticated
	// Machine is what the caller's machine says that it is, fit to print: up to
	// four texts, between semicolons.
	Machine string     `json:"machine,omitempty"`
	Line    string     `json:"line,omitempty"`
	Called  string     `json:"called,omitempty"`
	Calling string     `json:"calling,omitempty"`
	Connect string     `json:"connect,omitempty"` // the modem's result, "28800/ARQ/V34"
	Rate    int        `json:"rate,omitempty"`    // bit/s
	Peer    string     `json:"peer,omitempty"`    // the PNS, the PAC, or the URL of a host
	Address netip.Addr `json:"address,omitzero"`  // given to the caller
	// Prefix is the IPv6 network of the caller's, where she was offered one.
	Prefix netip.Prefix `json:"prefix,omitzero"`
	// Delegated is the IPv6 network behind the caller, where she asked for one.
	Delegated netip.Prefix `json:"delegated,omitzero"`
	Traffic   Traffic      `json:"traffic"`
	// Quality is what the caller's Link-Quality-Reports tell, where she sends any.
	Quality *Quality `json:"quality,omitempty"`
	// Report is what the line's modem said of the call, where it says anything.
	Report *LineReport `json:"report,omitempty"`
	// Outgoing is a call that a PNS had placed. Who answered is the caller then, in
	// all that is said of one; Called is the number that was dialled.
	Outgoing bool `json:"outgoing,omitempty"`
}

// A Stage is how far a call came.
type Stage string

// The stages of a call, in order; a pac knows the first five, a pns the last
// five. Dialling is the first, at both ends, of a call that a PNS has placed.
const (
	Dialling       Stage = "dialling"
	Ringing        Stage = "ringing"
	Answered       Stage = "answered"
	Identified     Stage = "identified"
	Tunnelling     Stage = "tunnelling"
	Relaying       Stage = "relaying"
	Incoming       Stage = "incoming"
	Establishing   Stage = "establishing" // LCP
	Authenticating Stage = "authenticating"
	Configuring    Stage = "configuring" // NCPs
	Online         Stage = "online"
)

// Traffic is a snapshot of a call's counters. Up is from the caller, Down is
// towards her; octets are those of PPP frames without framing, or all that went
// to and from a host.
type Traffic struct {
	FramesUp   uint64 `json:"frames_up"`
	FramesDown uint64 `json:"frames_down"`
	OctetsUp   uint64 `json:"octets_up"`
	OctetsDown uint64 `json:"octets_down"`
	Dropped    uint64 `json:"dropped"` // frames lost in this end's queues
	Errors     uint64 `json:"errors"`  // frames the line spoiled
	// Of compression and encryption that depend on what went before: how often what
	// the caller's data depend on was lost, how many Reset-Requests of CCP it took,
	// and how many of hers were obeyed.
	HistoriesLost uint64 `json:"histories_lost,omitempty"`
	ResetsAsked   uint64 `json:"resets_asked,omitempty"`
	ResetsObeyed  uint64 `json:"resets_obeyed,omitempty"`
	// Drain is how many octets a second, with framing, the line is reckoned to
	// take; 0 when that is not known.
	Drain uint64 `json:"drain,omitempty"`
}

// Counters are a running call's counters; any goroutine may add to them.
type Counters struct {
	FramesUp, FramesDown, OctetsUp, OctetsDown, Dropped, Errors, Drain atomic.Uint64

	HistoriesLost, ResetsAsked, ResetsObeyed atomic.Uint64
}

// Up counts one frame of n octets from the caller.
func (c *Counters) Up(n int) {
	c.FramesUp.Add(1)
	c.OctetsUp.Add(uint64(n))
}

// Down counts one frame of n octets towards the caller.
func (c *Counters) Down(n int) {
	c.FramesDown.Add(1)
	c.OctetsDown.Add(uint64(n))
}

// Snapshot reads the counters.
func (c *Counters) Snapshot() Traffic {
	return Traffic{
		FramesUp: c.FramesUp.Load(), FramesDown: c.FramesDown.Load(),
		OctetsUp: c.OctetsUp.Load(), OctetsDown: c.OctetsDown.Load(),
		Dropped: c.Dropped.Load(), Errors: c.Errors.Load(), Drain: c.Drain.Load(),
		HistoriesLost: c.HistoriesLost.Load(), ResetsAsked: c.ResetsAsked.Load(), ResetsObeyed: c.ResetsObeyed.Load(),
	}
}
