package app

import (
	"errors"
	"net/netip"
	"reflect"
	"slices"

	"carrier/pns/internal/config"
	"carrier/pns/internal/dhcp6"
	"carrier/pns/internal/lan"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/ras"
	"carrier/pns/internal/session"
	"carrier/pns/internal/users"
	"carrier/shared/daemon"
	"carrier/shared/peer"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
)

// reread reads the configuration's file again.
func (p *Program) reread() (restart []string, err error) {
	return daemon.Reload(p.log, p.source, p.use)
}

// Reload takes another configuration, as Start takes one. A mistake changes
// nothing. It returns the keys that changed and need a restart.
func (p *Program) Reload(file string, text []byte) (restart []string, err error) {
	return daemon.Reload(p.log, func() (*config.Config, error) { return config.Parse(file, text) }, p.use)
}

// use has what comes from now on follow another configuration. Running calls go
// on, but for those that ras.Use names.
func (p *Program) use(c *config.Config) (restart []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	restart = fixed(p.now, c)
	if err := p.readdress(c); err != nil {
		return nil, err
	}
	p.now = c
	if p.level != nil {
		p.level.Set(c.Level)
	}
	p.ras.Use(p.settings(c, p.who))
	p.dial.Use(p.entries(c))
	p.opener.Use(opened(c))
	p.desk.Use(c.Callback)
	p.endpoint.Reconfigure(p.ras.Treatment)
	p.settle()
	p.endpoint.Dismiss(p.ras.Strange)
	p.log.Info("reloaded", "users", p.who.Len(), "pacs", len(c.PACs), "restart", restart)
	p.weak(c)
	return restart, nil
}

// settle forgets users' changes of passwords that the configuration has replaced
// since. Those that are still kept do not hold, but would if the old password
// came back.
func (p *Program) settle() {
	if err := p.changed.Settle(p.who); err != nil {
		p.log.Error("changes of passwords that were replaced since are not forgotten", "error", err)
	}
}

// readdress takes the users and their addresses from a configuration; an error
// leaves the old ones. Those that calls have stay routed.
func (p *Program) readdress(c *config.Config) error {
	who, err := users.New(c.Users)
	if err != nil {
		return err
	}
	if err := p.pools.Use(c.LAN.Given(), reserved(c, who), c.LAN.Hold); err != nil {
		return err
	}
	if p.router != nil {
		if err := p.router.Reroute(c.Routes(append(p.pools.Leased(), who.Fixed()...))); err != nil {
			was := p.now
			return errors.Join(err, p.pools.Use(was.LAN.Given(), reserved(was, p.who), was.LAN.Hold))
		}
	}
	p.who = who
	return nil
}

// reserved are the addresses that no pool may give out.
func reserved(c *config.Config, who *users.Table) []netip.Prefix {
	return append(slices.Clone(who.Fixed()), netip.PrefixFrom(c.LAN.Local, 32))
}

// settings is what calls that come take from a configuration.
func (p *Program) settings(c *config.Config, who *users.Table) ras.Settings {
	s := ras.Settings{Users: who, Activity: c.Activity, Drain: c.Drain, Drains: c.Drains, Lockout: c.Lockout,
		Settings: session.Settings{
			Link: link.Options{LCP: lcp.Options{MRU: lan.DefaultMTU, Magic: true, PFC: true, ACFC: true,
				Multilink: c.Bundle, Quality: c.Quality, Reports: c.Reports, CallsBack: who.CallsBack()},
				Ask: c.Methods, TLS: c.TLS, HoldTLS: true, LM: c.LM, Rechallenge: c.Rechallenge, Name: c.Name, Echo: c.Echo},
			DNS: c.LAN.DNS, NBNS: c.LAN.WINS, DHCP: c.LAN.DHCP, Coding: c.Coding, VJ: c.VJ,
			Identify: c.Identify, Lossy: c.Lossy, Idle: c.Idle, Limit: c.Session}}
	if x := c.LAN.IPv6; x != nil {
		s.IPv6 = &session.IPv6{DNS: x.DNS, Search: x.Search, DUID: dhcp6.NewDUID(c.Name), Delegates: len(x.Delegated) > 0}
	}
	for _, a := range c.PACs {
		p.metrics.pacKnown(a.Name)
		p.metrics.numberKnown(a.Name)
		s.PACs = append(s.PACs, ras.PAC{Name: a.Name, From: a.From, MSSByRate: a.MSSByRate, MRU: a.MRU,
			Remote: remote(a)})
	}
	if l := c.Clients; len(l.From) > 0 {
		p.metrics.pacKnown(ras.Client)
		s.Clients = ras.Clients{From: l.From, Remote: peer.Remote{Transport: l.Transport, Settings: l.Settings, Limits: l.Limits},
			MRU: l.MRU, Ask: l.Methods, Coding: l.Coding, VJ: l.VJ}
	}
	return s
}

// fixed are the keys that differ and that a running program cannot change; c
// keeps the old values, which still hold.
func fixed(was, c *config.Config) (keys []string) {
	differ := func(key string, now, old any) {
		n, o := reflect.ValueOf(now).Elem(), reflect.ValueOf(old).Elem()
		if !reflect.DeepEqual(n.Interface(), o.Interface()) {
			keys = append(keys, key)
			n.Set(o)
		}
	}
	differ("name", &c.Name, &was.Name)
	differ("socket", &c.Socket, &was.Socket)
	differ("state", &c.State, &was.State)
	differ("panel", &c.Panel, &was.Panel)
	differ("listen", &c.Listen, &was.Listen)
	differ("udp", &c.UDP, &was.UDP)
	if c.NeedsGRE && !was.NeedsGRE || c.NeedsUDP && !was.NeedsUDP {
		keys = append(keys, "transport")
	}
	c.NeedsGRE, c.NeedsUDP = was.NeedsGRE, was.NeedsUDP
	if (c.LAN.TUN == nil) != (was.LAN.TUN == nil) {
		keys = append(keys, "lan.mode")
		c.LAN.TUN = was.LAN.TUN
	}
	differ("lan.tun", &c.LAN.TUN, &was.LAN.TUN)
	if c.LAN.Leased != was.LAN.Leased { // and who has addresses from there may not have others meanwhile
		named := func(l config.LAN) []pool.Options { return l.Pools[1:] }
		if keys = append(keys, `lan.addresses = "dhcp"`); !reflect.DeepEqual(named(c.LAN), named(was.LAN)) {
			keys = append(keys, "pool")
		}
		c.LAN.Leased, c.LAN.Pools = was.LAN.Leased, was.LAN.Pools
	}
	differ("lan.relay", &c.LAN.Relay, &was.LAN.Relay)
	differ("lan.ipv6", &c.LAN.IPv6, &was.LAN.IPv6)
	differ("lan.local", &c.LAN.Local, &was.LAN.Local)
	differ("lan.userspace.map", &c.LAN.Map, &was.LAN.Map)
	differ("lan.userspace.only_mapped", &c.LAN.OnlyMapped, &was.LAN.OnlyMapped)
	return keys
}

// A router is a LAN whose callers' addresses can change; *tun.LAN is one.
type router interface {
	Reroute(callers []netip.Prefix) error
}
