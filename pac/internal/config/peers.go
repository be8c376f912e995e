package config

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"

	"carrier/hardware/netport"
	"carrier/pac/internal/profile"
	"carrier/pac/internal/tunnel"
)

// Peers are all PNSs and hosts that the configuration knows, by their names as
// records of calls have them, and where each is: the same for all spellings of
// one place.
func (c *Config) Peers() map[string]string {
	all := map[string]string{}
	for _, p := range c.Tunnels.PNS {
		all[p.Name] = whereabouts(p)
	}
	add := func(d profile.Destination) {
		for _, e := range d.Endpoints {
			all[e] = place(e)
			if i := slices.IndexFunc(c.Tunnels.PNS, func(p tunnel.PNS) bool { return e == p.Name || e == p.At }); i >= 0 {
				all[e] = whereabouts(c.Tunnels.PNS[i])
			}
		}
		for _, h := range d.Hosts {
			all[h] = netport.Key(h)
		}
	}
	for _, r := range c.Profiles.Numbers {
		add(r.Destination)
	}
	for _, rules := range []map[string]profile.Destination{c.Profiles.Users, c.Profiles.Realms, c.Profiles.Menu} {
		for _, d := range rules {
			add(d)
		}
	}
	if d := c.Profiles.Default; d != nil {
		add(*d)
	}
	return all
}

// whereabouts is the place where a [[pns]] really is.
func whereabouts(p tunnel.PNS) string { return place(cmp.Or(p.Connect, p.At, p.Name)) }

// place is one for all spellings of a PNS's address, that pnsAddress has found
// good: host:port, as far as that shows without asking for names.
func place(s string) string {
	host, port := s, uint64(tunnel.Port)
	if h, p, err := net.SplitHostPort(s); err == nil {
		if n, err := strconv.ParseUint(p, 10, 16); err == nil {
			host, port = h, n
		}
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return net.JoinHostPort(host, strconv.FormatUint(port, 10))
}
