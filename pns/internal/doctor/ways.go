package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	"carrier/pns/internal/config"
	"carrier/shared/doctor/tunnel"
	"carrier/shared/peer"
	"carrier/shared/pptp"
)

// ways looks at the way to each server of a [[dial]], and to each PAC that has
// numbers dialled where we connect to it. A PAC whose control connection we open is
// opens's: on another one from here it would bring calls.
func (v *visit) ways(ctx context.Context) {
	c := v.config
	o := peer.Options{Host: c.Name, OddIDs: true} // those of a pns that runs here are even
	sockets, err := tunnel.Open(o, c.NeedsGRE, c.NeedsUDP)
	if c.NeedsGRE {
		v.report.Look("privileges", err)
	}
	defer sockets.Close()
	var all sync.WaitGroup
	for _, d := range c.Dials {
		for _, to := range v.servers(ctx, d) {
			w := server(d)
			w.To.Addr = to
			w.About = fmt.Sprintf("dial %s %v", d.Name, to)
			all.Go(func() { sockets.Look(ctx, v.report, w) })
		}
	}
	for _, p := range c.PACs {
		if p.Connect.IsValid() && !p.Opens {
			all.Go(func() { sockets.Look(ctx, v.report, dialout(p)) })
		}
	}
	all.Wait()
}

// servers are where a [[dial]] leads, once names have been looked up.
func (v *visit) servers(ctx context.Context, d config.Dial) (all []netip.AddrPort) {
	for _, s := range d.Servers {
		found, err := s.Resolve(ctx, v.names)
		if err != nil {
			v.report.Look(fmt.Sprintf("dial %s %v", d.Name, s), fmt.Errorf("%w; correct `to`, or give the name an address in DNS or in /etc/hosts", err))
		}
		all = append(all, found...)
	}
	return all
}

// server leads to a server that we call, by PPTP alone: so that a call costs nothing.
func server(d config.Dial) tunnel.Way {
	return tunnel.Way{Is: "server", Us: "client", Admit: "a pns with `from` of [clients]", To: peer.Remote{Name: d.Name, Transport: d.Transport},
		Place: func(ctx context.Context, c *peer.Conn) (*peer.Call, error) {
			return c.Place(ctx, pptp.OutgoingCallRequest{MinimumBPS: 300, MaximumBPS: 100_000_000, Window: 16,
				BearerType: pptp.Analog | pptp.Digital, FramingType: pptp.Asynchronous | pptp.Synchronous})
		}}
}

// dialout leads to a PAC, where each call is a telephone call.
func dialout(p config.PAC) tunnel.Way {
	return tunnel.Way{About: fmt.Sprintf("PAC %s (%v)", p.Name, p.Connect), Is: "PAC", Us: "PNS", Admit: "a pac with `from` of a [[pns]]",
		To: peer.Remote{Name: p.Name, Addr: p.Connect, Transport: p.Transport}}
}
