package app

import (
	"cmp"
	"net"
	"net/netip"
	"time"

	"carrier/pns/internal/config"
	"carrier/pns/internal/dial"
	"carrier/pns/internal/lan"
	"carrier/pns/internal/session"
	"carrier/shared/peer"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// dialler keeps the calls that the configuration says are to be open.
func (p *Program) dialler(network lan.Network, serials *record.Serials) *dial.Dialler {
	o := dial.Options{Endpoint: p.endpoint, LAN: network, Serials: serials, PACs: p.ras, Resolver: cmp.Or(p.resolver, net.DefaultResolver), History: history,
		Sessions: &p.metrics.sessions, Flows: &p.metrics.flows, Meter: p.metrics, Hub: p.hub, Log: p.log}
	o.Delegator, _ = network.(session.Delegator)
	o.Pinner, _ = network.(dial.Pinner)
	return dial.New(o, p.entries(p.config))
}

// entries are the calls that a configuration says are to be open.
func (p *Program) entries(c *config.Config) (all []dial.Entry) {
	own, _ := p.router.(interface {
		Own(netip.Addr) (release func(), err error)
	})
	for _, d := range c.Dials {
		p.metrics.dialKnown(d.Name)
		e := dial.Entry{Name: d.Name, Servers: d.Servers, Remote: peer.Remote{Transport: d.Transport, Settings: d.Settings}, Number: d.Number,
			MTU: d.MRU, OnDemand: d.OnDemand, Retry: d.Retry, RetryMax: d.RetryMax, Activity: c.Activity, Sum: d.Sum,
			Dial: session.Dial{Routes: d.Routes, Others: c.Elsewhere(d), Proof: d.Proof},
			Settings: session.Settings{Coding: d.Coding, VJ: d.VJ, Idle: d.Idle, Identify: c.Identify, Lossy: c.Lossy,
				Link: link.Options{LCP: lcp.Options{MRU: mru(d.MRU), Magic: true, PFC: true, ACFC: true}, Login: d.Login, Name: c.Name, Echo: c.Echo}}}
		if own != nil {
			e.Dial.Own = own.Own
		}
		if d.Proof.Name != "" {
			e.Settings.Link.Ask = []auth.Method{auth.CHAPMD5} // which leaves no keys beside those of our own log-in
		}
		all = append(all, e)
	}
	return all
}

// mru is what a server is asked to send at most.
func mru(n int) uint16 {
	if n == 0 {
		return lan.DefaultMTU
	}
	return uint16(n)
}

// A dialled is one of the calls that are to be open, as `pns status` shows it.
type dialled struct {
	Dial   string    `json:"dial"`
	State  string    `json:"state"`
	Server string    `json:"server,omitempty"` // that is called, or was last; or the number and its PAC
	Call   string    `json:"call,omitempty"`
	Next   time.Time `json:"next,omitzero"` // attempt
	Failed int       `json:"failed"`        // attempts in a row
	Text   string    `json:"text,omitempty"`
}

func show(s dial.State) dialled {
	d := dialled{Dial: s.Name, State: string(s.Doing), Server: s.To, Call: s.Call, Failed: s.Failed, Text: s.Text}
	if !s.Next.IsZero() {
		d.Next = s.Next.Round(time.Second)
	}
	return d
}
