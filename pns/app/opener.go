package app

import (
	"context"

	"carrier/pns/internal/config"
	"carrier/pns/internal/opener"
	"carrier/shared/peer"
)

// opened are the PACs whose control connections we open and keep.
func opened(c *config.Config) (all []peer.Remote) {
	for _, p := range c.PACs {
		if p.Opens {
			all = append(all, remote(p))
		}
	}
	return all
}

// remote is how a PAC is reached.
func remote(p config.PAC) peer.Remote {
	return peer.Remote{Name: p.Name, Addr: p.Connect, Transport: p.Transport, Settings: p.Settings, Limits: p.Limits}
}

// connect opens a control connection, or finds the one that there is.
func (p *Program) connect(ctx context.Context, r peer.Remote) (opener.Conn, error) {
	c, err := p.endpoint.Dial(ctx, r)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// absent are the PACs that should have a control connection of our opening, and have
// none.
func (p *Program) absent() (all []joint) {
	for _, s := range p.opener.States() {
		if !s.Up {
			all = append(all, joint{PAC: s.Name, Transport: s.Transport.String(), State: "down", OpenedBy: "us", Text: s.Text})
		}
	}
	return all
}
