package config

import (
	"net/netip"
	"strings"

	"carrier/pns/internal/dhcp"
	"carrier/shared/conf"
)

// informs reads lan.dhcp, after the servers; nil: it is not there.
func (l *LAN) informs(t *conf.Table) *dhcp.Settings {
	d := &dhcp.Settings{DNS: l.DNS, WINS: l.WINS}
	d.Domain = conf.Value(t, "domain", "", domain)
	d.Routes = conf.Values(t, "routes", route)
	if !t.Present() {
		return nil
	}
	if t.Good("domain") && t.Good("routes") && !d.Fits() {
		t.Bad("routes", "with the domain and the servers they are more than each machine takes in one answer; would be right: fewer, larger networks")
	}
	return d
}

// domain parses the name of a domain of DNS.
func domain(s string) (string, error) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, letters) != "" {
			return "", conf.Unfit("is no domain", `"corp.example"`)
		}
	}
	if len(s) > 253 {
		return "", conf.Unfit("is no domain", `"corp.example"`)
	}
	return s, nil
}

// route parses a network that lies behind us.
func route(s string) (netip.Prefix, error) {
	p, err := conf.Prefix(s)
	if err == nil && !p.Addr().Is4() {
		err = conf.Unfit("is not IPv4", `"10.0.0.0/8"`)
	}
	return p, err
}
