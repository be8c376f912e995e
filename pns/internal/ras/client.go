package ras

import (
	"cmp"
	"net/netip"
	"slices"

	"carrier/pns/internal/guard"
	"carrier/pns/internal/session"
	"carrier/shared/peer"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/vj"
	"carrier/shared/pptp"
	"carrier/shared/quirk"
	"carrier/shared/record"
)

// Client is what all clients are called where a PAC has its name.
const Client = "client"

// Clients are users' own machines, which open a tunnel for themselves: they play
// the PNS and have us place a call, as if we had lines (RFC 2637 §3.2.4.1).
type Clients struct {
	From   []netip.Prefix // none: nobody may
	Remote peer.Remote    // Name and Addr are filled here
	MRU    int            // as PAC's
	Ask    []auth.Method  // in place of Link.Ask
	Coding session.Coding // and these in place of those of Settings
	VJ     vj.Slots
}

// Outgoing makes a session of a client's call.
func (r *RAS) Outgoing(call *peer.Call) {
	req, _ := call.Request().(pptp.OutgoingCallRequest)
	u, from := r.use.Load(), call.Conn().PeerAddr().Addr()
	to := call.Conn().Settings()
	r.take(call, visitor{
		Call: client{call}, allowed: u.client(from), never: uint8(pptp.OutgoingDoNotAccept),
		answer: func() {
			call.Answer(pptp.OutgoingCallReply{ConnectSpeed: speed(req.MaximumBPS), Window: recvWindow})
		},
		connected: true,
		common:    u.clients, window: cmp.Or(to.Window, quirk.NoWindow), strip: to.Strip.Or(false),
		source: guard.Source{Peer: from.Unmap()},
		record: record.Call{Peer: Client, Called: record.Shown(req.PhoneNumber), Calling: from.String()},
	})
}

// speed is the Connect Speed that a client is told, in bit/s: the most that she
// asks for, between two bounds, for some ask for nonsense. It is only shown.
func speed(asked uint32) uint32 { return min(max(asked, 64_000), 100_000_000) }

// A client is the control half of a client's call, for which we are the PAC.
// Set-Link-Info would be the PNS's to send, and there is no line to escape for.
type client struct{ call *peer.Call }

func (c client) Events() <-chan peer.Event { return c.call.Events() }
func (c client) SetLinkInfo(_, _ uint32)   {}
func (c client) Clear() {
	c.call.Disconnect(pptp.CallDisconnectNotify{Result: pptp.Request})
}

// pac is the PAC that has an address.
func (u *use) pac(a netip.Addr) (PAC, bool) {
	for _, p := range u.PACs {
		if contains(p.From, a) {
			return p, true
		}
	}
	return PAC{}, false
}

// client tells whether a client may come from an address.
func (u *use) client(a netip.Addr) bool { return contains(u.Clients.From, a) }

func contains(all []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(a) })
}
