package app

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"carrier/pns/internal/pool"
	"carrier/pns/internal/ras"
	"carrier/shared/capture"
	"carrier/shared/console"
	"carrier/shared/doctor"
	"carrier/shared/quirk"
	"carrier/shared/record"
)

// A status is what `pns status` shows.
type status struct {
	Name      string    `json:"name"`
	Listen    string    `json:"listen"`
	Closed    string    `json:"closed,omitempty"` // why no call is taken now
	Calls     int       `json:"calls"`
	Addresses int       `json:"addresses_free"`
	Networks  *int      `json:"networks6_free,omitempty"`  // a /64 each; nil: callers have no IPv6
	Delegated *int      `json:"delegated6_free,omitempty"` // prefixes for the networks behind callers; nil: there is no pool of them
	Users     []user    `json:"users"`
	PACs      []joint   `json:"pacs"`
	Dials     []dialled `json:"dials,omitempty"`
	Locked    []lock    `json:"locked_out"`
	Callbacks []debt    `json:"callbacks"`
}

type user struct {
	User      string `json:"user"`
	Address   string `json:"address"`
	Prefix    string `json:"prefix,omitempty"`
	Delegated string `json:"delegated,omitempty"`
	Call      string `json:"call"`
}

type joint struct {
	PAC       string `json:"pac"`
	Transport string `json:"transport"`
	State     string `json:"state"`
	OpenedBy  string `json:"opened_by"` // us or peer
	quirk.Known
	Text string `json:"text,omitempty"` // why there is none that we should have opened
}

// A lock is somebody who is locked out after too many wrong passwords.
type lock struct {
	User   string    `json:"user"` // "": every user
	Source string    `json:"source"`
	Until  time.Time `json:"until"`
}

// A debt is a caller who is to be called back.
type debt struct {
	User   string    `json:"user"`
	Number string    `json:"number"`
	Due    time.Time `json:"due"`
	Until  time.Time `json:"until"`
	Tries  int       `json:"tries"`
	Why    string    `json:"why,omitempty"` // the last of them came to nothing
}

// commands are what an operator sees of a Program.
type commands struct{ *Program }

func (p *Program) commands() console.Program { return commands{p} }

// Status shows who is online and the control connections.
func (p commands) Status() any {
	s := status{Name: p.config.Name, Listen: p.endpoint.Addr().String(), Users: []user{}, PACs: []joint{}, Locked: []lock{}, Callbacks: []debt{}}
	if err := p.ras.Closed(); err != nil {
		s.Closed = err.Error()
	}
	p.metrics.pools.Stats(func(name string, one pool.Stats) {
		switch name {
		case pool.IPv6:
			s.Networks = &one.Free
		case pool.Delegated:
			s.Delegated = &one.Free
		default:
			s.Addresses += one.Free
		}
	})
	s.Calls = len(p.dial.Running())
	for _, c := range p.ras.Running() {
		s.Calls++
		if c.Address.IsValid() {
			u := user{User: c.User, Address: c.Address.String(), Call: c.Name}
			if c.Prefix.IsValid() {
				u.Prefix = c.Prefix.String()
			}
			if c.Delegated.IsValid() {
				u.Delegated = c.Delegated.String()
			}
			s.Users = append(s.Users, u)
		}
	}
	for _, c := range p.endpoint.Conns() {
		s.PACs = append(s.PACs, joint{PAC: c.Remote.Name, Transport: c.Remote.Transport.String(), State: c.State, OpenedBy: c.OpenedBy(), Known: c.Known})
	}
	s.PACs = append(s.PACs, p.absent()...)
	for _, d := range p.dial.States() {
		s.Dials = append(s.Dials, show(d))
	}
	for _, l := range p.guard.Locks(time.Now()) {
		s.Locked = append(s.Locked, lock{l.User, l.Source, l.Until.Round(time.Second)})
	}
	for _, d := range p.desk.Owed() {
		s.Callbacks = append(s.Callbacks, debt{d.User, d.Number, d.Due.Round(time.Second), d.Until.Round(time.Second), d.Tries, d.Why})
	}
	slices.SortFunc(s.PACs, func(a, b joint) int { return strings.Compare(a.PAC, b.PAC) })
	return s
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
	return doctor.Pending{File: p.file, Changed: p.now.Digest.Differs(c.Digest), Restart: fixed(p.now, c)}, nil
}

// Hangup ends a call.
func (p commands) Hangup(name string) error {
	if s, err := p.dial.Find(name); err == nil {
		s.End(record.Operator, "the operator ended the call")
		return nil
	}
	return known(p.ras.Hangup(name))
}

// Renegotiate has a call's PPP negotiated afresh.
func (p commands) Renegotiate(name string) error {
	if s, err := p.dial.Find(name); err == nil {
		if !s.Renegotiate() {
			return console.ErrNotOnline
		}
		return nil
	}
	return known(p.ras.Renegotiate(name))
}

// known is an error as the console has it.
func known(err error) error {
	switch {
	case errors.Is(err, ras.ErrNoCall):
		return console.ErrNoCall
	case errors.Is(err, ras.ErrNotOnline):
		return console.ErrNotOnline
	}
	return err
}

// Unlock lets a user, or all from a source, try again.
func (p commands) Unlock(who string) (locks int) {
	locks = p.guard.Unlock(time.Now(), who)
	p.log.Info("unlocked by the operator", "who", record.Shown(who), "locks", locks)
	return locks
}

// Capture writes what calls carry.
func (p commands) Capture(ctx context.Context, f capture.Filter, w io.Writer) error {
	return p.hub.Run(ctx, f, w, capture.Limit{})
}
