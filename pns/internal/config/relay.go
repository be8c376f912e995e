package config

import (
	"slices"

	"carrier/pns/internal/activity"
	"carrier/pns/internal/lan/relay"
	"carrier/pns/internal/lan/tun"
	"carrier/shared/conf"
)

// relayed reads which broadcasts go between callers and the LAN; nil: none. services
// are as limits.activity names them.
func relayed(lan *conf.Table, k *TUN) (r *tun.Relay, services []string) {
	t := lan.Table("relay")
	t.Need("services", `["netbios"]`)
	r = &tun.Relay{Interfaces: conf.Values(t, "interfaces", device),
		Options: relay.Options{Rate: t.Int("rate", 20, 1, 1000), Total: t.Int("total", 100, 1, 10_000)}}
	services = conf.Values(t, "services", service)
	for _, s := range services {
		r.Ports = append(r.Ports, activity.UDPPorts(s)...)
	}
	if !t.Present() {
		return nil, nil
	}
	if t.Has("services") && t.Good("services") && len(services) == 0 {
		t.Bad("services", `names none; would be right: services = ["netbios"], or no [lan.relay]`)
	}
	if r.Total < r.Rate && t.Good("rate") && t.Good("total") {
		t.Bad("total", "%d is less than rate, %d; would be right: as much, or more", r.Total, r.Rate)
	}
	if k == nil {
		if lan.Good("mode") {
			lan.Bad("relay", `is of no use in user space, which has no hosts beside it; would be right: mode = "tun" in [lan]`)
		}
		return nil, nil
	}
	if !t.Has("interfaces") {
		if r.Interfaces = k.ProxyARP; len(r.Interfaces) == 0 {
			t.Bad("interfaces", `missing, and lan.tun.proxy_arp has none; would be right: interfaces = ["eth0"]`)
		}
	}
	for n, name := range r.Interfaces {
		switch {
		case slices.Contains(k.Masquerade, name):
			t.BadItem("interfaces", n, "callers are hidden on %q (lan.tun.masquerade), so that nobody there could answer them; would be right: an interface on which they are not", name)
		case name == k.Name:
			t.BadItem("interfaces", n, "%q is what pns calls the interface that it makes (lan.tun.name); would be right: an interface that this host has", name)
		}
	}
	return r, services
}

// service checks what may be relayed: not what gives out addresses, for callers have
// theirs by other ways.
func service(s string) (string, error) {
	ports := activity.UDPPorts(s)
	if len(ports) == 0 || slices.Contains(ports, 67) || slices.Contains(ports, 68) {
		return "", conf.Unfit("cannot be relayed", conf.Quote("netbios", "mdns", "llmnr", "ssdp", "udp/9956"))
	}
	return s, nil
}
