package config

import "carrier/pac/internal/profile"

// Peers are the names, as records of calls have them, of all PNSs and hosts
// that the configuration knows.
func (c *Config) Peers() []string {
	var all []string
	for _, p := range c.Tunnels.PNS {
		all = append(all, p.Name)
	}
	add := func(d profile.Destination) {
		all = append(append(all, d.Endpoints...), d.Hosts...)
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
