package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"

	"carrier/hardware/line"
	"carrier/pac/internal/bank"
	"carrier/pac/internal/call"
	"carrier/pac/internal/config"
	"carrier/pac/internal/trunk"
	"carrier/pac/internal/tunnel"
	"carrier/shared/capture"
	"carrier/shared/console"
	"carrier/shared/daemon"
	"carrier/shared/peer"
	"carrier/shared/record"
)

// history is how many calls that ended are remembered.
const history = 1000

// A Program is a running pac.
type Program struct {
	log      *slog.Logger
	level    *slog.LevelVar                 // of the log; nil: it cannot be changed
	source   func() (*config.Config, error) // reads the configuration again
	file     string                         // where that is, absolute; empty: nowhere
	resolver *net.Resolver
	hub      *capture.Hub
	metrics  *metrics
	endpoint *peer.Endpoint
	calls    *call.Calls
	banks    *bank.Banks
	panel    *daemon.Panel
	parts    daemon.Services

	mu        sync.Mutex // guards what a reload changes
	config    *config.Config
	listeners map[string]*line.Listener // by netport.Key
	trunks    map[string]*trunk.Trunk   // by the names of PACs, of this and earlier configurations
	tunnels   *tunnel.Tunnels           // what comes is placed by it
	where     map[string]string         // PNSs and hosts of this and earlier configurations, by their names
	leaving   leaving                   // PNSs that are configured no more
	clashes   []string                  // devices that two entries of banks name
	ending    bool                      // lines answer no more

	ended chan struct{} // of Start
	err   error         // once ended
}

// open binds all that the configuration names, so that a port in use or a right
// that is missing shows before anything runs.
func open(c *config.Config, env Env) (*Program, error) {
	p := &Program{where: map[string]string{}, source: daemon.NoFile[*config.Config], log: env.Log, resolver: env.Resolver, hub: capture.NewHub(env.Log), metrics: newMetrics(), leaving: leaving{}, trunks: map[string]*trunk.Trunk{}}
	p.follow(c)
	if err := p.build(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// close gives back what was opened of a program that does not run.
func (p *Program) close() error {
	ended, end := context.WithCancel(context.Background())
	end()
	p.deaf()
	return p.parts.Run(ended, func() {})
}

// build makes the parts, the first ones ending last; whoever runs already has
// the commands' socket, and is noticed by it.
func (p *Program) build() (err error) {
	c := p.config
	commands, err := console.Listen(c.Socket, "pac", p.commands())
	if err != nil {
		return err
	}
	p.parts.Add("commands", commands.Run)
	serials, err := record.OpenSerials(c.State)
	if serials == nil {
		return err
	}
	if err != nil {
		p.log.Warn("call serial numbers start anew", "error", err)
	}
	if p.endpoint, err = peer.Open(p.peerOptions()); err != nil {
		return err
	}
	p.parts.Add("tunnels", p.endpoint.Run)
	p.calls = call.New(call.Options{Host: c.Name, Serials: serials, History: history, Settings: p.callSettings(c),
		Errors: &p.metrics.errors, Packets: &p.metrics.packets, Drops: &p.metrics.drops, Meter: p.metrics, Hub: p.hub, Log: p.log})
	out, err := bank.OpenOutOfService(c.State)
	if err != nil {
		p.log.Warn("which lines are out of service is not known", "error", err)
	}
	p.banks = bank.New(bank.Options{Taker: func(name string) bank.Taker { return p.calls.For(name) },
		Drained: call.Ended(record.Drained, "the line is taken out of service"), Out: out, Log: p.log})
	if err := p.open(); err != nil {
		return err
	}
	p.metrics.calls, p.metrics.banks, p.metrics.conns = p.calls, p.banks, p.endpoint.Conns
	if c.Panel.IsValid() {
		if p.panel, err = daemon.OpenPanel(c.Panel, p.metrics.handler(), nil); err != nil {
			return err
		}
		p.parts.Add("panel", p.panel.Run)
	}
	p.parts.Add("banks", p.answer) // ends first: whoever drains wants to see it
	return nil
}

func (p *Program) peerOptions() peer.Options {
	o := peer.Options{Host: p.config.Name, Listen: p.config.Listen, GRE: p.config.GRE, OddIDs: true, PAC: true,
		Handler: reception{p}, Log: p.log, Stats: &p.metrics.peer, Tap: p.hub}
	switch at := p.config.UDPAt; {
	case p.config.UDP && at.IsValid(): // who opens a connection to us opens the path, to a port that he knows
		o.UDP = at
	case p.config.UDP:
		o.UDP = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	for _, b := range p.config.Banks {
		o.Lines += uint16(max(len(b.Ports), b.Lines))
	}
	return o
}

// run works until ctx ends: calls are then ended one and all, their PNSs told.
func (p *Program) run(ctx context.Context) error {
	defer p.log.Info("ended")
	defer context.AfterFunc(ctx, func() { p.tell(daemon.Stopping) })()
	return p.parts.Run(ctx, func() {
		p.log.Info("ready", "banks", len(p.settings().Banks), "lines", len(p.banks.Status()))
		p.weak(p.settings())
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
	_, err := console.NewClient(p.settings().Socket, "pac").Status(ctx)
	return err
}

// Panel is where the metrics are; nil without a panel.
func (p *Program) Panel() net.Addr {
	if p.panel == nil {
		return nil
	}
	return p.panel.Addr()
}

// Calls lists the calls that run, then those that ended, latest first.
func (p *Program) Calls() []record.Call { return p.calls.Calls() }
