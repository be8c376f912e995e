package config

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"carrier/pns/internal/dial"
	"carrier/pns/internal/ras"
	"carrier/pns/internal/session"
	"carrier/shared/conf"
	"carrier/shared/peer"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/mppe"
	"carrier/shared/ppp/vj"
	"carrier/shared/pptp"
	"carrier/shared/quirk"
)

// A Dial is a call that we keep open, to a PPTP server or to a telephone number.
type Dial struct {
	Name      string
	Servers   []dial.Server  // in the order in which they are tried
	Number    *dial.Number   // in place of Servers; nil: none
	Transport peer.Transport // of Servers, or of the PAC
	Settings  quirk.Settings // of Servers
	MRU       int            // as PAC's
	Login     auth.Login     // ours
	Key       string         // the file of our private key; "": there is none
	Proof     auth.Login     // the server's at us; zero: none is demanded
	Routes    []netip.Prefix // what is behind the server
	Coding    session.Coding
	VJ        vj.Slots
	OnDemand  bool
	Idle      time.Duration // with OnDemand
	// Retry is how long to wait after a failure, and RetryMax after many.
	Retry, RetryMax time.Duration
	Sum             conf.Sum // of all that the file says of it
}

// dials reads the calls that are kept open.
func dials(root *conf.Table, c *Config) []Dial {
	var all []Dial
	names := make(conf.Seen)
	for _, t := range root.Tables("dial") {
		t.Need("name", `"denver"`)
		if !t.Has("through") {
			t.Need("to", `["203.0.113.1"]`)
		}
		d := Dial{
			Name:      conf.Value(t, "name", "", conf.Name),
			Servers:   conf.Values(t, "to", server),
			Transport: transport(t),
			Settings:  treatment(t),
			MRU:       mru(t),
			Routes:    conf.Values(t, "routes", beyond),
			VJ:        headers(t, t.Has("through")),
			OnDemand:  t.Choice("mode", "always", "always", "on demand") == "on demand",
			Retry:     t.Duration("retry", 5*time.Second, time.Second, time.Hour),
			RetryMax:  t.Duration("retry_max", 5*time.Minute, time.Second, 24*time.Hour),
			Sum:       t.Sum(),
		}
		if t.Has("to") && len(d.Servers) == 0 && t.Good("to") {
			t.Bad("to", `names no server; would be right: to = ["203.0.113.1"]`)
		}
		d.number(t, c)
		d.login(t)
		d.encrypts(t, c)
		d.demand(t)
		if d.Name == ras.Client || slices.ContainsFunc(c.PACs, func(p PAC) bool { return p.Name == d.Name }) {
			t.Bad("name", "%q is the name of a PAC or of clients; would be right: another one", d.Name)
		}
		names.Once(t, "name", d.Name)
		all = append(all, d)
	}
	return all
}

// server parses where a PPTP server is, an IPv4 address or a DNS name, and its port where
// it is another.
func server(s string) (dial.Server, error) {
	const right = `"203.0.113.1", "203.0.113.1:1723" or "denver.example"`
	host, port := s, uint64(pptp.Port)
	if a, err := netip.ParseAddr(s); err == nil && !a.Is4() {
		return dial.Server{}, conf.Unfit("is not IPv4, which alone carries PPTP", right)
	}
	if h, p, err := net.SplitHostPort(s); err == nil {
		if port, err = strconv.ParseUint(p, 10, 16); err != nil || port == 0 {
			return dial.Server{}, conf.Unfit("has no port number behind its colon", right)
		}
		host = h
	}
	a, err := netip.ParseAddr(host)
	switch {
	case err == nil && !a.Is4():
		err = conf.Unfit("is not IPv4, which alone carries PPTP", right)
	case err == nil && (a.IsUnspecified() || a.IsMulticast()):
		err = conf.Unfit("is not the address of a server", right)
	case err == nil:
		return dial.Server{Addr: netip.AddrPortFrom(a, uint16(port))}, nil
	case strings.Trim(host, "0123456789.") == "":
		err = conf.Unfit("is not an IP address", right)
	case !conf.Domain(host):
		err = conf.Unfit("is neither an address nor a host's name", right)
	default:
		return dial.Server{Host: host, Addr: netip.AddrPortFrom(netip.Addr{}, uint16(port))}, nil
	}
	return dial.Server{}, err
}

