package security

import (
	"fmt"

	"carrier/pac/internal/config"
	"carrier/shared/peer"
	"carrier/shared/weakness"
)

// visitors looks at who may open control connections to us, and at what a PNS may
// have dialled on any. found are the places of PNSs whose tunnels are reported.
func visitors(r *weakness.Report, c *config.Config, found map[string]bool) {
	where := c.Peers()
	for _, p := range c.Tunnels.PNS {
		numbers := c.Permits[p.Name]
		may := "take the calls that are for it"
		if len(numbers.Numbers) > 0 {
			may += ", and have numbers dialled"
		}
		r.Origin(p.Name, p.From, may)
		if !found[where[p.Name]] {
			r.Comes(p.Name, p.From, "requests of", carrier(p.Transport))
		}
		r.Numbers(p.Name, numbers.Numbers, fmt.Sprintf("%q, or who passes for it, may have", p.Name), "dial in its [[pns]]")
	}
	for _, a := range c.PACs {
		r.Origin(a.Name, a.From, "bring calls, which go on to your PNSs as your own callers' do")
		r.Comes(a.Name, a.From, "calls of", carrier(a.Transport))
	}
}

// carrier is how a peer's packets travel.
func carrier(t peer.Transport) string {
	if t == peer.UDP {
		return "GRE in UDP"
	}
	return "GRE"
}
