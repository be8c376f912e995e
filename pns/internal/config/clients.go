package config

import (
	"net/netip"
	"slices"

	"carrier/pns/internal/session"
	"carrier/shared/conf"
	"carrier/shared/peer"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/mppe"
	"carrier/shared/ppp/vj"
	"carrier/shared/quirk"
)

// Clients are users' own machines that may open a tunnel.
type Clients struct {
	From      []netip.Prefix // of their control connections; none: nobody may
	Transport peer.Transport
	Settings  quirk.Settings
	Limits    peer.Limits
	MRU       int           // as PAC's
	Methods   []auth.Method // demanded of them, in this order
	Coding    session.Coding
	VJ        vj.Slots
}

// clients reads who may open a tunnel from their own machine. What [ppp] says of
// keys holds for them too; what it says of compression is meant for slow lines.
func clients(root *conf.Table, c *Config) Clients {
	if !root.Has("clients") {
		return Clients{}
	}
	t := root.Table("clients")
	t.Need("from", `["0.0.0.0/0"]`)
	l := Clients{From: conf.Values(t, "from", new(conf.Origins).Prefix(t.Line("from"))),
		Transport: transport(t), Settings: treatment(t), Limits: bounds(t, ofClients), MRU: mru(t)}
	if t.Has("from") && len(l.From) == 0 && t.Good("from") {
		t.Bad("from", `names no address; would be right: from = ["0.0.0.0/0"]`)
	}
	l.Coding = session.Coding{Encryption: policy(t, "required"), MPPE: c.Coding.MPPE &^ mppe.MPPC}
	compression(t, &l.Coding)
	l.VJ = headers(t, false)
	l.Methods = c.Methods
	if l.Coding.Encryption == session.Required {
		l.Methods = slices.DeleteFunc(slices.Clone(c.Methods), keyless)
	}
	if len(l.Methods) == 0 && len(c.Methods) > 0 {
		t.Bad("encryption", `is required, and no method of auth.methods leaves keys for it; would be right: "mschap-v2" among them`)
	}
	return l
}
