package peer

import (
	"maps"
	"slices"

	"carrier/shared/quirk"
)

// A ConnState is one control connection as status and metrics show it.
type ConnState struct {
	Remote Remote
	Opened bool        // by us
	State  string      // pending, starting, established or stopping
	Known  quirk.Known // printable; zero until the peer has said it
}

// OpenedBy is who opened the connection: us or peer.
func (s ConnState) OpenedBy() string {
	if s.Opened {
		return "us"
	}
	return "peer"
}

// Conns lists the control connections, in no order.
func (e *Endpoint) Conns() []ConnState {
	all := e.all()
	states := make([]ConnState, 0, len(all))
	for _, c := range all {
		if s := c.status(); s.State != "" {
			states = append(states, s)
		}
	}
	return states
}

func (e *Endpoint) all() []*Conn {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Keys(e.conns))
}

// status is the connection as others see it; State is empty when it is over.
func (c *Conn) status() ConnState {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := ConnState{Remote: c.remote, Opened: c.opened, Known: c.profile.Known(c.about, c.remote.Settings)}
	s.State, _ = c.gauge()
	return s
}

// Reconfigure has the calls to come follow other Settings and Limits. said finds
// those of a connection; false leaves it as it is. It is called with the
// connection's name and addresses as Remote and PeerAddr have them.
func (e *Endpoint) Reconfigure(said func(*Conn) (Remote, bool)) {
	for _, c := range e.all() {
		if r, ok := said(c); ok {
			c.mu.Lock()
			c.remote.Settings, c.remote.Limits = r.Settings, r.Limits
			c.mu.Unlock()
		}
	}
}

// Dismiss stops the control connections that are picked out and have no call.
func (e *Endpoint) Dismiss(pick func(*Conn) bool) {
	for _, c := range e.all() {
		c.mu.Lock()
		state, _ := c.gauge()
		idle := state == "established" && len(c.calls) == 0
		c.mu.Unlock()
		if idle && pick(c) {
			c.Stop()
		}
	}
}

// Of finds an established control connection of the peer of that name, which
// either side may have opened, to begin a call on; nil: there is none. Of several it
// is the latest: a peer that was cut off comes back before the old one is known to
// be dead. One that is for a single call is not found.
func (e *Endpoint) Of(name string) (latest *Conn) {
	for _, c := range e.all() {
		c.mu.Lock()
		state, _ := c.gauge()
		found := state == "established" && c.remote.Name == name && !c.own
		c.mu.Unlock()
		if found && (latest == nil || c.begun.After(latest.begun)) {
			latest = c
		}
	}
	return latest
}
