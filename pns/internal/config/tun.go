package config

import (
	"net/netip"
	"slices"
	"strings"

	"carrier/pns/internal/pool"
	"carrier/shared/conf"
)

// kernel reads how the LAN is reached through the kernel; nil: it is not.
func kernel(lan *conf.Table) *TUN {
	t := lan.Table("tun")
	k := &TUN{
		Name:       conf.Value(t, "name", "carrier0", device),
		ProxyARP:   conf.Values(t, "proxy_arp", device),
		Masquerade: conf.Values(t, "masquerade", device),
		Forwarding: t.Bool("forwarding", false),
	}
	for key, names := range map[string][]string{"proxy_arp": k.ProxyARP, "masquerade": k.Masquerade} {
		for n, name := range names {
			if name == k.Name && t.Good(key) {
				t.BadItem(key, n, "%q is what pns calls the interface that it makes (lan.tun.name); would be right: an interface that this host has", name)
			}
		}
	}
	mode := lan.Choice("mode", "userspace", "userspace", "tun")
	other := map[string]string{"userspace": "tun", "tun": "userspace"}[mode]
	if lan.Table(other).Present() && lan.Good("mode") {
		lan.Bad(other, "is of no use where lan.mode is %q; would be right: mode = %q, or without it", mode, other)
	}
	if mode == "userspace" {
		return nil
	}
	return k
}

// device checks the name of an interface.
func device(s string) (string, error) {
	if s == "" || len(s) > 15 || s == "." || s == ".." || strings.ContainsAny(s, "/: %\t\n") {
		return "", conf.Unfit("cannot be an interface", `"eth0"`)
	}
	return s, nil
}

// Routes are the networks that callers are in: those of all pools, and the
// fixed ones outside of them.
func (l *LAN) Routes(fixed []netip.Prefix) []netip.Prefix {
	all := l.ranges()
	for _, p := range fixed {
		if a := p.Addr(); a.Is4() {
			all = append(all, pool.Range{First: a, Last: a})
		}
	}
	return append(pool.Prefixes(all), l.routes6(fixed)...)
}

// Routes are the networks that callers are in, and those behind them and behind the
// servers that are dialled.
func (c *Config) Routes(fixed []netip.Prefix) []netip.Prefix {
	all := c.LAN.Routes(fixed)
	for _, u := range c.Users {
		all = append(all, u.Routes...)
	}
	for _, d := range c.Dials {
		for _, p := range d.Routes {
			if p.Bits() > 0 { // else it is routed while the call is up
				all = append(all, p)
			}
		}
	}
	return all
}

// Rest6 tells whether some call is to have all of IPv6.
func (c *Config) Rest6() bool {
	return slices.ContainsFunc(c.Dials, func(d Dial) bool {
		return slices.ContainsFunc(d.Routes, func(p netip.Prefix) bool { return p.Bits() == 0 && p.Addr().Is6() })
	})
}

// Elsewhere is what is not behind the server of d, where that has everything: callers'
// addresses and networks, those behind users and other servers, and our own.
func (c *Config) Elsewhere(d Dial) (all []netip.Prefix) {
	if !slices.ContainsFunc(d.Routes, func(p netip.Prefix) bool { return p.Bits() == 0 }) {
		return nil
	}
	var fixed []netip.Prefix
	for _, u := range c.Users {
		if u.Address.IsValid() {
			fixed = append(fixed, netip.PrefixFrom(u.Address, 32))
		}
	}
	all = append(c.Routes(fixed), netip.PrefixFrom(c.LAN.Local, 32))
	return slices.DeleteFunc(all, func(p netip.Prefix) bool { return slices.Contains(d.Routes, p) })
}

// Peers are the networks that PACs come from, and the servers that are dialled by their
// addresses.
func (c *Config) Peers() (all []netip.Prefix) {
	for _, p := range c.PACs {
		all = append(all, p.From...)
	}
	for _, a := range c.servers() {
		all = append(all, netip.PrefixFrom(a, 32))
	}
	return all
}

// peers checks that no PAC's address is routed to callers: its tunnel would go
// into itself. Of a PAC that may come from a larger network, some addresses may
// be callers'.
func peers(root *conf.Table, c *Config) {
	if c.LAN.TUN == nil {
		return
	}
	var fixed []netip.Prefix
	for _, u := range c.Users {
		if u.Address.IsValid() {
			fixed = append(fixed, netip.PrefixFrom(u.Address, 32))
		}
	}
	routes := c.Routes(fixed)
	for i, t := range root.Tables("pac") {
		for n, from := range c.PACs[i].From {
			for _, p := range routes {
				if p.Bits() <= from.Bits() && p.Overlaps(from) {
					t.BadItem("from", n, "%v is among the addresses of callers (%v), so the tunnel would lead into itself; would be right: an address that no caller gets", from, p)
				}
			}
		}
	}
}
