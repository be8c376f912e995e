package app

import (
	"errors"
	"time"

	"carrier/pac/internal/bank"
	"carrier/shared/console"
	"carrier/shared/record"
)

// Lines lists the lines, with the calls on them.
func (p commands) Lines() []console.Line {
	on := map[string]record.Call{}
	for _, c := range p.calls.Running() {
		on[c.Line] = c
	}
	var all []console.Line
	for _, l := range p.banks.Status() {
		c := on[l.Line]
		all = append(all, console.Line{Line: l.Line, Bank: l.Bank, Port: l.Port, Device: l.Device, Profile: l.Profile, State: l.State, Since: l.Since,
			Call: c.Name, User: c.User, Rate: c.Rate, Faults: l.Faults, Service: l.Service, Why: l.Why})
	}
	return all
}

// TakeOut takes lines out of service.
func (p commands) TakeOut(lines []string, why string) error {
	err := p.banks.TakeOut(lines, why)
	p.noteService("lines out of service", lines, why, err)
	return err
}

// PutIn puts lines back into service.
func (p commands) PutIn(lines []string) error {
	err := p.banks.PutIn(lines)
	p.noteService("lines in service", lines, "", err)
	return err
}

// noteService logs what an operator did, unless she named no line.
func (p commands) noteService(what string, lines []string, why string, err error) {
	var none *bank.NoLineError
	switch {
	case errors.As(err, &none):
	case err != nil:
		p.log.Error(what, "lines", lines, "why", why, "error", err)
	default:
		p.log.Info(what, "lines", lines, "why", why)
	}
}

// Drain has lines take no more calls.
func (p commands) Drain(what string, within time.Duration) (int, error) {
	n, err := p.banks.DrainLines(what, within)
	if err == nil {
		p.log.Info("draining", drainFacts(what, n, within)...)
	}
	return n, err
}

// drainFacts are what the log has of a drain; below 0 it has no limit.
func drainFacts(what string, calls int, within time.Duration) []any {
	facts := []any{"what", what, "calls", calls}
	if within >= 0 {
		facts = append(facts, "within", within)
	}
	return facts
}

// Undrain has lines take calls again.
func (p commands) Undrain(what string) error {
	err := p.banks.Undrain(what)
	if err == nil {
		p.log.Info("draining no more", "what", what)
	}
	return err
}