// encrypts reads what is done with data. What [ppp] says of keys holds here too.
func (d *Dial) encrypts(t *conf.Table, c *Config) {
	d.Coding = session.Coding{Encryption: policy(t, "required"), MPPE: c.Coding.MPPE &^ mppe.MPPC}
	compression(t, &d.Coding)
	if d.Coding.Encryption != session.Required {
		return
	}
	for i, m := range d.Login.Allow {
		if keyless(m) && t.Good("methods") {
			t.BadItem("methods", i, `%v leaves no keys for the encryption that is required; would be right: "mschap-v2"`, m)
		}
	}
}

// demand reads when the call is open.
func (d *Dial) demand(t *conf.Table) {
	if t.Has("idle") && !d.OnDemand && t.Good("mode") {
		t.Bad("idle", `is of no use for a call that is always open; would be right: mode = "on demand", or without it`)
	}
	d.Idle = t.Duration("idle", 5*time.Minute, time.Second, week)
	if !d.OnDemand {
		d.Idle = 0
	} else if len(d.Routes) == 0 && t.Good("routes") {
		t.Bad("routes", `missing, so that no packet can open the call; would be right: routes = ["10.2.0.0/16"]`)
	}
	if d.RetryMax < d.Retry && t.Good("retry") && t.Good("retry_max") {
		t.Bad("retry_max", "%v is shorter than retry, %v; would be right: as long, or longer", d.RetryMax, d.Retry)
	}
}

// apart checks that what is behind users and servers is in one place each, and that the
// way to a server does not lead into its own tunnel.
func apart(root *conf.Table, c *Config) {
	type owner struct {
		prefix netip.Prefix
		who    string
	}
	var all []owner
	for _, u := range c.Users {
		for _, p := range u.Routes {
			all = append(all, owner{p, fmt.Sprintf("is behind the user %q", u.Name)})
		}
		if u.Address.IsValid() {
			all = append(all, owner{netip.PrefixFrom(u.Address, 32), fmt.Sprintf("is the address of the user %q", u.Name)})
		}
		for _, p := range []netip.Prefix{u.Prefix, u.Delegated} {
			if p.IsValid() {
				all = append(all, owner{p, fmt.Sprintf("is of the user %q", u.Name)})
			}
		}
	}
	servers := c.servers()
	for i, t := range root.Tables("dial") {
		d := c.Dials[i]
		if !t.Good("routes") {
			continue
		}
		c.LAN.unrouted(t, d.Routes)
		d.around(t, c.PACs)
		for n, p := range d.Routes {
			if o := slices.IndexFunc(all, func(o owner) bool { return clash(o.prefix, p) }); o >= 0 {
				t.BadItem("routes", n, "%v, behind the server %q, overlaps %v, which %s; would be right: each network once", p, d.Name, all[o].prefix, all[o].who)
			}
			if s := slices.IndexFunc(servers, p.Contains); s >= 0 && p.Bits() > 0 {
				t.BadItem("routes", n, "%v has the server %v, so that the tunnel would lead into itself; would be right: networks without it", p, servers[s])
			}
			all = append(all, owner{p, fmt.Sprintf("is behind the server %q", d.Name)})
		}
		if p := slices.IndexFunc(d.Routes, func(p netip.Prefix) bool { return p.Bits() == 0 }); p >= 0 && d.OnDemand {
			t.BadItem("routes", p, `%v would have every packet open the call; would be right: mode = "always"`, d.Routes[p])
		}
		if p := slices.IndexFunc(d.Routes, func(p netip.Prefix) bool { return p.Addr().Is6() || p.Bits() == 0 }); p >= 0 && c.LAN.TUN == nil {
			t.BadItem("routes", p, `%v is carried through the kernel alone; would be right: mode = "tun" in [lan]`, d.Routes[p])
		}
	}
}

// clash tells whether two networks cannot be behind two: everything is what is nobody
// else's.
func clash(a, b netip.Prefix) bool {
	return a == b || a.Bits() > 0 && b.Bits() > 0 && a.Overlaps(b)
}

// servers are the addresses of all that are dialled. Where a name leads shows only when
// the call is made.
func (c *Config) servers() (all []netip.Addr) {
	for _, d := range c.Dials {
		for _, to := range d.Servers {
			if to.Host == "" {
				all = append(all, to.Addr.Addr())
			}
		}
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return slices.Compact(all)
}
