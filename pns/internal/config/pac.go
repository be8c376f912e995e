package config

import (
	"net/netip"
	"slices"

	"carrier/pns/internal/lan"
	"carrier/pns/internal/ras"
	"carrier/shared/conf"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/quirk"
)

// pacs reads who may bring calls. Their addresses must not overlap: a PAC is
// known by the address it comes from.
func pacs(root *conf.Table) []PAC {
	if !root.Has("pac") && !root.Has("clients") && !root.Has("dial") {
		root.Bad("pac", "missing, so nobody may bring calls; would be right: at least one [[pac]], [clients], or [[dial]]")
	}
	var all []PAC
	var taken conf.Origins
	names := make(conf.Seen)
	for _, t := range root.Tables("pac") {
		t.Need("name", `"atlanta"`)
		t.Need("from", `["192.0.2.0/24"]`)
		p := PAC{
			Name:      conf.Value(t, "name", "", conf.Name),
			From:      conf.Values(t, "from", taken.Prefix(t.Line("from"))),
			Transport: transport(t),
			Settings:  treatment(t),
			Limits:    bounds(t, ofPAC),
			MRU:       mru(t),
			MSSByRate: t.Bool("mss_by_rate", true),
			Connect:   conf.Value(t, "connect", netip.AddrPort{}, pacAddress),
			Opens:     t.Choice("opens", "pac", "pac", "pns") == "pns",
		}
		if p.Opens {
			t.Need("connect", `"192.0.2.9"`)
		}
		if p.Connect.IsValid() && t.Good("from") && !slices.ContainsFunc(p.From, func(n netip.Prefix) bool { return n.Contains(p.Connect.Addr()) }) {
			t.Bad("connect", "%v is not among the addresses of from; would be right: there too", p.Connect.Addr())
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

// pacAddress parses where a PAC is asked to dial.
func pacAddress(s string) (netip.AddrPort, error) {
	a, err := netip.ParseAddrPort(s)
	if one, bad := netip.ParseAddr(s); bad == nil {
		a, err = netip.AddrPortFrom(one, pptp.Port), nil
	}
	if err != nil || !a.Addr().Is4() || a.Addr().IsUnspecified() || a.Port() == 0 {
		return netip.AddrPort{}, conf.Unfit("is not the IPv4 address of a host, with a port or without", `"192.0.2.9" or "192.0.2.9:1723"`)
	}
	return a, nil
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
