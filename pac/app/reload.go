package app

import (
	"cmp"
	"errors"
	"maps"
	"net"
	"slices"
	"time"

	"carrier/pac/internal/bank"
	"carrier/pac/internal/call"
	"carrier/pac/internal/config"
	"carrier/pac/internal/profile"
	"carrier/pac/internal/tunnel"
	"carrier/shared/daemon"
	"carrier/shared/peer"
	"carrier/shared/record"
)

// settings are the configuration that holds now.
func (p *Program) settings() *config.Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.config
}

// reread reads the configuration's file again.
func (p *Program) reread() (restart []string, err error) {
	return daemon.Reload(p.log, p.source, p.use)
}

// Reload takes another configuration, as Start takes one: no call is touched
// unless its line or its PNS is there no more. A mistake changes nothing. It
// returns the keys that changed and need a restart.
func (p *Program) Reload(file string, text []byte) (restart []string, err error) {
	return daemon.Reload(p.log, func() (*config.Config, error) { return config.Parse(file, text) }, p.use)
}

// use has what comes from now on follow another configuration.
func (p *Program) use(c *config.Config) (restart []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ending {
		return nil, errors.New("the program is ending")
	}
	left, err := p.listen(c.Banks)
	if err != nil {
		return nil, err
	}
	was := p.config
	restart = fixed(was, c)
	p.follow(c)
	if p.level != nil {
		p.level.Set(c.Level)
	}
	p.calls.Use(p.callSettings(c))
	p.endpoint.Reconfigure(p.treatment)
	p.seat(grace(c))
	p.unlisten(left)
	p.retire(was, c)
	p.log.Info("reloaded", "lines", len(p.banks.Status()), "restart", restart)
	p.weak(c)
	return restart, nil
}

// follow makes a configuration the one that holds. p.mu is held, or nothing runs.
func (p *Program) follow(c *config.Config) {
	p.config = c
	maps.Copy(p.where, c.Peers())
}

// known tells of a PNS or a host whether it is configured, be it by another name
// than a call has for it. p.mu is held.
func (p *Program) known() func(name string) bool {
	peers, places := p.config.Peers(), map[string]bool{}
	for _, place := range peers {
		places[place] = true
	}
	return func(name string) bool {
		_, named := peers[name]
		return named || places[p.where[name]]
	}
}

// fixed are the keys that differ and that a running program cannot change; c
// keeps the old values, which still hold.
func fixed(was, c *config.Config) (keys []string) {
	keep := func(key string, now, old *string) {
		if *now != *old {
			keys = append(keys, key)
			*now = *old
		}
	}
	keep("name", &c.Name, &was.Name)
	c.Identify.Name = c.Name
	keep("socket", &c.Socket, &was.Socket)
	keep("state", &c.State, &was.State)
	if c.Panel != was.Panel {
		keys = append(keys, "panel")
		c.Panel = was.Panel
	}
	if c.Listen != was.Listen {
		keys = append(keys, "listen")
		c.Listen = was.Listen
	}
	if c.UDPAt != was.UDPAt {
		keys = append(keys, "udp")
		c.UDPAt = was.UDPAt
	}
	if c.GRE && !was.GRE || c.UDP && !was.UDP {
		keys = append(keys, "transport")
	}
	c.GRE, c.UDP = was.GRE, was.UDP
	return keys
}

// callSettings is what calls that come take from a configuration.
func (p *Program) callSettings(c *config.Config) call.Settings {
	for pns := range c.Permits {
		p.metrics.dialKnown(pns)
	}
	t := c.Tunnels
	t.Resolver = cmp.Or(p.resolver, net.DefaultResolver)
	t.Log, t.Stats = p.log, &p.metrics.tunnel
	if p.tunnels == nil {
		p.tunnels = tunnel.New(p.endpoint, t)
	} else {
		p.tunnels = p.tunnels.Anew(t)
	}
	return call.Settings{Profiles: profile.New(c.Profiles), Tunnels: p.tunnels, Identify: c.Identify, Hosts: c.Hosts, Permits: c.Permits, Unpaced: c.Unpaced}
}

// dismiss closes the control connections to PNSs that are configured no more, or
// by another name, once they have no call. p.mu is held.
func (p *Program) dismiss() {
	peers := p.config.Peers()
	p.endpoint.Dismiss(func(c *peer.Conn) bool {
		_, named := peers[c.Remote().Name]
		_, brings := p.pacOf(c.Remote())
		return !named && !brings
	})
}

// grace is how long the calls of a line or PNS that is configured no more may go
// on.
func grace(c *config.Config) time.Duration {
	if c.Drains {
		return c.Drain
	}
	return bank.NoLimit
}

// retire gives calls whose PNS is configured no more the grace, unless it is
// configured again by then. p.mu is held.
func (p *Program) retire(was, c *config.Config) {
	known, gone := p.known(), slices.Collect(maps.Keys(was.Peers()))
	for _, one := range p.calls.Running() {
		if one.Peer != "" && !known(one.Peer) {
			gone = append(gone, one.Peer)
			p.log.Info("the PNS of a call is configured no more", "call", one.Name, "pns", one.Peer)
		}
	}
	p.leaving.stay(known)
	if c.Drains {
		p.leaving.leave(gone, known, time.Now().Add(c.Drain))
		time.AfterFunc(c.Drain, p.left)
	}
}

// left ends the calls whose PNS is configured no more and whose time is over.
func (p *Program) left() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endLeft()
}

// endLeft is left; p.mu is held.
func (p *Program) endLeft() {
	if len(p.leaving) == 0 {
		return
	}
	now := time.Now()
	gone := func(c record.Call) bool { return p.leaving.over(c.Peer, now) }
	p.calls.End(gone, record.Drained, "the connection to your company's server is taken out of service")
}
