package bank

import (
	"time"

	"carrier/hardware/line"
)

// OutState is the state, in metrics and status, of a line that is out of service
// or drained and has no call.
const OutState = "out-of-service"

// A Status is one line as the operator sees it.
type Status struct {
	Line    string    `json:"line"`
	Bank    string    `json:"bank"`
	Port    string    `json:"port,omitempty"`
	Device  string    `json:"device,omitempty"`  // what it calls itself
	Profile string    `json:"profile,omitempty"` // as which make of modem it is used
	State   string    `json:"state"`             // a line.State, or OutState
	Since   time.Time `json:"since,omitzero"`
	Service string    `json:"service,omitempty"` // out, draining, drained, removed, faulty; empty: in service
	Why     string    `json:"why,omitempty"`     // of Service
	Faults  int       `json:"faults"`            // in all
	Again   time.Time `json:"again,omitzero"`    // when a faulty line is tried again
}

// Status tells of every line, in the order of the configuration, and then of
// those that are no more, but for their call.
func (b *Banks) Status() []Status {
	shown := b.shown()
	all := make([]Status, len(shown))
	for i := range shown {
		all[i] = shown[i].status()
	}
	return all
}

// shown are copies of the slots that are listed: a line may take its time to
// tell how it does, as while it closes its port, and no other waits for that.
func (b *Banks) shown() []slot {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]slot, 0, len(b.slots))
	for _, s := range b.slots {
		if !s.gone || s.call != nil {
			all = append(all, *s)
		}
	}
	return all
}

// status of a slot's copy.
func (s *slot) status() Status {
	h := line.Health{State: line.Down, Since: s.since, Faulty: s.fault != "", Fault: s.fault}
	if m, ok := s.line.(line.Monitored); ok {
		h = m.Health()
	} else if s.line != nil {
		h.State = s.line.State()
	}
	t := Status{Line: s.name, Bank: s.member.Bank, Port: s.member.Port, Device: h.Device, Profile: h.Profile,
		State: h.State.String(), Since: h.Since, Faults: s.faults + h.Faults}
	if s.call != nil {
		t.Line, t.Bank = s.call.line, s.call.bank
	}
	switch {
	case s.gone:
		t.Service = "removed"
	case s.out != nil:
		t.Service, t.Why = "out", s.out.Why
		if s.line == nil || s.busied {
			t.Since = s.out.Since
		}
	case s.drained && s.line != nil && !s.busied:
		t.Service = "draining"
	case s.drained:
		t.Service = "drained"
	case h.Faulty:
		t.Service, t.Why, t.Again = "faulty", h.Fault, h.Again
	}
	if (s.line == nil || s.busied) && (s.out != nil || s.drained) {
		t.State = OutState
	}
	return t
}

// States counts the lines of each bank in each state, zeros included.
func (b *Banks) States() map[string]map[string]int {
	all := map[string]map[string]int{}
	for _, s := range b.Status() {
		if all[s.Bank] == nil {
			all[s.Bank] = map[string]int{OutState: 0}
			for _, state := range line.States() {
				all[s.Bank][state.String()] = 0
			}
		}
		all[s.Bank][s.State]++
	}
	return all
}
