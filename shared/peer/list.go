package peer

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
