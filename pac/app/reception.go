package app

import (
	"fmt"
	"net/netip"

	"carrier/shared/peer"
	"carrier/shared/pptp"
)

// A reception is the peer.Handler of a Program: PNSs have numbers dialled.
type reception struct{ *Program }

// Admit knows a PNS by its address.
func (p reception) Admit(from netip.AddrPort) (peer.Remote, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r, ok := p.tunnels.Admit(from.Addr()); ok {
		return r, nil
	}
	return peer.Remote{}, fmt.Errorf("no [[pns]] has %v among its addresses", from.Addr())
}

// Incoming refuses a call: this is no PNS.
func (p reception) Incoming(c *peer.Call) {
	p.log.Warn("incoming call refused: this is no PNS", "peer", c.Conn().Remote().Name)
	c.Refuse(uint8(pptp.IncomingDoNotAccept), uint8(pptp.NoError))
}

// Outgoing has a line dial.
func (p reception) Outgoing(c *peer.Call) {
	if o, banks := p.calls.Outgoing(c); o != nil {
		p.banks.Dial(banks, o)
	}
}
