package config

import (
	"net/netip"
	"slices"

	"carrier/pac/internal/tunnel"
	"carrier/shared/conf"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/quirk"
)

// A PAC may bring calls, which go on to PNSs as those of our own lines.
type PAC struct {
	Name      string // also of the bank that its lines are
	From      []netip.Prefix
	Transport peer.Transport
	Lines     int // so many calls at a time
	Settings  quirk.Settings
	Limits    peer.Limits
}

// pacs reads who may bring calls. A PAC is known by the address that it connects
// from, and by a name that no PNS and no bank has.
func pacs(root *conf.Table, board *switchboard, pnss []tunnel.PNS) (all []PAC) {
	names := make(conf.Seen)
	for _, t := range root.Tables("pac") {
		t.Need("name", `"macon"`)
		t.Need("from", `["192.0.2.0/24"]`)
		p := PAC{
			Name:      conf.Value(t, "name", "", bankName),
			From:      board.from(t),
			Transport: transport(t),
			Lines:     t.Int("lines", defaultLines, 1, maxLines),
			Settings:  quirk.Settings{LineErrors: quirk.Off},
			Limits:    bounds(t),
		}
		if t.Has("window") {
			p.Settings.Window = quirk.WindowOf(t.BoolOrInt("window", 1, gre.MaxWindow))
		}
		if t.Has("ff03") {
			p.Settings.Strip = quirk.Of(t.Choice("ff03", "keep", "keep", "strip") == "strip")
		}
		if t.Has("from") && len(p.From) == 0 && t.Good("from") {
			t.Bad("from", `names no address; would be right: from = ["192.0.2.0/24"]`)
		}
		names.Once(t, "name", p.Name)
		switch {
		case slices.ContainsFunc(board.banks, func(b Bank) bool { return b.Name == p.Name }):
			t.Bad("name", "%q is a bank; would be right: another one", p.Name)
		case slices.ContainsFunc(pnss, func(n tunnel.PNS) bool { return n.Name == p.Name || n.At == p.Name }):
			t.Bad("name", "%q is a PNS; would be right: another one", p.Name)
		}
		all = append(all, p)
	}
	return all
}

// bounds reads what a peer may begin. How many calls there may be at once is for
// the lines to say.
func bounds(t *conf.Table) peer.Limits {
	return peer.Limits{All: maxLines, Source: maxLines, Rate: t.Int("calls_per_second", 20, 1, 10_000)}
}

// defaultLines is how many calls a PAC may bring at a time: those of a primary rate
// interface.
const defaultLines = 30
