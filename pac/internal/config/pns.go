package config

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"carrier/pac/internal/tunnel"
	"carrier/shared/conf"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/quirk"
)

// tunnels reads how PNSs are reached and how long callers wait for one. Three
// attempts of four seconds let a caller know within 15 s.
func tunnels(root *conf.Table, board *switchboard) tunnel.Options {
	limits := root.Table("limits")
	o := tunnel.Options{
		Attempts: limits.Int("attempts", 3, 1, 20),
		Attempt:  limits.Duration("attempt", 4*time.Second, 100*time.Millisecond, time.Minute),
		LockOut:  limits.Duration("lock_out", 30*time.Second, time.Second, time.Hour),
	}
	seen := make(conf.Seen)
	for _, t := range root.Tables("pns") {
		o.PNS = append(o.PNS, pns(t, seen, board))
	}
	return o
}

func pns(t *conf.Table, seen conf.Seen, board *switchboard) tunnel.PNS {
	t.Need("name", `"denver"`)
	p := tunnel.PNS{
		Name:      conf.Value(t, "name", "", conf.Name),
		At:        conf.Value(t, "at", "", pnsAddress),
		Connect:   conf.Value(t, "connect", "", pnsAddress),
		Transport: transport(t),
		UDPPort:   uint16(t.Int("udp_port", peer.GREPort, 1, 65535)),
		OneCall:   t.Bool("one_call_per_connection", false),
		Opens:     t.Choice("opens", "pac", "pac", "pns") == "pns",
		From:      board.from(t),
		Settings:  treatment(t),
		Limits:    bounds(t),
	}
	board.permit(t, p.Name)
	if p.Opens {
		p.UDPPort = 0 // its first packet shows it
		idle(t, `means nothing where the PNS opens the control connection; would be right: without it`, "connect", "udp_port", "one_call_per_connection")
		t.Need("from", `["192.0.2.1"]`)
	} else if !t.Has("at") && !t.Has("connect") {
		t.Bad("at", `missing; would be right: at = "2.1.1.60", or connect = "pns.example:1723"`)
	}
	if p.Transport == peer.GRE && t.Has("udp_port") && t.Good("transport") {
		t.Bad("udp_port", `means nothing without UDP; would be right: transport = "udp" beside it`)
	}
	seen.Once(t, "name", p.Name)
	if p.At != p.Name {
		seen.Once(t, "at", p.At)
	}
	return p
}

// treatment reads how a PNS is treated, of which nothing may be said.
func treatment(t *conf.Table) (s quirk.Settings) {
	if t.Has("window") {
		s.Window = quirk.WindowOf(t.BoolOrInt("window", 1, gre.MaxWindow))
	}
	if t.Has("ff03") {
		s.Strip = quirk.Of(t.Choice("ff03", "keep", "keep", "strip") == "strip")
	}
	if t.Has("line_errors") {
		s.LineErrors = quirk.Of(t.Bool("line_errors", true))
	}
	return s
}

func transport(t *conf.Table) peer.Transport {
	if t.Choice("transport", "gre", "gre", "udp") == "udp" {
		return peer.UDP
	}
	return peer.GRE
}

// pnsAddress checks where a PNS is: an IPv4 address or a DNS name, each with a port
// or without.
func pnsAddress(s string) (string, error) {
	const right = `"192.0.2.1", "192.0.2.1:1723" or "pns.example"`
	if a, err := netip.ParseAddr(s); err == nil && !a.Is4() {
		return "", conf.Unfit("is not IPv4, which alone carries PPTP", `"192.0.2.1"`)
	}
	name := s
	if h, p, err := net.SplitHostPort(s); err == nil {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return "", conf.Unfit("has no port number behind its colon", right)
		}
		name = h
	}
	a, err := netip.ParseAddr(name)
	switch {
	case err == nil && !a.Is4():
		return "", conf.Unfit("is not IPv4, which alone carries PPTP", `"192.0.2.1"`)
	case err == nil && (a.IsUnspecified() || a.IsMulticast()):
		return "", conf.Unfit("is not the address of one host", right)
	case err == nil:
		return s, nil
	case strings.Trim(name, "0123456789.") == "":
		return "", conf.Unfit("is not an IP address", right)
	case !conf.Domain(name):
		return "", conf.Unfit("is neither an address nor a host's name", right)
	}
	return s, nil
}
