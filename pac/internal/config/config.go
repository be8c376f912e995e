// Package config reads pac.toml into what each part of the program takes.
// docs/pac.toml.md is its reference.
package config

import (
	"net/netip"
	"time"

	"carrier/hardware/netport"
	"carrier/pac/internal/host"
	"carrier/pac/internal/identify"
	"carrier/pac/internal/profile"
	"carrier/pac/internal/tunnel"
	"carrier/shared/conf"
	"carrier/shared/daemon"
	"carrier/shared/peer"
	"carrier/shared/weakness"
)

// File and Socket are where the configuration and the commands' socket are when
// nothing else is said.
const (
	File   = "/etc/carrier/pac.toml"
	Socket = "/run/carrier/pac/socket"
)

// A Config is a whole configuration without mistakes. Of Identify and Tunnels
// those fields are filled that a configuration has.
type Config struct {
	daemon.Settings
	Accept   weakness.Accepted // findings of what is weak
	Digest   conf.Digest       // of the whole file
	State    string            // directory; empty: nothing is kept over a restart
	Banks    []Bank
	Identify identify.Options
	Profiles profile.Options
	Tunnels  tunnel.Options
	Listen   netip.AddrPort            // where others may open control connections; invalid: nowhere
	UDPAt    netip.AddrPort            // where GRE over UDP comes in; invalid: at any port
	PACs     []PAC                     // that may bring calls
	Permits  map[string]profile.Permit // what PNSs may have dialled, by their names
	Hosts    host.Options
	Unpaced  bool // lines are given what they take
	// Drain is how long calls may go on after SIGTERM; and, with Drains, when a
	// reload took their line or PNS away, where without it they may for ever.
	Drain    time.Duration
	Drains   bool
	GRE, UDP bool // the transports that destinations may need
}

// Read reads the file at path. The error is that of opening it, or
// conf.Mistakes.
func Read(path string) (*Config, error) {
	f, err := conf.Read(path)
	if err != nil {
		return nil, err
	}
	return read(f)
}

// Parse is Read for text at hand; name is how mistakes call it.
func Parse(name string, text []byte) (*Config, error) {
	f, err := conf.Parse(name, text)
	if err != nil {
		return nil, err
	}
	return read(f)
}

func read(f *conf.File) (*Config, error) {
	t := f.Root()
	settings := daemon.ReadSettings(t, Socket)
	listen, udp := listening(t)
	if panel := settings.Panel; panel.IsValid() && listen.IsValid() && netport.Overlap("tcp://"+panel.String(), "tcp://"+listen.String()) {
		t.Bad("panel", "%v overlaps listen, %v; would be right: each port once", panel, listen)
	}
	lines, listens := banks(t, settings.Panel, listen)
	board := &switchboard{banks: lines, listens: t.Has("listen"), permits: map[string]profile.Permit{}}
	c := &Config{
		Settings: settings,
		Accept:   weakness.ReadAccepted(t.Table("security")),
		State:    t.Text("state", ""),
		Banks:    lines,
		Identify: identification(t.Table("identify")),
		Tunnels:  tunnels(t, board),
		Listen:   listen,
		UDPAt:    udp,
		Permits:  board.permits,
		Hosts:    hostLimits(t.Table("hosts")),
		Unpaced:  !t.Table("pacing").Bool("enabled", true),
		Drain:    t.Table("limits").Duration("drain", 0, 0, 7*24*time.Hour),
		Drains:   t.Table("limits").Has("drain"),
	}
	c.Identify.Name = c.Name
	c.PACs = pacs(t, board, c.Tunnels.PNS)
	if c.Listen.IsValid() && !board.comes {
		t.Bad("listen", `nobody may connect there; would be right: from = ["2.1.1.60"] in a [[pns]] or a [[pac]]`)
	}
	d := &destinations{pns: c.Tunnels.PNS, listens: listens}
	c.Profiles = profiles(t, d)
	c.Identify.Text.Menu, c.Profiles.Menu = menu(t.Table("identify"), d)
	c.Identify.Verify = passwords(t, c.Identify.Text.Ask)
	for _, p := range c.Tunnels.PNS {
		if len(p.From) > 0 || len(c.Permits[p.Name].Numbers) > 0 {
			d.transports[p.Transport] = true
		}
	}
	for _, a := range c.PACs {
		d.transports[a.Transport] = true
	}
	c.GRE, c.UDP = d.transports[peer.GRE], d.transports[peer.UDP]
	c.Digest = f.Digest()
	if err := f.Err(); err != nil {
		return nil, err
	}
	return c, nil
}
