package config

import (
	"fmt"
	"net/netip"
	"slices"

	"carrier/pns/internal/ras"
	"carrier/shared/conf"
	"carrier/shared/peer"
)

// pacs reads who may bring calls. Their addresses must not overlap: a PAC is
// known by the address it comes from.
func pacs(root *conf.Table) []PAC {
	if !root.Has("pac") && !root.Has("clients") {
		root.Bad("pac", "missing, so nobody may bring calls; would be right: at least one [[pac]], or [clients]")
	}
	var all []PAC
	var taken origins
	names := make(conf.Seen)
	for _, t := range root.Tables("pac") {
		t.Need("name", `"atlanta"`)
		t.Need("from", `["192.0.2.0/24"]`)
		p := PAC{
			Name:      conf.Value(t, "name", "", conf.Name),
			From:      conf.Values(t, "from", taken.prefix(t.Line("from"))),
			Transport: transport(t),
			Windowing: t.Bool("window", true),
			MSSByRate: t.Bool("mss_by_rate", true),
			LinkInfo:  linkInfo(t),
		}
		if t.Has("from") && len(p.From) == 0 && t.Good("from") {
			t.Bad("from", `names no address; would be right: from = ["192.0.2.0/24"]`)
		}
		if p.Name == ras.Client {
			t.Bad("name", "%q is what clients are called; would be right: another one", p.Name)
		}
		names.Once(t, "name", p.Name)
		all = append(all, p)
	}
	return all
}

// origins are the addresses that PACs have, and the lines that say so.
type origins struct {
	prefixes []netip.Prefix
	lines    []int
}

// prefix parses addresses that nothing above has.
func (o *origins) prefix(line int) func(string) (netip.Prefix, error) {
	return func(s string) (netip.Prefix, error) {
		p, err := conf.Prefix(s)
		if err != nil {
			return p, err
		}
		if !p.Addr().Is4() {
			return p, conf.Unfit("is not IPv4, which alone carries PPTP", `"192.0.2.0/24"`)
		}
		if i := slices.IndexFunc(o.prefixes, p.Overlaps); i >= 0 {
			return p, conf.Unfit(fmt.Sprintf("overlaps %v on line %d", o.prefixes[i], o.lines[i]), "each address once")
		}
		o.prefixes, o.lines = append(o.prefixes, p), append(o.lines, line)
		return p, nil
	}
}

func transport(t *conf.Table) peer.Transport {
	if t.Choice("transport", "gre", "gre", "udp") == "udp" {
		return peer.UDP
	}
	return peer.GRE
}

func linkInfo(t *conf.Table) ras.LinkInfo {
	switch t.Choice("set_link_info", "yes", "yes", "needed", "no") {
	case "needed":
		return ras.Needed
	case "no":
		return ras.Never
	default:
		return ras.Always
	}
}
