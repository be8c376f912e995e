package config

import (
	"net/netip"

	"carrier/shared/conf"
	"carrier/shared/peer"
)

// pacs reads who may bring calls. Their addresses must not overlap: a PAC is
// known by the address it comes from.
func pacs(root *conf.Table) []PAC {
	if !root.Has("pac") {
		root.Bad("pac", "missing, so nobody may bring calls; would be right: at least one [[pac]]")
	}
	var all []PAC
	var lines []int // of their keys from
	names := make(conf.Seen)
	for _, t := range root.Tables("pac") {
		t.Need("name", `"atlanta"`)
		t.Need("from", `["192.0.2.0/24"]`)
		p := PAC{
			Name:      conf.Value(t, "name", "", conf.Name),
			From:      conf.Values(t, "from", prefix),
			Transport: transport(t),
			Windowing: t.Bool("window", true),
		}
		if t.Has("from") && len(p.From) == 0 && t.Good("from") {
			t.Bad("from", `names no address; would be right: from = ["192.0.2.0/24"]`)
		}
		names.Once(t, "name", p.Name)
		for i, from := range p.From {
			for j, other := range all {
				if k := overlap(from, other.From); k >= 0 {
					t.BadItem("from", i, "%v overlaps %v of the [[pac]] on line %d; would be right: addresses of one PAC only", from, other.From[k], lines[j])
				}
			}
			if k := overlap(from, p.From[:i]); k >= 0 {
				t.BadItem("from", i, "%v overlaps %v beside it; would be right: one of them", from, p.From[k])
			}
		}
		all, lines = append(all, p), append(lines, t.Line("from"))
	}
	return all
}

// overlap is which of the others has addresses of p, or -1.
func overlap(p netip.Prefix, others []netip.Prefix) int {
	for i, o := range others {
		if p.Overlaps(o) {
			return i
		}
	}
	return -1
}

func prefix(s string) (netip.Prefix, error) {
	p, err := conf.Prefix(s)
	if err == nil && !p.Addr().Is4() {
		err = conf.Unfit("is not IPv4, which alone carries PPTP", `"192.0.2.0/24"`)
	}
	return p, err
}

func transport(t *conf.Table) peer.Transport {
	if t.Choice("transport", "gre", "gre", "udp") == "udp" {
		return peer.UDP
	}
	return peer.GRE
}
