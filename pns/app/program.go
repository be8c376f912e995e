package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"carrier/pns/internal/callback"
	"carrier/pns/internal/config"
	"carrier/pns/internal/dial"
	"carrier/pns/internal/guard"
	"carrier/pns/internal/lan"
	"carrier/pns/internal/lan/tun"
	"carrier/pns/internal/lan/userspace"
	"carrier/pns/internal/lease"
	"carrier/pns/internal/opener"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/ras"
	"carrier/pns/internal/session"
	"carrier/pns/internal/users"
	"carrier/shared/capture"
	"carrier/shared/console"
	"carrier/shared/daemon"
	"carrier/shared/peer"
	"carrier/shared/record"
)

// history is how many calls that ended are remembered.
const history = 1000

// avoid is for how long an address is not given to callers that a host of the
// LAN was found to have.
const avoid = 10 * time.Minute

// A Program is a running pns.
type Program struct {
	config *config.Config // of the start; what a reload cannot change is read here

	mu  sync.Mutex     // of what a reload changes
	now *config.Config // that holds
	who *users.Table

	source func() (*config.Config, error) // reads the file again
	file   string                         // its path, absolute; empty: there is none
	level  *slog.LevelVar                 // of the log; nil: fixed

	log      *slog.Logger
	resolver *net.Resolver // nil: the system's
	hub      *capture.Hub
	metrics  *metrics
	endpoint *peer.Endpoint
	ras      *ras.RAS
	dial     *dial.Dialler
	opener   *opener.Opener
	desk     *callback.Desk
	guard    *guard.Guard
	changed  *users.Passwords
	pools    *pool.Pools
	leases   *lease.Leases // nil: the LAN's DHCP server is not asked
	router   router        // nil: the LAN takes any address
	panel    *daemon.Panel
	parts    daemon.Services

	ended chan struct{} // of Start
	err   error         // once ended
}

