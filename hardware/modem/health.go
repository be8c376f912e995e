package modem

import (
	"time"

	"carrier/hardware/line"
)

// State is what the line is doing.
func (m *Modem) State() line.State { return m.Health().State }

// Health is how the modem does: its state, its faults, and what it calls itself.
func (m *Modem) Health() line.Health {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.health
}

func (m *Modem) enter(s line.State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing.Err() == nil {
		m.stateLocked(s)
	}
}

// stateLocked notes a state and when it came; mu is held.
func (m *Modem) stateLocked(s line.State) {
	if m.health.State != s || m.health.Since.IsZero() {
		m.health.State, m.health.Since = s, time.Now()
	}
}

// suffer notes what put the modem out of service, and when it is tried again.
// A device that is away is one fault, however often it is looked for.
func (m *Modem) suffer(cause error, again time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := &m.health
	if !h.Faulty || h.Fault != cause.Error() {
		h.Faults++
	}
	h.Faulty, h.Fault, h.Again = true, cause.Error(), time.Now().Add(again)
}

// recover notes that the modem works; its last fault is still known.
func (m *Modem) recover() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.health.Faulty, m.health.Again = false, time.Time{}
}
