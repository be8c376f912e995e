package app

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"carrier/pac/internal/call"
	"carrier/shared/capture"
	"carrier/shared/console"
	"carrier/shared/doctor"
	"carrier/shared/quirk"
	"carrier/shared/record"
)

// A status is what `pac status` shows.
type status struct {
	Name    string       `json:"name"`
	Calls   int          `json:"calls"`
	Clashes []string     `json:"clashes,omitempty"` // devices that two entries name
	Lines   []lineStatus `json:"lines"`
	Tunnels []tunnelling `json:"tunnels"`
}

type lineStatus struct {
	Line    string `json:"line"`
	Bank    string `json:"bank"`
	State   string `json:"state"`
	Call    string `json:"call,omitempty"`
	User    string `json:"user,omitempty"`
	Service string `json:"service,omitempty"`
	Why     string `json:"why,omitempty"`
}

type tunnelling struct {
	PNS       string `json:"pns"`
	Address   string `json:"address"`
	Transport string `json:"transport"`
	State     string `json:"state"`
	OpenedBy  string `json:"opened_by"` // us or peer
	quirk.Known
}

// commands are what an operator sees of a Program.
type commands struct{ *Program }

func (p *Program) commands() console.Program { return commands{p} }

// Status shows lines and tunnels.
func (p commands) Status() any {
	p.mu.Lock()
	s := status{Name: p.config.Name, Clashes: p.clashes, Lines: []lineStatus{}, Tunnels: []tunnelling{}}
	p.mu.Unlock()
	on := map[string]record.Call{}
	for _, c := range p.calls.Running() {
		on[c.Line] = c
		s.Calls++
	}
	for _, l := range p.banks.Status() {
		s.Lines = append(s.Lines, lineStatus{l.Line, l.Bank, l.State, on[l.Line].Name, on[l.Line].User, l.Service, l.Why})
	}
	for _, c := range p.endpoint.Conns() {
		s.Tunnels = append(s.Tunnels, tunnelling{c.Remote.Name, c.Remote.Addr.String(), c.Remote.Transport.String(), c.State, c.OpenedBy(), c.Known})
	}
	s.Tunnels = append(s.Tunnels, p.absent()...)
	slices.SortFunc(s.Tunnels, func(a, b tunnelling) int { return strings.Compare(a.PNS+a.Address, b.PNS+b.Address) })
	return s
}

// absent are the PNSs that should have opened a control connection, and have none.
func (p commands) absent() (all []tunnelling) {
	for _, n := range p.settings().Tunnels.PNS {
		if n.Opens && p.endpoint.Of(n.Name) == nil {
			all = append(all, tunnelling{PNS: n.Name, Transport: n.Transport.String(), State: "down", OpenedBy: "peer"})
		}
	}
	return all
}

// Reload reads the configuration again.
func (p commands) Reload() ([]string, error) { return p.reread() }

// Pending compares the configuration with its file.
func (p commands) Pending() (doctor.Pending, error) {
	if p.file == "" {
		return doctor.Pending{}, nil
	}
	c, err := p.source()
	if err != nil {
		return doctor.Pending{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return doctor.Pending{File: p.file, Changed: p.config.Digest.Differs(c.Digest), Restart: fixed(p.config, c)}, nil
}

// Hangup ends a call.
func (p commands) Hangup(name string) error {
	if err := p.calls.Hangup(name); errors.Is(err, call.ErrNoCall) {
		return console.ErrNoCall
	}
	return nil
}

// Capture writes what calls carry.
func (p commands) Capture(ctx context.Context, f capture.Filter, w io.Writer) error {
	return p.hub.Run(ctx, f, w, capture.Limit{})
}
