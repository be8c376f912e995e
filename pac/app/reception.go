package app

import (
	"fmt"
	"net/netip"
	"slices"

	"carrier/shared/peer"
	"carrier/shared/pptp"
)

// A reception is the peer.Handler of a Program: PNSs have numbers dialled, PACs
// bring calls.
type reception struct{ *Program }

// Admit knows a PNS or a PAC by its address.
func (p reception) Admit(from netip.AddrPort) (peer.Remote, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r, ok := p.tunnels.Admit(from.Addr()); ok {
		return r, nil
	}
	for _, a := range p.config.PACs {
		if slices.ContainsFunc(a.From, func(n netip.Prefix) bool { return n.Contains(from.Addr()) }) {
			return peer.Remote{Name: a.Name, Transport: a.Transport, Settings: a.Settings, Limits: a.Limits}, nil
		}
	}
	return peer.Remote{}, fmt.Errorf("neither a [[pns]] nor a [[pac]] has %v among its addresses", from.Addr())
}

// Incoming gives a PAC's call to one of its lines.
func (p reception) Incoming(c *peer.Call) {
	p.mu.Lock()
	a, known := p.pacOf(c.Conn().Remote())
	t := p.trunks[a.Name]
	p.mu.Unlock()
	switch {
	case !known || t == nil:
		p.log.Warn("incoming call refused: its peer may bring none", "call", c.Name(), "peer", c.Conn().Remote().Name)
		c.Refuse(uint8(pptp.IncomingDoNotAccept), uint8(pptp.NoError))
	case !t.Offer(c):
		p.log.Warn("incoming call refused: no line is free", "call", c.Name(), "pac", a.Name)
		c.Refuse(uint8(pptp.IncomingGeneralError), uint8(pptp.NoResource))
	}
}

// Outgoing has a line dial.
func (p reception) Outgoing(c *peer.Call) {
	if o, banks := p.calls.Outgoing(c); o != nil {
		p.banks.Dial(banks, o)
	}
}