// open binds all that the configuration names, so that a port in use or a right
// that is missing shows before anything runs.
func open(c *config.Config, env Env) (*Program, error) {
	p := &Program{config: c, now: c, source: daemon.NoFile[*config.Config], log: env.Log, resolver: env.Resolver, hub: capture.NewHub(env.Log), metrics: newMetrics(),
		guard: guard.New(guard.Policy{})}
	if err := p.build(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// close gives back what was opened of a program that does not run.
func (p *Program) close() error {
	ended, end := context.WithCancel(context.Background())
	end()
	return p.parts.Run(ended, func() {})
}

// build makes the parts, the first ones ending last; whoever runs already has
// the commands' socket, and is noticed by it: callers are told before
// the LAN and the control connections go.
func (p *Program) build() error {
	c := p.config
	commands, err := console.Listen(c.Socket, "pns", p.commands())
	if err != nil {
		return err
	}
	p.parts.Add("commands", commands.Run)
	if p.who, err = users.New(c.Users); err != nil {
		return err
	}
	if p.changed, err = users.OpenPasswords(c.State); err != nil {
		return err
	}
	p.settle()
	if p.pools, err = pool.New(c.LAN.Given(), reserved(c, p.who)); err != nil {
		return err
	}
	p.pools.Hold, p.pools.Avoid = c.LAN.Hold, avoid
	network, err := p.network()
	if err != nil {
		return err
	}
	p.parts.Add("LAN", network.Run)
	if err := p.lease(network); err != nil {
		return err
	}
	p.router, _ = network.(router)
	p.desk = callback.New(ringer{p}, &p.metrics.callbacks, p.log)
	p.desk.Use(c.Callback)
	serials, err := record.OpenSerials(c.State)
	if serials == nil {
		return err
	}
	if err != nil {
		p.log.Warn("call serial numbers start anew", "error", err)
	}
	p.ras = ras.New(p.rasOptions(network, serials))
	if p.endpoint, err = peer.Open(p.peerOptions()); err != nil {
		return err
	}
	p.ras.Over(p.endpoint)
	p.parts.Add("tunnels", p.endpoint.Run)
	p.dial = p.dialler(network, serials)
	p.metrics.dial = p.dial
	p.metrics.ras, p.metrics.desk, p.metrics.pools, p.metrics.guard = p.ras, p.desk, p.pools, p.guard
	if c.Panel.IsValid() {
		if p.panel, err = daemon.OpenPanel(c.Panel, p.metrics.handler(), p.ras.Closed); err != nil {
			return err
		}
		p.parts.Add("panel", p.panel.Run)
	}
	p.parts.Add("dial", p.dial.Run)
	p.parts.Add("calls", p.ras.Run)     // ends nearly first: whoever drains wants to see it
	p.parts.Add("callback", p.desk.Run) // before it: nobody is rung any more
	p.opener = opener.New(opener.Options{Open: p.connect, Log: p.log}, opened(c))
	p.parts.Add("PACs", p.opener.Run) // they bring calls as soon as they can
	return nil
}

// network makes the LAN that the configuration names.
func (p *Program) network() (lan.Network, error) {
	c := p.config.LAN
	if c.TUN == nil {
		return userspace.New(userspace.Options{Local: c.Local, Map: c.Map, OnlyMapped: c.OnlyMapped, Log: p.log, Stats: &p.metrics.lan})
	}
	p.metrics.tun = new(tun.Stats)
	return tun.New(tun.Options{Name: c.TUN.Name, Local: c.Local, Routes: p.config.Routes(p.who.Fixed()), Rest6: p.config.Rest6(), ProxyARP: c.TUN.ProxyARP, Leased: c.Leased != "",
		Masquerade: c.TUN.Masquerade, Peers: p.config.Peers(), Relay: c.Relay, Forward: c.TUN.Forwarding, Log: p.log, Stats: p.metrics.tun})
}

// lease opens the way to the LAN's DHCP server, where callers have addresses from
// there.
func (p *Program) lease(network lan.Network) error {
	l, ok := network.(*tun.LAN)
	if !ok || p.config.LAN.Leased == "" {
		return nil
	}
	port, err := l.OpenDHCP(p.config.LAN.Leased)
	if err != nil {
		return err
	}
	p.leases = lease.New(port, p.config.Name)
	p.parts.Add("DHCP", func(ctx context.Context) error { return port.Run(ctx, p.leases.Receive) })
	return nil
}

func (p *Program) rasOptions(network lan.Network, serials *record.Serials) ras.Options {
	o := ras.Options{Settings: p.settings(p.config, p.who), LAN: network, Pools: p.pools, Leases: p.leases, Passwords: p.changed, History: history,
		Sessions: &p.metrics.sessions, Flows: &p.metrics.flows, Meter: p.metrics, Hub: p.hub, Guard: p.guard, Log: p.log,
		Host: p.config.Name, Serials: serials, Callbacks: p.desk}
	o.Gate, _ = network.(ras.Gate)
	o.Prober, _ = network.(session.Prober)
	o.Delegator, _ = network.(session.Delegator)
	return o
}

func (p *Program) peerOptions() peer.Options {
	o := peer.Options{Host: p.config.Name, Listen: p.config.Listen, GRE: p.config.NeedsGRE,
		Handler: p.ras, Log: p.log, Stats: &p.metrics.peer, Tap: p.hub}
	if p.config.NeedsUDP {
		o.UDP = p.config.UDP
	}
	connects := func(a config.PAC) bool { return a.Connect.IsValid() }
	if a := p.config.Listen.Addr(); !a.IsUnspecified() && (len(p.config.Dials) > 0 || slices.ContainsFunc(p.config.PACs, connects)) {
		o.Source = a
	}
	return o
}

// run works until ctx ends: callers are then told so and their calls cleared.
func (p *Program) run(ctx context.Context) error {
	defer p.log.Info("ended")
	defer context.AfterFunc(ctx, func() { p.tell(daemon.Stopping) })()
	return p.parts.Run(ctx, func() {
		p.log.Info("ready", "listen", p.endpoint.Addr())
		p.weak(p.config)
		p.tell(daemon.Ready)
	})
}

// tell tells systemd.
func (p *Program) tell(state string) {
	if err := daemon.Notify(state); err != nil {
		p.log.Warn("systemd could not be told", "error", err)
	}
}

// alive asks what an operator would: it goes through the socket, and past every
// part's lock.
func (p *Program) alive(ctx context.Context) error {
	_, err := console.NewClient(p.config.Socket, "pns").Status(ctx)
	return err
}

// Panel is where the metrics are; nil without a panel.
func (p *Program) Panel() net.Addr {
	if p.panel == nil {
		return nil
	}
	return p.panel.Addr()
}

// Calls lists the calls that run, then those that ended, latest first: those that
// others brought, and our own.
func (p *Program) Calls() []record.Call {
	own, ended := p.dial.Running(), p.dial.Ended()
	all := append(own, p.ras.Calls()...)
	for _, c := range ended {
		i, _ := slices.BinarySearchFunc(all, c, func(a, b record.Call) int {
			if a.Ended.IsZero() {
				return -1
			}
			return b.Ended.Compare(a.Ended)
		})
		all = slices.Insert(all, i, c)
	}
	return all
}
