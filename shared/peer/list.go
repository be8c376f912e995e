package peer

import (
	"maps"
	"slices"
)

// A ConnState is one control connection as status and metrics show it.
type ConnState struct {
	Remote Remote
	State  string // pending, starting, established or stopping
}

// Conns lists the control connections, in no order.
func (e *Endpoint) Conns() []ConnState {
	e.mu.Lock()
	all := make([]*Conn, 0, len(e.conns))
	for c := range e.conns {
		all = append(all, c)
	}
	e.mu.Unlock()
	states := make([]ConnState, 0, len(all))
	for _, c := range all {
		c.mu.Lock()
		if s, _ := c.status(); s != "" {
			states = append(states, ConnState{c.remote, s})
		}
		c.mu.Unlock()
	}
	return states
}

// Dismiss stops the control connections that are picked out and have no call.
func (e *Endpoint) Dismiss(pick func(*Conn) bool) {
	e.mu.Lock()
	all := slices.Collect(maps.Keys(e.conns))
	e.mu.Unlock()
	for _, c := range all {
		c.mu.Lock()
		state, _ := c.status()
		idle := state == "established" && len(c.calls) == 0
		c.mu.Unlock()
		if idle && pick(c) {
			c.Stop()
		}
	}
}
