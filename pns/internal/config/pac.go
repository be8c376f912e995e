package config

import (
	"fmt"
	"net/netip"
	"slices"

	"carrier/pns/internal/lan"
	"carrier/pns/internal/ras"
	"carrier/shared/conf"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/quirk"
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
			Settings:  treatment(t),
			MRU:       mru(t),
			MSSByRate: t.Bool("mss_by_rate", true),
		}
		p.Settings.LinkInfo = linkInfo(t)
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

// treatment reads how a peer is treated, of which nothing may be said. A PNS has
// no lines of whose errors it could tell, so that no profile decides about it.
func treatment(t *conf.Table) quirk.Settings {
	s := quirk.Settings{LineErrors: quirk.Off}
	if t.Has("window") {
		s.Window = quirk.WindowOf(t.BoolOrInt("window", 1, gre.MaxWindow))
	}
	if t.Has("ff03") {
		s.Strip = quirk.Of(t.Choice("ff03", "keep", "keep", "strip") == "strip")
	}
	return s
}

func linkInfo(t *conf.Table) quirk.LinkInfo {
	return map[string]quirk.LinkInfo{"yes": quirk.Always, "needed": quirk.Needed, "no": quirk.Never}[t.Choice("set_link_info", "", "yes", "needed", "no")]
}

// mru reads what callers are asked to send at most. What is longer than the
// default does not fit the tunnel's way through most of the Internet.
func mru(t *conf.Table) int {
	if !t.Has("mru") {
		return 0
	}
	return t.Int("mru", 0, minMRU, lan.DefaultMTU)
}

// minMRU is the longest packet that every host takes in one piece or in several
// (RFC 791 §3.1), in octets.
const minMRU = 576
