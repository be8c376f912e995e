package app

import (
	"fmt"
	"slices"

	"carrier/hardware/line"
	"carrier/pac/internal/bank"
	"carrier/pac/internal/config"
	"carrier/pac/internal/trunk"
	"carrier/shared/peer"
)

// trunk is where a PAC's calls come in; it lasts over reloads. p.mu is held.
func (p *Program) trunk(pac string) *trunk.Trunk {
	if p.trunks[pac] == nil {
		p.trunks[pac] = new(trunk.Trunk)
	}
	return p.trunks[pac]
}

// trunks are the lines of a PAC that brings calls.
func trunks(pac config.PAC, t *trunk.Trunk) []bank.Member {
	all := make([]bank.Member, pac.Lines)
	for n := range all {
		all[n] = bank.Member{Bank: pac.Name, Key: fmt.Sprintf("pptp://%s#%d", pac.Name, n+1), Port: "pptp://" + pac.Name,
			Open: func(name string) (line.Line, error) { return t.Line(name), nil }}
	}
	return all
}

// pacOf is the PAC that a control connection was admitted as; p.mu is held.
func (p *Program) pacOf(r peer.Remote) (config.PAC, bool) {
	i := slices.IndexFunc(p.config.PACs, func(a config.PAC) bool { return a.Name == r.Name })
	if i < 0 {
		return config.PAC{}, false
	}
	return p.config.PACs[i], true
}

// treatment is what is configured of the peer of a control connection; p.mu is held.
func (p *Program) treatment(c *peer.Conn) (peer.Remote, bool) {
	if a, ok := p.pacOf(c.Remote()); ok {
		return peer.Remote{Settings: a.Settings, Limits: a.Limits}, true
	}
	return p.tunnels.Treatment(c.Remote()), true
}
